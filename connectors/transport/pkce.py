"""Proof that whoever redeems a consent's code is the one who asked for it (RFC 7636, S256).

A verifier stays here; only its hash goes through the browser. A code that somebody steals on its
way back is worth nothing without the verifier.
"""

import base64
import hashlib
import secrets
from urllib.parse import urlencode

_BYTES = 48


def new_verifier() -> str:
    """64 characters that nobody guesses."""
    return secrets.token_urlsafe(_BYTES)


def challenge(verifier: str) -> str:
    """What the provider is told of the verifier beforehand."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def with_challenge(url: str, verifier: str) -> str:
    """The address of a consent page, asking for the proof."""
    asked = urlencode({"code_challenge": challenge(verifier), "code_challenge_method": "S256"})
    return f"{url}&{asked}"
