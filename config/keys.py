"""Makes keys: fresh ones for production, and marked ones for a demo on one machine.

The mark lets a system check refuse demo keys where DEBUG is off, without a list of them.
`python -m config.keys` prints the two lines that an environment needs.
"""

import base64
import binascii
import secrets

from cryptography.fernet import Fernet

_DEMO_MARK = b"demo"


def secret_key() -> str:
    """A key for Django's signatures."""
    return secrets.token_urlsafe(50)


def encryption_key() -> str:
    """A key for credentials at rest."""
    return Fernet.generate_key().decode()


def demo_secret_key() -> str:
    """As `secret_key`, recognisable as one that a demo made for itself."""
    return f"{_DEMO_MARK.decode()}-{secret_key()}"


def demo_encryption_key() -> str:
    """As `encryption_key`, recognisable; the mark costs 32 of its 256 bits."""
    return base64.urlsafe_b64encode(_DEMO_MARK + secrets.token_bytes(28)).decode()


def is_encryption_key(text: str) -> bool:
    """Whether `text` has the form of a key at all: 32 bytes in URL-safe base64."""
    try:
        return len(base64.urlsafe_b64decode(text.encode())) == 32
    except (binascii.Error, ValueError):
        return False


def is_demo_key(text: str) -> bool:
    """Whether a demo made this key, of either kind."""
    if text.startswith(f"{_DEMO_MARK.decode()}-"):
        return True
    return is_encryption_key(text) and base64.urlsafe_b64decode(text).startswith(_DEMO_MARK)


if __name__ == "__main__":
    print(f"SECRET_KEY={secret_key()}")
    print(f"FIELD_ENCRYPTION_KEYS={encryption_key()}")
