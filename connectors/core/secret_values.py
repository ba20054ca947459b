"""Where the value behind a secret's name begins and ends: quoted, in brackets, bare, or a header.

A name with its sign enters, as `connectors.core.redaction` found it; a span of the text leaves.
"""

import re

# A quote with what Python and other layers write before it: b", \\\", &quot;, %22.
_OPENING = re.compile(
    r"[bBrRuU]{0,2}(?P<slashes>\\{0,63}+)"
    r"(?P<mark>[\"']|u002[27]|&quot;|&\#x?[0-9]{2};|%(?:25){0,4}2[27])"
)
_BRACKET = re.compile(r"[\w.]{0,60}+[(\[{]")
_BRACKETS = re.compile(r"[()\[\]{}]")
_BARE = re.compile(r"[^\s,;&\"'<>\\)}\]]++")
_LINE = re.compile(r"[^\r\n\"'\\<]*+")
_WHOLE_LINE = re.compile(r"[^\r\n]*+")
_NEXT_LINE = re.compile(r"[|>][+-]?[ \t]{0,8}+\r?\n[^\r\n]*+")
_SAYS_NOTHING = frozenset({"none", "null", "nil", "true", "false", "undefined", "yes", "no"})
_SCHEME = re.compile(
    r"(?:bearer|basic|token|digest|negotiate|apikey|aws4-[\w-]{1,20}|[\w-]{0,20}oauthtoken)[ \t]",
    re.IGNORECASE,
)
_COOKIE = re.compile(r"[^\s=;,\"']{1,100}+=")
_BEGINS_LINE = re.compile(r"(?:^|[\r\n])[\s>#*-]{0,20}[\w.]{0,40}\Z")
_FIRST_OF_TWO = re.compile(r"[(\[]\s{0,4}b?\\{0,15}[\"'][\w-]{0,40}\Z")
_LOOKED_BACK = 64

Span = tuple[int, int]


def secret_span(text: str, name: re.Match[str]) -> Span | None:
    """The value's place; None where nothing secret stands there. Never looks at a place twice."""
    at, word, sign = name.end(), name["word"].lower(), name["sign"]
    quote = _OPENING.match(text, at)
    if sign == ",":
        # ('Authorization', 'x'): two texts side by side, and no list of words.
        before = text[max(0, name.start() - _LOOKED_BACK) : name.start()]
        if quote is None or not name["closed"] or not _FIRST_OF_TWO.search(before):
            return None
    if quote is not None:
        end = _closing(text, quote)
        return (quote.end(), end) if end > quote.end() else None
    if word == "cookie":
        return (at, _end_of(_LINE, text, at)) if _COOKIE.match(text, at) else None
    if word == "authorization" and _SCHEME.match(text, at):
        return at, _end_of(_LINE, text, at)
    if (block := _NEXT_LINE.match(text, at)) is not None:
        return at, block.end()
    if (bracket := _BRACKET.match(text, at)) is not None:
        return at, _end_of_bracket(text, bracket.end())
    return _bare(text, name)


def _bare(text: str, name: re.Match[str]) -> Span | None:
    at = name.end()
    found = _BARE.match(text, at)
    before = text[max(0, name.start() - _LOOKED_BACK) : name.start()]
    begins_line = _BEGINS_LINE.search(before) is not None
    across_lines = "\n" in name["space"] and not begins_line
    if found is None or across_lines or found[0].lower() in _SAYS_NOTHING:
        return None
    if found[0].endswith(":") and len(found[0]) < _LOOKED_BACK:
        return None  # another name; its own value comes after it
    if name["word"].lower().startswith("pass") and name["sign"] == ":" and begins_line:
        return at, _end_of(_WHOLE_LINE, text, at)  # of words, perhaps
    return found.span()


def _closing(text: str, opening: re.Match[str]) -> int:
    """Where the quoted value ends; the text's end where nobody closes it.

    A quote written as deep as the opening one closes; one that is written deeper is part of the
    value. With n backslashes before the opening, that is n of them after any whole escaped ones.
    """
    depth, mark = len(opening["slashes"]), opening["mark"]
    at = opening.end()
    while (at := text.find(mark, at)) >= 0:
        slashes = 0
        while at - slashes > opening.end() and text[at - slashes - 1] == "\\":
            slashes += 1
        if slashes < depth or slashes % (2 * (depth + 1)) == depth:
            return at - min(slashes, depth)
        at += len(mark)
    return len(text)


def _end_of(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at


def _end_of_bracket(text: str, at: int) -> int:
    """Behind the bracket that closes the one before ``at``; the text's end where none does."""
    depth = 1
    for bracket in _BRACKETS.finditer(text, at):
        depth += 1 if bracket[0] in "([{" else -1
        if depth == 0:
            return bracket.end()
    return len(text)
