"""A picture within an object that is not one itself: base64 text, a data: URL, a JPEG behind leading bytes. Pure."""

import binascii
import mmap
import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote_to_bytes

from photodna_guard.imaging.markup import detect_strong_type

# A JPEG that begins so far into a file is what some viewers show of it. A later one is a preview.
CONCLUSIVE_OFFSET_BYTES = 512

_DATA_URL = re.compile(rb"\s*+data:([^,]{0,1000}?),", re.IGNORECASE)
_WHITESPACE = b" \t\r\n\f\v"
_FROM_URL_SAFE = bytes.maketrans(b"-_", b"+/")
# What may stand around base64: a byte order mark, white space, quotation marks.
_AROUND = b" \t\r\n\f\v\"'\xef\xbb\xbf"
_HEAD_CHARACTERS = 8 * 1024
# The second marker of a JPEG: a segment with tables, a frame, application data or a comment.
_JPEG = re.compile(rb"\xff\xd8\xff(?:[\xe0-\xef\xfe]|[\xc0-\xc4]|[\xdb\xdd])(?:\0[\x02-\xff]|[\x01-\xff].)", re.DOTALL)


def is_wrapped(head: bytes) -> bool:
    """Return whether a whole object that begins so is a picture as base64 text or as a data: URL.

    What stands in the URL for the type does not count: the bytes do.
    """
    return detect_strong_type(b"".join(unwrap([head[:_HEAD_CHARACTERS]]))) is not None


def unwrap(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the bytes within base64 text or a data: URL. It ends at the first character that is none of base64's."""
    rest = iter(pieces)
    beginning = b""
    for piece in rest:
        beginning += piece
        if len(beginning) >= _HEAD_CHARACTERS:
            break
    content = beginning.lstrip(_AROUND)
    if not (url := _DATA_URL.match(content)):
        yield from _decode_base64(_chain(content, rest))
        return
    pieces = _unquote(_chain(content[url.end() :], rest))
    is_base64 = url[1].rstrip().lower().endswith(b"base64")
    yield from _decode_base64(pieces) if is_base64 else pieces


def find_jpeg(content: bytes | mmap.mmap, start: int = 0) -> int | None:
    """Return the offset of the first JPEG at or behind `start`."""
    found = _JPEG.search(content, start)
    return found.start() if found else None


def _chain(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _unquote(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Undo the percent-encoding. An escape may lie across two pieces."""
    rest = b""
    for piece in pieces:
        piece = rest + piece
        cut = piece.rfind(b"%", len(piece) - 2) if len(piece) >= 2 else -1
        piece, rest = (piece[:cut], piece[cut:]) if cut >= 0 else (piece, b"")
        yield unquote_to_bytes(piece)
    yield unquote_to_bytes(rest)


def _decode_base64(pieces: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        rest += piece.translate(_FROM_URL_SAFE, _WHITESPACE)
        text, is_end = _cut_at_end(rest)
        whole = len(text) - len(text) % 4
        yield binascii.a2b_base64(text[:whole])
        rest = text[whole:]
        if is_end:
            break
    # One character alone holds no whole byte.
    if len(rest) > 1:
        yield binascii.a2b_base64(rest + b"=" * (4 - len(rest)))


_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")


def _cut_at_end(text: bytes) -> tuple[bytes, bool]:
    """Return the characters before the first that is none of base64's, and whether there is one."""
    end = _NOT_BASE64.search(text)
    return (text[: end.start()], True) if end else (text, False)
