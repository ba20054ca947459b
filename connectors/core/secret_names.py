"""Which names secrets go by, in every way of writing them: client_secret, clientSecret, X-Api-Key.

A name counts by how it ends, so a prefix never hides it; `token_type` ends otherwise.
"""

import re

# Endings of names. "[_-]?" makes one of snake_case, kebab-case, camelCase and words run together.
WORDS = (
    r"secret(?:[_-]?(?:access[_-]?)?key)?|token|password|passwd|passphrase|pwd|credentials?|"
    r"(?:api|access|private|signing|encryption)[_-]?keys?|authorization|cookie|"
    r"session[_-]?(?:id|key)|code[_-]?verifier|assertion"
)
_ENDS_SO = re.compile(rf"(?:{WORDS})\Z", re.IGNORECASE)
# Longer than any of the words; what stands before does not matter.
_TAIL = 40


def is_secret_name(name: object) -> bool:
    """Whether a value of this name is kept out of what is written down."""
    text = name.decode(errors="replace") if isinstance(name, bytes) else name
    return isinstance(text, str) and _ENDS_SO.search(text[-_TAIL:].rstrip()) is not None
