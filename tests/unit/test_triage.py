"""imaging/triage.py: what the first bytes show, and the way that follows from it."""

import gzip
import struct
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photodna_guard.domain.models import ObjectHead
from photodna_guard.imaging.triage import HEAD_BYTES, MAX_PICTURE_BYTES, Disposition, Triage, triage
from tests.support.pictures import SERVICE_FORMATS, encode_blank


def triage_bytes(data: bytes, size: int | None = None, encoding: str = "") -> Triage:
    return triage(ObjectHead(len(data) if size is None else size, data[:HEAD_BYTES], encoding))


@pytest.mark.parametrize("name", SERVICE_FORMATS)
def test_format_of_the_service_goes_by_url(name: str) -> None:
    assert triage_bytes(SERVICE_FORMATS[name]).way is Disposition.BY_URL
    assert triage_bytes(SERVICE_FORMATS[name]).media_type == f"image/{name.split(',')[0]}"


@pytest.mark.parametrize("size", [(159, 400), (400, 159), (1, 1)])
@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "BMP", "TIFF"])
def test_side_under_160_pixels_is_too_small(form: str, size: tuple[int, int]) -> None:
    assert triage_bytes(encode_blank(form, size)) == Triage(Disposition.RENDITION, "too-small")


def test_160_pixels_and_4_mb_are_enough_and_not_too_much() -> None:
    assert triage_bytes(encode_blank("PNG", (160, 160))).way is Disposition.BY_URL
    jpeg = SERVICE_FORMATS["jpeg"]
    assert triage_bytes(jpeg, size=MAX_PICTURE_BYTES).way is Disposition.BY_URL
    assert triage_bytes(jpeg, size=MAX_PICTURE_BYTES + 1) == Triage(Disposition.RENDITION, "too-large")


def test_dimensions_behind_the_head_are_left_to_the_service() -> None:
    segments = b"".join(b"\xff\xe2" + struct.pack(">H", 60_000) + bytes(59_998) for _ in range(3))
    data = b"\xff\xd8" + segments + SERVICE_FORMATS["jpeg"][2:]
    assert triage_bytes(data).way is Disposition.BY_URL


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
        (b"8BPS" + bytes(50), "format-psd"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "format-svg"),
        (b'\xef\xbb\xbf\n<?xml version="1.0"?><!-- x --><SVG/>', "format-svg"),
        (b"<?xml version='1.0'?><!--" + b"x" * 9000 + b"--><svg>", "format-svg"),
        (b"<!--" + b"x" * 70_000 + b"--><svg>", "format-svg"),
        (b"<!-- <x -->" + b"<!-- <x " + b"y" * 70_000 + b"--><svg>", "format-svg"),
        (b"<?pi <x ?><!-- <html> --><svg>", "format-svg"),
        (b"<!DOCTYPE html><svg xmlns='http://www.w3.org/2000/svg'/>", "format-svg"),
        (b"<!DOCTYPE svg SYSTEM '><x '><svg/>", "format-svg"),
        (b"<!DOCTYPE x [<!ENTITY a '<x>'>" + b" " * 70_000 + b"]><svg>", "format-svg"),
        (b"<s:svg xmlns:s='http://www.w3.org/2000/svg'/>", "format-svg"),
        (b"<?pi?><!DOCTYPE svg [<!ENTITY a 'b'>]>" + b"<svg>", "format-svg"),
        (ftyp(b"isom", *[b"mp42"] * 80, b"avif"), "format-avif"),
    ],
)
def test_format_unknown_to_the_service_needs_a_rendition(data: bytes, reason: str) -> None:
    assert triage_bytes(data) == Triage(Disposition.RENDITION, reason)


@pytest.mark.parametrize(
    "data",
    [
        b"plain words\n",
        "Grüße, 日本, 😀".encode(),
        b"\xef\xbb\xbfwith a byte order mark",
        b"{}",
        b"<!doctype html><p>with <svg/> inside",
        b"<!-- a page --> <html><svg/></html>",
        b"<?xml version='1.0'?><feed><entry/></feed>",
        b'<?xml version="1.0"?><!DOCTYPE plist PUBLIC "-//A//B" "http://x/>"><plist/>',
        b"%PDF-1.7\n\xff\xfe",
        b"PK\x03\x04rest\xff",
        gzip.compress(b"x", mtime=0),
        b"RIFF\x10\0\0\0WAVEfmt \xff",
        ftyp(b"isom", b"mp42"),
        ftyp(b"qt  "),
        b"\x7fELF\x02\xff",
    ],
)
def test_known_non_image_is_skipped(data: bytes) -> None:
    assert triage_bytes(data) == Triage(Disposition.NOT_AN_IMAGE, "not-an-image")


def test_empty_object_is_no_image() -> None:
    assert triage_bytes(b"") == Triage(Disposition.NOT_AN_IMAGE, "empty")


def test_text_cut_within_a_character_is_text() -> None:
    data = ("ä" * HEAD_BYTES).encode()
    assert triage(ObjectHead(len(data), b"x" + data[: HEAD_BYTES - 1])).way is Disposition.NOT_AN_IMAGE


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\x01\x02\x03" * 100,
        b"P3\n1 1\n255\n0 0 0",
        b"#define x_width 200",
        b"/* XPM */",
        "ä".encode("latin1"),
        b"\xff\xfet\0",
    ],
)
def test_unrecognised_bytes_need_a_rendition(data: bytes) -> None:
    assert triage_bytes(data) == Triage(Disposition.RENDITION, "unrecognised")


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
