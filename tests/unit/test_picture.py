"""picture.py: what the first bytes show, and where that leads."""

import gzip
import io
import struct
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from photodna_guard.domain.models import ObjectHead
from photodna_guard.imaging.dimensions import read_dimensions
from photodna_guard.imaging.triage import HEAD_BYTES, MAX_PICTURE_BYTES, Disposition, Triage, triage


def encoded(form: str, size: tuple[int, int] = (200, 170), mode: str = "RGB", **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, 1).save(out, form, **options)
    return out.getvalue()


def routed(data: bytes, size: int | None = None, encoding: str = "") -> Triage:
    return triage(ObjectHead(len(data) if size is None else size, data[:HEAD_BYTES], encoding))


FIVE = {
    "jpeg": encoded("JPEG"),
    "jpeg, progressive": encoded("JPEG", progressive=True),
    "jpeg, grey": encoded("JPEG", mode="L"),
    "jpeg, CMYK": encoded("JPEG", mode="CMYK"),
    "jpeg, large profile": encoded("JPEG", icc_profile=b"\xff\xc0" * 20_000),
    "jpeg, exif": encoded("JPEG", exif=b"Exif\0\0" + b"\xff" * 5_000),
    "png": encoded("PNG"),
    "png, palette": encoded("PNG", mode="P"),
    "gif": encoded("GIF", mode="P"),
    "bmp": encoded("BMP"),
    "tiff": encoded("TIFF"),
    "tiff, packed": encoded("TIFF", compression="packbits"),
}


@pytest.mark.parametrize("name", FIVE)
def test_what_the_service_takes_goes_by_url(name: str) -> None:
    assert routed(FIVE[name]).way is Disposition.BY_URL
    assert routed(FIVE[name]).media_type == f"image/{name.split(',')[0]}"


@pytest.mark.parametrize("name", sorted(FIVE.keys() - {"tiff, packed"}))  # its directory lies behind the head
def test_the_dimensions_are_those_of_the_picture(name: str) -> None:
    assert read_dimensions(name.split(",")[0], FIVE[name][:HEAD_BYTES]) == (200, 170)


def test_dimensions_of_a_bmp_of_the_oldest_kind_and_of_one_from_top_to_bottom() -> None:
    core = b"BM" + bytes(12) + struct.pack("<IHH", 12, 300, 200)
    upside = b"BM" + bytes(12) + struct.pack("<Iii", 40, 300, -200)
    assert read_dimensions("bmp", core) == read_dimensions("bmp", upside) == (300, 200)


def test_a_big_endian_tiff_is_read_too() -> None:
    entries = struct.pack(">HHIHH", 256, 3, 1, 300, 0) + struct.pack(">HHII", 257, 4, 1, 100)
    head = b"MM\0*" + struct.pack(">IH", 8, 2) + entries
    assert read_dimensions("tiff", head) == (300, 100)


@pytest.mark.parametrize("size", [(159, 400), (400, 159), (1, 1)])
@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "BMP", "TIFF"])
def test_a_side_under_160_pixels_is_too_small(form: str, size: tuple[int, int]) -> None:
    assert routed(encoded(form, size)) == Triage(Disposition.RENDITION, "too-small")


def test_160_pixels_and_4_mb_are_enough_and_not_too_much() -> None:
    assert routed(encoded("PNG", (160, 160))).way is Disposition.BY_URL
    assert routed(FIVE["jpeg"], size=MAX_PICTURE_BYTES).way is Disposition.BY_URL
    assert routed(FIVE["jpeg"], size=MAX_PICTURE_BYTES + 1) == Triage(Disposition.RENDITION, "too-large")


def test_dimensions_that_lie_behind_the_head_are_left_to_the_service() -> None:
    segments = b"".join(b"\xff\xe2" + struct.pack(">H", 60_000) + bytes(59_998) for _ in range(3))
    data = b"\xff\xd8" + segments + FIVE["jpeg"][2:]
    assert routed(data).way is Disposition.BY_URL


def ftyp(brand: bytes, *compatible: bytes) -> bytes:
    return struct.pack(">I", 16 + 4 * len(compatible)) + b"ftyp" + brand + bytes(4) + b"".join(compatible) + bytes(64)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (ftyp(b"heic"), "format-heic"),
        (ftyp(b"mif1", b"miaf"), "format-heif"),
        (ftyp(b"avif"), "format-avif"),
        (ftyp(b"isom", b"avif"), "format-avif"),
        (encoded("WEBP"), "format-webp"),
        (encoded("ICO"), "format-ico"),
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
def test_a_picture_that_the_service_does_not_take_is_for_a_rendition(data: bytes, reason: str) -> None:
    assert routed(data) == Triage(Disposition.RENDITION, reason)


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
def test_what_surely_is_no_image_is_skipped(data: bytes) -> None:
    assert routed(data) == Triage(Disposition.NOT_AN_IMAGE, "not-an-image")


def test_nothing_is_no_image() -> None:
    assert routed(b"") == Triage(Disposition.NOT_AN_IMAGE, "empty")


def test_text_that_the_head_cuts_within_a_character_is_text() -> None:
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
def test_what_nobody_knows_is_neither_skipped_nor_clean(data: bytes) -> None:
    assert routed(data) == Triage(Disposition.RENDITION, "unrecognised")


def test_a_picture_that_only_a_browser_unpacks_is_not_taken_for_an_archive() -> None:
    """S3 gives Content-Encoding back as it was uploaded, and the browser shows the picture within."""
    assert routed(gzip.compress(FIVE["jpeg"]), encoding="gzip") == Triage(Disposition.RENDITION, "content-encoding")
    assert routed(FIVE["jpeg"], encoding="aws-chunked").way is Disposition.BY_URL


@pytest.mark.parametrize("name", FIVE)
def test_a_head_cut_anywhere_is_never_skipped_once_its_type_shows(name: str) -> None:
    for cut in (*range(8, 64), 100, 500, 1000):
        assert routed(FIVE[name][:cut], size=5000).way is not Disposition.NOT_AN_IMAGE


@given(st.sampled_from(sorted(FIVE)), st.binary(max_size=300), st.integers(0, 50))
def test_hostile_bytes_behind_a_magic_number_never_raise_and_are_never_skipped(
    name: str, rest: bytes, keep: int
) -> None:
    data = FIVE[name][: 8 + keep] + rest
    assert routed(data).way is not Disposition.NOT_AN_IMAGE


@given(st.binary(max_size=400))
def test_no_bytes_at_all_raise(data: bytes) -> None:
    assert routed(data)


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
def test_a_head_made_to_be_slow_is_not(data: bytes) -> None:
    """A look that takes for ever would hang its whole batch."""
    began = time.process_time()
    routed(data)
    assert time.process_time() - began < 0.5
