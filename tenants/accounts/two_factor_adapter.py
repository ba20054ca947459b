"""Encrypts the secrets of authenticator apps and recovery codes under the service's own keys."""

from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from encrypted_model_fields.fields import decrypt_str, encrypt_str


class TwoFactorAdapter(DefaultMFAAdapter):
    """allauth asks it for every secret that it stores or reads."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": "That code is wrong, or it was used already. Wait for the next one.",
    }

    def is_mfa_enabled(self, user: Any, types: Any = None) -> bool:
        # None: the person was deleted while their sign-in waited for its code.
        # Passkeys come in place of the password: they are no reason to ask for a code after it.
        asked = Authenticator.Type if types is None else types
        codes = [kind for kind in asked if kind != Authenticator.Type.WEBAUTHN]
        return user is not None and bool(super().is_mfa_enabled(user, codes))

    def encrypt(self, text: str) -> str:
        return str(encrypt_str(text).decode())

    def decrypt(self, encrypted_text: str) -> str:
        """Raises cryptography's InvalidToken where no key of the service opens it."""
        return str(decrypt_str(encrypted_text))
