"""imaging/triage.py: what the first bytes show, and the way that follows from it."""

import base64
import gzip
import struct
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photodna_guard.domain.models import ObjectHead
from photodna_guard.imaging.triage import (
    HEAD_BYTES,
    MAX_PICTURE_BYTES,
    Disposition,
    Triage,
    shows_something_else,
    triage,
)
from tests.support.pictures import SERVICE_FORMATS, encode_blank


def triage_bytes(data: bytes, size: int | None = None, encoding: str = "") -> Triage:
    return triage(ObjectHead(len(data) if size is None else size, data[:HEAD_BYTES], encoding))


# Pictures of the service's types that a viewer may show otherwise than their raw pixels.
OTHER_THAN_RAW = {
    "jpeg, CMYK": "colours",
    "jpeg, large profile": "colour-profile",
    "jpeg, exif": "orientation",
    "tiff": "format-tiff",
    "tiff, packed": "format-tiff",
}


@pytest.mark.parametrize("name", sorted(SERVICE_FORMATS.keys() - OTHER_THAN_RAW.keys()))
def test_format_of_the_service_goes_by_url(name: str) -> None:
    assert triage_bytes(SERVICE_FORMATS[name]) == Triage(Disposition.BY_URL, media_type=f"image/{name.split(',')[0]}")


@pytest.mark.parametrize("name", OTHER_THAN_RAW)
def test_picture_shown_otherwise_needs_a_rendition(name: str) -> None:
    assert triage_bytes(SERVICE_FORMATS[name]) == Triage(Disposition.RENDITION, OTHER_THAN_RAW[name])


@pytest.mark.parametrize("size", [(159, 400), (400, 159), (1, 1)])
@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "BMP"])
def test_side_under_160_pixels_is_too_small(form: str, size: tuple[int, int]) -> None:
    assert triage_bytes(encode_blank(form, size)) == Triage(Disposition.RENDITION, "too-small")


def test_160_pixels_and_4_mb_are_enough_and_not_too_much() -> None:
    assert triage_bytes(encode_blank("PNG", (160, 160))).way is Disposition.BY_URL
    jpeg = SERVICE_FORMATS["jpeg"]
    assert triage_bytes(jpeg, size=MAX_PICTURE_BYTES).way is Disposition.BY_URL
    assert triage_bytes(jpeg, size=MAX_PICTURE_BYTES + 1) == Triage(Disposition.RENDITION, "too-large")


def test_jpeg_whose_scan_lies_behind_the_head_needs_a_rendition() -> None:
    segments = b"".join(b"\xff\xe3" + struct.pack(">H", 60_000) + bytes(59_998) for _ in range(3))
    data = b"\xff\xd8" + segments + SERVICE_FORMATS["jpeg"][2:]
    assert triage_bytes(data) == Triage(Disposition.RENDITION, "beyond-head")


@pytest.mark.parametrize("encoding", ["base64", "utf-8", "none", "binary", "8bit"])
def test_encoding_that_viewers_ignore_sends_the_stored_bytes(encoding: str) -> None:
    found = triage_bytes(SERVICE_FORMATS["jpeg"], encoding=encoding)
    assert found == Triage(Disposition.BY_VALUE, "content-encoding", "image/jpeg")
    assert triage_bytes(encode_blank("WEBP"), encoding=encoding).way is Disposition.RENDITION
    assert triage_bytes(b"words", encoding=encoding).way is Disposition.NOT_AN_IMAGE


@pytest.mark.parametrize(
    "content_type",
    ["text/html", "Text/HTML; charset=utf-8", "image/svg+xml", "text/xml", "application/pdf", "multipart/mixed"],
)
def test_picture_called_markup_needs_a_rendition(content_type: str) -> None:
    assert shows_something_else(content_type)
    head = ObjectHead(len(SERVICE_FORMATS["jpeg"]), SERVICE_FORMATS["jpeg"], content_type=content_type)
    assert triage(head) == Triage(Disposition.RENDITION, "content-type")


