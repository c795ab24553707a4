"""The encoding of a text, and its decoding piece by piece without anything that is no text. Pure."""

import codecs
import unicodedata

# The encoding of bytes that are UTF-8 or one of the single-byte and multi-byte ones that contain ASCII.
BYTES = "bytes"
# BEL to CR, ESC, and all that no control character is. DEL is none of a text's.
_TEXT_BYTES = bytes([*range(7, 14), 27, *range(32, 127), *range(128, 256)])
_BYTE_ORDER_MARKS = (
    (b"\xff\xfe\0\0", "utf-32-le"),
    (b"\0\0\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
# One of so many characters in UTF-16 without a byte order mark is ASCII. Of random ones, one in 512 is.
_MAX_CHARACTERS_PER_ASCII = 50
# Control characters; and private and unassigned ones, which random bytes have. Characters beyond the basic plane may be
# newer than the table here.
_NO_TEXT = ("Cc", "Co", "Cn")
_TEXT_CONTROLS = frozenset("\a\b\t\n\v\f\r\x1b\x85")
_BASIC_PLANE_END = "\uffff"


class TextDecoder:
    """Decodes a text's pieces to bytes in which ASCII stands for itself."""

    def __init__(self, encoding: str) -> None:
        self._is_bytes = encoding == BYTES
        self._decoder = None if self._is_bytes else codecs.getincrementaldecoder(encoding)("strict")

    def decode(self, piece: bytes, is_last: bool = False) -> bytes | None:
        """Return the piece as UTF-8, or in its own bytes; None if something in it is no text."""
        if self._decoder is None:
            return None if piece.translate(None, _TEXT_BYTES) else piece
        try:
            text = self._decoder.decode(piece, is_last)
        except UnicodeDecodeError:
            return None
        return None if _has_controls(text) else text.encode()


def detect_encoding(beginning: bytes) -> str | None:
    """Return the encoding in which the first bytes are text; None if there is none."""
    by_mark = next((name for mark, name in _BYTE_ORDER_MARKS if beginning.startswith(mark)), None)
    if by_mark:
        return by_mark
    if not beginning.translate(None, _TEXT_BYTES):
        return BYTES
    return next((name for name in ("utf-16-le", "utf-16-be") if _is_unmarked(beginning, name)), None)


def _is_unmarked(beginning: bytes, encoding: str) -> bool:
    """Return whether the first bytes are text in UTF-16 without a byte order mark."""
    text = codecs.getincrementaldecoder(encoding)("replace").decode(beginning)
    ascii_count = len(text.encode("ascii", "ignore"))
    return ascii_count * _MAX_CHARACTERS_PER_ASCII >= len(text) > 1 and _is_assigned(text)


def _has_controls(text: str) -> bool:
    return any(c not in _TEXT_CONTROLS and unicodedata.category(c) == "Cc" for c in set(text))


def _is_assigned(text: str) -> bool:
    """Return whether all characters are those of a text, and none stands for bytes that are not decoded."""
    return all(
        c in _TEXT_CONTROLS or c > _BASIC_PLANE_END or (c != "\ufffd" and unicodedata.category(c) not in _NO_TEXT)
        for c in set(text)
    )
