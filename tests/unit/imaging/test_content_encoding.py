"""imaging/content_encoding.py: what viewers undo, undone from file to file and bounded."""

import gzip
import importlib
import io
import random
import sys
import zlib
from collections.abc import Callable

import brotli
import pytest

from photodna_guard.imaging.content_encoding import (
    UNDONE,
    TooLargeError,
    has_ignored_encoding,
    is_too_deep,
    parse_content_encoding,
    undo,
    undone_by_viewers,
)
from tests.support.pictures import SERVICE_FORMATS

zstd = importlib.import_module("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")
CONTENT = random.Random(1).randbytes(600_000)
_RAW = zlib.compressobj(wbits=-15)
_ENCODED = {
    "gzip": ("gzip", gzip.compress(CONTENT)),
    "gzip, two members": ("gzip", gzip.compress(CONTENT[:999]) + gzip.compress(CONTENT[999:])),
    "deflate": ("deflate", zlib.compress(CONTENT)),
    "deflate, raw": ("deflate", _RAW.compress(CONTENT) + _RAW.flush()),
    "br": ("br", brotli.compress(CONTENT)),
    "zstd": ("zstd", zstd.compress(CONTENT)),
    "zstd, two frames": ("zstd", zstd.compress(CONTENT[:999]) + zstd.compress(CONTENT[999:])),
}


def undone(encoding: str, data: bytes, max_bytes: int = 10**6) -> bytes:
    return undo_to_bytes(encoding, data, max_bytes)[0]


def undo_to_bytes(encoding: str, data: bytes, max_bytes: int = 10**6) -> tuple[bytes, bool]:
    target = io.BytesIO()
    found = undo(encoding, io.BytesIO(data), target, max_bytes)
    assert found.length == len(target.getvalue())
    return target.getvalue(), found.is_whole


@pytest.mark.parametrize(
    ("header", "names", "order", "is_ignored"),
    [
        ("", (), (), False),
        ("identity", (), (), False),
        ("aws-chunked", (), (), False),
        ("aws-chunked,gzip", ("gzip",), ("gzip",), False),
        ("GZip , X-Deflate", ("gzip", "deflate"), ("deflate", "gzip"), False),
        ("x-gzip", ("gzip",), ("gzip",), False),
        ("utf-8", ("utf-8",), (), True),
        ("base64, br", ("base64", "br"), ("br",), True),
        ("compress", ("compress",), (), True),
    ],
)
def test_header_is_parsed(header: str, names: tuple[str, ...], order: tuple[str, ...], is_ignored: bool) -> None:
    assert parse_content_encoding(header) == names
    assert undone_by_viewers(header) == order
    assert has_ignored_encoding(header) is is_ignored


def test_more_encodings_than_a_server_writes_are_too_deep() -> None:
    assert not is_too_deep("gzip,gzip,br,zstd,base64")
    assert is_too_deep("gzip,gzip,gzip,gzip,gzip")


@pytest.mark.parametrize("name", _ENCODED)
def test_encoding_is_undone(name: str) -> None:
    encoding, data = _ENCODED[name]
    assert undo_to_bytes(encoding, data) == (CONTENT, True)


@pytest.mark.parametrize("name", ["gzip", "gzip, two members", "deflate", "zstd"])
def test_what_follows_the_end_is_passed_over(name: str) -> None:
    encoding, data = _ENCODED[name]
    assert undo_to_bytes(encoding, data + b"\xff words") == (CONTENT, True)


@pytest.mark.parametrize("name", _ENCODED)
def test_what_came_out_before_the_end_is_kept(name: str) -> None:
    encoding, data = _ENCODED[name]
    found, is_whole = undo_to_bytes(encoding, data[: len(data) * 3 // 4 if "two" not in name else len(data) - 9])
    assert found
    assert is_whole is ("two" in name)
    assert CONTENT.startswith(found)


@pytest.mark.parametrize("encoding", UNDONE)
def test_bytes_in_no_such_encoding_give_nothing(encoding: str) -> None:
    assert undo_to_bytes(encoding, b"\xff\xd8\xff\xe0 a picture as it is stored") == (b"", False)
    assert undo_to_bytes(encoding, b"") == (b"", False)


def test_bitmap_that_begins_like_deflate_is_not_wholly_undone() -> None:
    """A browser shows nothing of it, and any other viewer the bitmap."""
    assert not undo_to_bytes("deflate", SERVICE_FORMATS["bmp"])[1]


@pytest.mark.parametrize("name", _ENCODED)
def test_more_than_the_limit_is_refused(name: str) -> None:
    encoding, data = _ENCODED[name]
    assert undone(encoding, data, max_bytes=len(CONTENT)) == CONTENT
    with pytest.raises(TooLargeError):
        undone(encoding, data, max_bytes=len(CONTENT) - 1)


@pytest.mark.parametrize("encode", [("gzip", gzip.compress), ("br", brotli.compress), ("zstd", zstd.compress)])
def test_bomb_stops_at_the_limit(encode: tuple[str, Callable[[bytes], bytes]]) -> None:
    encoding, compress = encode
    with pytest.raises(TooLargeError):
        undone(encoding, compress(bytes(50_000_000)), max_bytes=1_000_000)