@pytest.mark.parametrize("content_type", ["", "image/jpeg", "text/plain", "binary/octet-stream", "application/json"])
def test_picture_called_anything_else_goes_by_url(content_type: str) -> None:
    head = ObjectHead(len(SERVICE_FORMATS["jpeg"]), SERVICE_FORMATS["jpeg"], content_type=content_type)
    assert triage(head).way is Disposition.BY_URL


def ftyp(brand: bytes, *compatible: bytes) -> bytes:
    return struct.pack(">I", 16 + 4 * len(compatible)) + b"ftyp" + brand + bytes(4) + b"".join(compatible) + bytes(64)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (ftyp(b"heic"), "format-heic"),
        (ftyp(b"mif1", b"miaf"), "format-heif"),
        (ftyp(b"avif"), "format-avif"),
        (ftyp(b"isom", b"avif"), "format-avif"),
        (encode_blank("WEBP"), "format-webp"),
        (encode_blank("ICO"), "format-ico"),
        (b"8BPS\0\1" + bytes(50), "format-psd"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "format-svg"),
        (b'\xef\xbb\xbf\n<?xml version="1.0"?><!-- x --><SVG/>', "format-svg"),
        (b"<?xml version='1.0'?><!--" + b"x" * 9000 + b"--><svg>", "format-svg"),
        (b"<?pi <x ?><!-- <html> --><svg>", "format-svg"),
        (b"<!DOCTYPE html><svg xmlns='http://www.w3.org/2000/svg'/>", "format-svg"),
        (b"<!DOCTYPE svg SYSTEM '><x '><svg/>", "format-svg"),
        (b"<s:svg xmlns:s='http://www.w3.org/2000/svg'/>", "format-svg"),
        (b"<?pi?><!DOCTYPE svg [<!ENTITY a 'b'>]>" + b"<svg>", "format-svg"),
        (ftyp(b"isom", *[b"mp42"] * 80, b"avif"), "format-avif"),
    ],
)
def test_format_unknown_to_the_service_needs_a_rendition(data: bytes, reason: str) -> None:
    assert triage_bytes(data) == Triage(Disposition.RENDITION, reason)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"plain words\n", "not-an-image"),
        ("Grüße, 日本, 😀".encode(), "not-an-image"),
        (b"\xef\xbb\xbfwith a byte order mark", "not-an-image"),
        (b"{}", "not-an-image"),
        ("Grüße".encode("latin1"), "not-an-image"),
        ("Grüße".encode("utf-16"), "not-an-image"),
        (b"<!doctype html><p>with <svg/> inside", "document"),
        (b"<!-- a page --> <html><svg/></html>", "document"),
        (b"<?xml version='1.0'?><feed><entry/></feed>", "document"),
        (b'<?xml version="1.0"?><!DOCTYPE plist PUBLIC "-//A//B" "http://x/>"><plist/>', "document"),
        (b"<!DOCTYPE x [<!ENTITY a '<x>'>" + b" " * 9_000 + b"]><y>", "document"),
        ("<html>".encode("utf-16"), "document"),
        (b"%PDF-1.7\n\xff\xfe", "document"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "document"),
        (b"PK\x03\x04rest\xff", "archive"),
        (b"PK\x03\x04" + bytes(26) + b"[Content_Types].xml", "document"),
        (gzip.compress(b"x", mtime=0), "archive"),
        (b"RIFF\x10\0\0\0WAVEfmt \xff", "audio"),
        (b"RIFF\x10\0\0\0AVI LIST\xff", "video"),
        (ftyp(b"isom", b"mp42"), "video"),
        (ftyp(b"qt  "), "video"),
        (ftyp(b"M4A "), "audio"),
        (bytes(257) + b"ustar", "archive"),
    ],
)
def test_what_is_no_picture_is_skipped_with_its_kind(data: bytes, reason: str) -> None:
    assert triage_bytes(data) == Triage(Disposition.NOT_AN_IMAGE, reason)


def test_empty_object_is_no_image() -> None:
    assert triage_bytes(b"") == Triage(Disposition.NOT_AN_IMAGE, "empty")


