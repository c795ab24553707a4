"""Keys as people may read them: nothing in a key may move a cursor, turn a line round or hide itself."""

import unicodedata

_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})  # controls, bidi marks, lone surrogates, ...


def printable(text: str) -> str:
    """The text with each invisible character as its escape (`\\u202e`), on one line."""
    return "".join(_escaped(character) if _invisible(character) else character for character in text)


def shortened(text: str, length: int) -> str:
    """At most `length` characters: the middle goes, since a key's ends tell most."""
    if len(text) <= length:
        return text
    head = (length - 1) * 2 // 3
    return f"{text[:head]}…{text[-(length - 1 - head) :]}"


def _invisible(character: str) -> bool:
    return unicodedata.category(character) in _INVISIBLE


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
