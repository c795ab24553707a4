"""Pictures that pretend to be something else, or that a viewer has to unpack: each gets its true verdict."""

import base64
import gzip
from collections.abc import Callable, Iterator

from local.demo.cases.matches import listed_jpeg, matching
from local.demo.picture import CLEAN, JPEG, Picture
from local.pictures import draw, encode

_START_OF_IMAGE, _COMMENT = b"\xff\xd8", b"\xff\xfe"


def pictures() -> list[Picture]:
    """Return the disguised pictures, each once listed and once not."""
    return [picture for case in _CASES for picture in _make(*case)]


def _make(name: str, kind: str, disguise: Callable[[bytes], bytes], encoding: str) -> Iterator[Picture]:
    listed, other = disguise(listed_jpeg()), disguise(encode(draw(76), "JPEG"))
    yield matching(f"disguise/listed-{name}", kind, listed, JPEG, content_encoding=encoding)
    yield Picture(f"disguise/{name}", f"clean: {kind}", CLEAN, other, JPEG, content_encoding=encoding)


def _to_data_url(jpeg: bytes) -> bytes:
    return b"data:image/jpeg;base64," + base64.b64encode(jpeg)


def _spell_video(jpeg: bytes) -> bytes:
    """Insert a comment, whose length and text spell the box of a video at its place, offset 4."""
    text = b"ftypisom\0\0\2\0isomiso2mp41"
    # Two bytes of the text are where the comment's length stands.
    length = int.from_bytes(text[:2], "big")
    return _START_OF_IMAGE + _COMMENT + text.ljust(length, b"\0") + jpeg[2:]


def _lead(jpeg: bytes) -> bytes:
    return b"\r\n\r\n" + jpeg


def _keep(jpeg: bytes) -> bytes:
    return jpeg


def _gzip(jpeg: bytes) -> bytes:
    return gzip.compress(jpeg, mtime=0)


# The file's name, the kind, what is done to a JPEG, and the Content-Encoding that the upload names.
_CASES: tuple[tuple[str, str, Callable[[bytes], bytes], str], ...] = (
    ("url.jpg", "data: URL stored as a JPEG", _to_data_url, ""),
    ("base64.jpg", "base64 stored as a JPEG", base64.b64encode, ""),
    ("video.jpg", "JPEG whose comment says video", _spell_video, ""),
    ("line-breaks.jpg", "JPEG behind line breaks", _lead, ""),
    ("named.jpg", "Content-Encoding: base64", _keep, "base64"),
    ("packed.jpg", "Content-Encoding: gzip", _gzip, "gzip"),
)