def test_text_is_readable_only_if_it_was_seen_as_a_whole() -> None:
    data = b"x" * HEAD_BYTES
    assert triage_bytes(data) == Triage(Disposition.NOT_AN_IMAGE, "not-an-image")
    assert triage_bytes(data + b"x") == Triage(Disposition.RENDITION, "unrecognised")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x00\x01\x02\x03" * 100, "unrecognised"),
        (b"P3\n1 1\n255\n0 0 0", "format-pnm"),
        (b"#define x_width 200\n#define x_height 200\nstatic char x_bits[] = {", "format-xbm"),
        (b"/* XPM */", "format-xpm"),
        (b"\x7fELF\x02\xff", "unrecognised"),
        (b"<!--" + b"x" * 70_000 + b"--><svg>", "unrecognised"),
        (b"<!-- <x -->" + b"<!-- <x " + b"y" * 70_000 + b"--><svg>", "unrecognised"),
        (base64.b64encode(SERVICE_FORMATS["jpeg"]), "wrapped"),
        (b"data:image/jpeg;base64," + base64.b64encode(SERVICE_FORMATS["jpeg"]), "wrapped"),
    ],
)
def test_what_the_head_leaves_open_needs_a_rendition(data: bytes, reason: str) -> None:
    assert triage_bytes(data) == Triage(Disposition.RENDITION, reason)


def test_jpeg_whose_comment_spells_a_film_is_a_jpeg() -> None:
    data = b"\xff\xd8\xff\xfeftypisom" + bytes(26_200) + SERVICE_FORMATS["jpeg"][2:]
    assert triage_bytes(data).way is not Disposition.NOT_AN_IMAGE


def test_content_encoded_picture_is_no_archive() -> None:
    """S3 gives Content-Encoding back as it was uploaded, and the browser shows the picture within."""
    assert triage_bytes(gzip.compress(SERVICE_FORMATS["jpeg"]), encoding="gzip") == Triage(
        Disposition.RENDITION, "content-encoding"
    )
    assert triage_bytes(SERVICE_FORMATS["jpeg"], encoding="aws-chunked").way is Disposition.BY_URL


@pytest.mark.parametrize("name", SERVICE_FORMATS)
def test_cut_head_with_a_type_is_never_skipped(name: str) -> None:
    for cut in (*range(8, 64), 100, 500, 1000):
        assert triage_bytes(SERVICE_FORMATS[name][:cut], size=5000).way is not Disposition.NOT_AN_IMAGE


@given(st.sampled_from(sorted(SERVICE_FORMATS)), st.binary(max_size=300), st.integers(0, 50))
def test_hostile_bytes_behind_magic_number_are_never_skipped(name: str, rest: bytes, keep: int) -> None:
    data = SERVICE_FORMATS[name][: 8 + keep] + rest
    assert triage_bytes(data).way is not Disposition.NOT_AN_IMAGE


@given(st.binary(max_size=400))
def test_no_bytes_raise(data: bytes) -> None:
    assert triage_bytes(data)


@pytest.mark.parametrize(
    "data",
    [
        b"<!---->" * 9_000 + b"<x",
        b"<!--" * 16_000,
        b"<!doctype " + b"'" * 65_001,
        b"<!doctype x>" * 5_000,
        b"<? ?>" * 13_000 + b"<?",
        b"<" + b"a" * 65_000,
        b"<" * 65_536,
        b"<a:" * 21_000,
        b"<?xml " + b"<a" * 30_000,
        b"<!-- " + b"-" * 65_000,
        b" " * 65_536,
        b"\xff\xd8" + b"\xff" * 65_000,
        b"II*\0" + b"\xff" * 65_000,
        struct.pack(">I", 0xFFFFFFFF) + b"ftyp" + b"x" * 65_000,
    ],
)
def test_hostile_head_is_not_slow(data: bytes) -> None:
    """A head that took for ever would hang its whole batch."""
    began = time.process_time()
    triage_bytes(data)
    assert time.process_time() - began < 0.5
