"""Names and numbers of two systems: which spellings are surely one, and which only look alike.

``normalise_name`` says what may be linked without asking: case, width, Latin accents, white space
and plain punctuation do not count, everything else does. ``alike_name`` folds far more, and is only
for suspicion: before something new is made, and for what a person is shown.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

# Signs that nobody sees. Joiners count after letters of scripts in which they change a word.
_UNSEEN = re.compile(
    "[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufe0e\ufe0f\ufeff]"
)
_JOINERS = "\u200c\u200d"
_APOSTROPHES = re.compile("[\u2018\u2019\u02bc]")
_HYPHENS = re.compile("[\u2010-\u2015]")
_LATIN = "a-z\u00df-\u00f6\u00f8-\u024f"
# An apostrophe inside a Latin word; in Hebrew, say, it makes another letter.
_IN_WORD = re.compile(f"(?<=[{_LATIN}])'(?=[{_LATIN}])")
# A.B.C., S.p.A. and so on, but not Amazon.com and not 1.5.
_SPACED_OUT = re.compile(r"(?<![\w.])(?:[^\W\d_]\.)+(?:[^\W\d_]\b)?(?!\.?\w)")
_END_OF_WORD = re.compile(r"(?<=\w)\.+(?!\w)")
# Between digits a sign belongs to the number. One hyphen at a word's end, as in A-, is part of it.
_BETWEEN = re.compile(r"(?<!\d)[,;:]|[,;:](?!\d)")
_JOINING = re.compile(r"(?<=[^\W\d])-(?=\w)|(?<=\d)-(?=[^\W\d])|(?<=\s)-+(?=\s)")
_AROUND = re.compile('[()\\[\\]{}"\u201c-\u201f\u00ab\u00bb\u2039\u203a]')

# One legal form each, in the spellings that are common.
_FORMS = {
    word: form
    for form, words in {
        "inc": "inc incorporated",
        "llc": "llc",
        "llp": "llp",
        "pllc": "pllc",
        "kgaa": "kgaa",
        "sadecv": "sadecv",
        "sderldecv": "sderldecv",
        "slu": "slu",
        "sasu": "sasu",
        "srls": "srls",
        "lda": "lda",
        "hb": "hb",
        "zrt": "zrt",
        "dd": "dd",
        "bvba": "bvba",
        "lp": "lp",
        "ltd": "ltd limited",
        "corp": "corp corporation",
        "co": "co company",
        "plc": "plc",
        "gmbh": "gmbh",
        "ag": "ag",
        "kg": "kg",
        "ohg": "ohg",
        "ug": "ug",
        "ev": "ev",
        "eg": "eg",
        "se": "se",
        "bv": "bv",
        "nv": "nv",
        "sa": "sa",
        "sas": "sas",
        "sarl": "sarl",
        "srl": "srl",
        "sl": "sl",
        "spa": "spa",
        "sro": "sro",
        "doo": "doo",
        "spzoo": "spzoo",
        "kft": "kft",
        "oy": "oy",
        "oyj": "oyj",
        "ab": "ab",
        "as": "as a/s",
        "aps": "aps",
        "ltda": "ltda",
        "pty": "pty proprietary",
        "pte": "pte",
        "pvt": "pvt private",
        "bhd": "bhd berhad",
        "sdn": "sdn",
        "kk": "kk",
        "ulc": "ulc",
    }.items()
    for word in words.split()
}
_IN_FRONT = ("株式会社", "有限会社", "合同会社", "ооо ", "оао ", "зао ", "пао ", "ао ", "pt ")
_BEHIND = ("株式会社", "有限会社", "合同会社", "股份有限公司", "有限公司", " จำกัด (มหาชน)", " จำกัด")
_LONGEST_FORM = 5
_ROUNDS = 5
# Names of so many are folded once per process.
_REMEMBERED = 16_384

# What a suggestion counts: names that are one but for a legal form, and those of two forms.
BUT_FORM, OTHER_FORM = 90, 60

# Every dash of Unicode, the minus sign and the soft hyphen, which are typed for one too.
_DASHES = frozenset(
    "-\u058a\u05be\u1400\u1806\u2010\u2011\u2012\u2013\u2014\u2015\u2e17\u2e1a\u2e3a\u2e3b\u2e40"
    "\u2e5d\u301c\u3030\u30a0\ufe31\ufe32\ufe58\ufe63\uff0d\U00010ead\u2212\u00ad"
)


# Whole lists of both sides are compared with each other, name by name.
@lru_cache(maxsize=_REMEMBERED)
def normalise_name(name: str) -> str:
    """'ACME  Supplies, Inc.' and 'Acme supplies inc' both become 'acme supplies inc'.

    Two names are one only where this is the same. Legal forms, symbols such as + and &, the order
    of words, and marks of other scripts all make another name.
    """
    for _ in range(_ROUNDS):
        # What one fold leaves side by side (a quote gone from between, say) the next one sees.
        folded = _folded(name)
        if folded == name:
            break
        name = folded
    return name


def _folded(name: str) -> str:
    text = _plain_letters(_APOSTROPHES.sub("'", _UNSEEN.sub("", name)))
    text = _IN_WORD.sub("", _AROUND.sub(" ", _HYPHENS.sub("-", text)))
    text = _SPACED_OUT.sub(lambda found: found[0].replace(".", ""), text)
    text = _BETWEEN.sub(" ", _END_OF_WORD.sub("", text))
    return " ".join(_JOINING.sub(" ", text).split())


def _plain_letters(text: str) -> str:
    """Without case and width, and without the accents of Latin letters."""
    wide = "".join(_of_usual_width(char) for char in unicodedata.normalize("NFD", text))
    folded = unicodedata.normalize("NFD", unicodedata.normalize("NFD", wide).casefold())
    kept: list[str] = []
    latin = foreign = False
    for char in folded:
        if unicodedata.combining(char):
            if latin and "\u0300" <= char <= "\u036f":
                continue
        elif char in _JOINERS:
            if not foreign:
                continue
        else:
            latin = unicodedata.name(char, "").startswith("LATIN ")
            foreign = char.isalpha() and not latin
        kept.append(char)
    return unicodedata.normalize("NFC", "".join(kept))


def _of_usual_width(char: str) -> str:
    tag, _, codes = unicodedata.decomposition(char).partition(" ")
    if tag not in ("<wide>", "<narrow>"):
        return char
    return "".join(chr(int(code, 16)) for code in codes.split())


@lru_cache(maxsize=_REMEMBERED)
def legal_form(name: str) -> tuple[str, str]:
    """A normalised name apart from its legal form; 'acme co ltd' is 'acme' and 'co ltd'.

    A name that consists of legal words only keeps the first of them.
    """
    for form in _IN_FRONT:
        if name.startswith(form) and name != form:
            return name.removeprefix(form).strip(), form.strip()
    for form in _BEHIND:
        if name.endswith(form) and name != form:
            return name.removesuffix(form).strip(), form.strip()
    words, forms = name.split(), list[str]()
    while taken := _last_form(words):
        forms.insert(0, _FORMS["".join(words[-taken:])])
        words = words[:-taken]
        if len(words) > 1 and words[-1] in ("&", "and", "und"):
            words.pop()
    return " ".join(words), " ".join(forms)


def _last_form(words: list[str]) -> int:
    """How many of the last words are one legal form: two of 'acme sa rl'."""
    for count in range(min(_LONGEST_FORM, len(words) - 1), 0, -1):
        if "".join(words[-count:]) in _FORMS:
            return count
    return 0


def other_form(ours: str, theirs: str) -> bool:
    """Whether both names say a legal form and not the same one: then they are two companies."""
    one, other = (legal_form(normalise_name(name))[1] for name in (ours, theirs))
    return bool(one) and bool(other) and one != other


def same_but_form(ours: str, theirs: str) -> bool:
    """Whether the names are one but for a legal form that one lacks, or spells out."""
    (one, _), (other, _) = (legal_form(normalise_name(name)) for name in (ours, theirs))
    return bool(one) and one == other and not other_form(ours, theirs)


def doubtful(names: Iterable[str]) -> set[str]:
    """Of normalised names those that another one may mean as well, but for a legal form."""
    by_stem: dict[str, dict[str, str]] = {}
    for name in names:
        stem, form = legal_form(name)
        by_stem.setdefault(stem, {})[name] = form
    return {
        name
        for forms in by_stem.values()
        for name, form in forms.items()
        for other, its in forms.items()
        if other != name and (not form or not its or form == its)
    }


def alike_name(name: str) -> str:
    """What several names may have in common that are one company, or not: a person must look.

    Case, punctuation, symbols, accents of every script and legal forms do not count.
    """
    text = unicodedata.normalize("NFKD", normalise_name(name)).casefold()
    text = "".join(char for char in text if not unicodedata.combining(char))
    text = re.sub(r"[.']", "", text).replace("&", " and ")
    words = re.findall(r"[^\W_]+", text)
    while len(words) > 1 and words[-1] in _FORMS:
        words.pop()
    return " ".join(words)


def normalise_number(number: str) -> str:
    """Numbers that may be one: case, white space and dashes do not count ('INV-7' and 'inv 7')."""
    return "".join(char for char in spelt_number(number) if char not in _DASHES)


def spelt_number(number: str) -> str:
    """The same number but for case and white space; 'PO-81-2' is not 'PO-812'."""
    return "".join(number.split()).casefold()
