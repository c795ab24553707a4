"""Formats keys and counts. No character of a key can move the cursor, reverse a line or stay invisible."""

import unicodedata

# The Unicode categories of control characters, bidi marks, lone surrogates and the like.
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def escape_invisible(text: str) -> str:
    r"""Replace each invisible character by its escape (`\u202e`), on one line."""
    return "".join(_escape(character) if _is_invisible(character) else character for character in text)


def shorten_middle(text: str, length: int) -> str:
    """Shorten to at most `length` characters. The middle is omitted, since the ends of a key tell most."""
    if len(text) <= length:
        return text
    head = (length - 1) * 2 // 3
    return f"{text[:head]}…{text[-(length - 1 - head) :]}"


def count_of(number: int, noun: str) -> str:
    """Return the number with its noun: "1 upload", "2 uploads"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _is_invisible(character: str) -> bool:
    return unicodedata.category(character) in _INVISIBLE


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
