"""imaging/examination.py: what proves nothing, previews, wrapped pictures and encodings."""

import base64
import gzip
import struct

import pytest

from local.pictures import draw, encode
from photodna_guard.domain.errors import UnscannableError
from photodna_guard.domain.renditions import NotAPicture, RenditionSet
from photodna_guard.imaging import render_process
from photodna_guard.imaging.render_protocol import RenderRequest
from tests.imaging.conftest import Render

JPEG = encode(draw(3, (320, 240)), "JPEG")
PNG = encode(draw(3, (320, 240)), "PNG")
BASE64 = base64.b64encode(JPEG)


def inconclusive(found: RenditionSet | NotAPicture) -> str:
    assert isinstance(found, RenditionSet)
    return found.inconclusive


@pytest.mark.parametrize(
    "content_type", ["text/html", "image/svg+xml", "application/pdf", "multipart/mixed; boundary=a"]
)
def test_picture_that_a_browser_shows_as_something_else_proves_nothing(render: Render, content_type: str) -> None:
    assert inconclusive(render(PNG, content_type)) == "content-type"


def raw_tiff(tag: int, value: int) -> bytes:
    """Return a TIFF with one entry more, as raw files have it."""
    content = encode(draw(3, (320, 240)), "TIFF")
    (at,) = struct.unpack_from("<I", content, 4)
    (count,) = struct.unpack_from("<H", content, at)
    entries = content[at + 2 : at + 2 + 12 * count] + struct.pack("<HHII", tag, 4, 1, value)
    ordered = sorted(entries[i : i + 12] for i in range(0, len(entries), 12))
    ordered.sort(key=lambda entry: struct.unpack_from("<H", entry)[0])
    directory = struct.pack("<H", count + 1) + b"".join(ordered) + bytes(4)
    return content[:4] + struct.pack("<I", len(content)) + content[8:] + directory


@pytest.mark.parametrize("tag", [330, 50706])
def test_raw_file_that_is_a_tiff_proves_nothing(render: Render, tag: int) -> None:
    assert inconclusive(render(raw_tiff(tag, 8))) == "format-raw"


def test_usual_tiff_is_no_raw_file(render: Render) -> None:
    assert inconclusive(render(raw_tiff(305, 8))) == ""


def test_previews_of_a_raw_file_are_sent_and_prove_nothing(render: Render) -> None:
    other = encode(draw(4, (320, 240)), "JPEG")
    found = render(b"FUJIFILMCCD-RAW 0201" + bytes(3000) + JPEG + bytes(500) + b"\xff\xd8\xff\xe0\0\x10" + other)
    assert inconclusive(found) == "format-raw"
    assert isinstance(found, RenditionSet)
    assert len(found.renditions) >= 2


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "format-svg"),
        (b"FUJIFILMCCD-RAW 0201" + bytes(3000), "format-raw"),
        (b"\0\1\2\3" * 99, "unrecognised"),
        (b"\0\1\2\3" * 999 + b"\xff\xd8\xff\xe0\0\x10" + b"no picture", "unrecognised"),
    ],
)
def test_what_nothing_decodes_has_its_reason(render: Render, content: bytes, reason: str) -> None:
    with pytest.raises(UnscannableError, match=reason):
        render(content)


def test_jpeg_far_inside_an_unknown_file_proves_nothing(render: Render) -> None:
    assert inconclusive(render(b"\0\1\2\3" * 300 + JPEG)) == "unrecognised"
    assert inconclusive(render(b"\0\1\2\3" * 30 + JPEG)) == ""


def test_text_with_markup_behind_its_picture_proves_nothing(render: Render) -> None:
    assert inconclusive(render(BASE64)) == ""
    assert inconclusive(render(BASE64 + b"\n<img src='data:image/png;base64,AAAA'>")) == "document"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "empty"),
        (b"words\n" * 50_000, "not-an-image"),
        (b"words\n" * 50_000 + b"<img src='a.png'>", "document"),
        (b"%PDF-1.7\n", "document"),
        (b"PK\x03\x04" + bytes(99), "archive"),
        (b"\x1a\x45\xdf\xa3" + bytes(99), "video"),
        (b"fLaC" + bytes(99), "audio"),
    ],
)
def test_what_is_no_picture_has_its_kind(render: Render, content: bytes, kind: str) -> None:
    assert render(content) == NotAPicture(kind)


def test_encodings_are_undone_within_limits(render: Render) -> None:
    assert isinstance(render(gzip.compress(PNG), "", "gzip"), RenditionSet)
    with pytest.raises(UnscannableError, match="content-encoding"):
        render(PNG, "", "gzip, gzip, gzip, gzip, gzip")
    with pytest.raises(UnscannableError, match="too-large"):
        render(gzip.compress(bytes(210 * 1024 * 1024), 1), "", "gzip")


REQUEST = RenderRequest("/no/such/file", "", "", 5, 50)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (UnscannableError("too-small"), b"too-small"),
        (MemoryError(), b"too-many-pixels"),
        (RecursionError(), b"damaged"),
    ],
)
def test_reply_has_the_reason_of_each_error(error: Exception, reason: bytes) -> None:
    def examine(*_: object) -> NotAPicture:
        raise error

    (header,) = render_process.build_reply(REQUEST, examine)
    assert reason in header


def test_reply_has_what_was_found(render: Render) -> None:
    assert b"video" in render_process.build_reply(REQUEST, lambda *_: NotAPicture("video"))[0]
    found = render(PNG)
    assert isinstance(found, RenditionSet)
    header, content = render_process.build_reply(REQUEST, lambda *_: found)
    assert b'"frames": [0]' in header
    assert content == found.renditions[0].content
