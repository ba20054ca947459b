"""Exact normalised names: two spellings of one company that a person would call the same.

Case, punctuation, accents, white space and legal suffixes do not count; everything else does.
"""

import re
import unicodedata

# Legal forms that say what a company is, not which one it is.
_LEGAL = frozenset(
    [
        "inc",
        "incorporated",
        "llc",
        "llp",
        "lp",
        "ltd",
        "limited",
        "corp",
        "corporation",
        "co",
        "company",
        "plc",
        "gmbh",
        "ag",
        "kg",
        "bv",
        "nv",
        "sa",
        "sarl",
        "srl",
        "spa",
        "oy",
        "ab",
        "as",
        "aps",
        "pty",
        "pte",
        "ulc",
    ]
)


def normalise_name(name: str) -> str:
    """'ACME Supplies, Inc.' and 'Acme supplies' both become 'acme supplies'.

    A name that consists of legal words only keeps them, so that it never becomes empty.
    """
    text = unicodedata.normalize("NFKD", name).casefold()
    text = "".join(char for char in text if not unicodedata.combining(char))
    text = re.sub(r"[.'\u2019]", "", text).replace("&", " and ")
    words = re.findall(r"[^\W_]+", text)
    kept = list(words)
    while len(kept) > 1 and kept[-1] in _LEGAL:
        kept.pop()
    return " ".join(kept)


def normalise_number(number: str) -> str:
    """Document numbers that a person would call the same: case and white space do not count."""
    return "".join(number.split()).casefold()
