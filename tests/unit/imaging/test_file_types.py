"""imaging/file_types.py, other_types.py: each format at its own place, with sane fields."""

import struct

import pytest

from photodna_guard.imaging.file_types import detect_type
from photodna_guard.imaging.other_types import detect_other
from photodna_guard.imaging.text_formats import detect_text_format
from tests.support.pictures import encode_blank

_FORMATS = {
    "AVIF": "avif", "BLP": "blp", "BMP": "bmp", "DDS": "dds", "GIF": "gif", "ICNS": "icns", "ICO": "ico",
    "JPEG": "jpeg", "JPEG2000": "jp2", "MPO": "jpeg", "MSP": "msp", "PCX": "pcx", "PNG": "png", "PPM": "pnm",
    "QOI": "qoi", "SGI": "sgi", "TGA": "tga", "TIFF": "tiff", "WEBP": "webp", "XBM": "xbm",
}  # fmt: skip
_MODES = {"BLP": "P", "MSP": "1", "XBM": "1", "ICNS": "RGBA"}


def ftyp(*brands: bytes, size: int | None = None) -> bytes:
    box = b"ftyp" + brands[0] + bytes(4) + b"".join(brands[1:])
    return struct.pack(">I", len(box) + 4 if size is None else size) + box + bytes(8)


@pytest.mark.parametrize("form", _FORMATS)
def test_format_that_pillow_writes_is_detected(form: str) -> None:
    picture = encode_blank(form, (64, 64), _MODES.get(form, "RGB"))
    assert detect_type(picture) == _FORMATS[form]
    assert detect_type(picture[:600]) == _FORMATS[form]


@pytest.mark.parametrize(
    ("head", "file_type"),
    [
        (ftyp(b"heic"), "heic"),
        (ftyp(b"isom", b"mp42", b"heic"), "heic"),
        (ftyp(b"qt  ", b"mif1"), "heif"),
        (ftyp(b"mp42", b"avis"), "avif"),
        (ftyp(b"mp42", b"avif", size=0), "avif"),
        (ftyp(b"crx "), "raw"),
        (struct.pack(">I4sQ", 1, b"ftyp", 28) + b"isom" + bytes(4) + b"heic", "heic"),
        (b"II*\0" + bytes(20), "tiff"),
        (b"MM\0+" + bytes(20), "tiff"),
        (b"BA" + bytes(12) + b"BM", "bmp"),
        (b"\xff\x0a" + bytes(4), "jxl"),
        (b"II\xbc\1", "jxr"),
        (b"FUJIFILMCCD-RAW 0201", "raw"),
        (bytes(128) + b"DICM", "dicom"),
        (b"\n" * 2048 + b"PCD_OPA", "pcd"),
        (b"\1\0\0\0" + bytes(36) + b" EMF", "emf"),
        (b"8BPS\0\1" + bytes(20), "psd"),
        (b"SIMPLE  =                    T", "fits"),
        (b"<svg>", "svg"),
        ("<?xml version='1.0'?><svg>".encode("utf-16"), "svg"),
        ("<svg>".encode("utf-16-be"), "svg"),
        ("<svg>".encode("utf-32"), "svg"),
        (b"<!DOCTYPE svg [<!ENTITY a 'b'>]><a:svg>", "svg"),
    ],
)
def test_magic_at_its_place_is_detected(head: bytes, file_type: str) -> None:
    assert detect_type(head) == file_type


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"BM is a word" + bytes(30),
        b"BM" + b"\xff" * 60,
        b"II* words",
        b"GIF 89a",
        b"\0\0\1\0",
        b"\0\0\1\0\0\0" + bytes(30),
        b"RIFF\0\0\0\0WAVE",
        ftyp(b"isom", b"mp42"),
        ftyp(b"isom") + b"heic",
        b"\xff\xd8words",
        b"words \xff\xd8\xff\xe0",
        b"P1 words",
        b"P1 10 10 words",
        b"P6",
        b"#define MAX 10",
        b"#define x_width 10",
        b"<p>",
        b"<!-- <svg> -->",
    ],
)
def test_what_lacks_a_sane_header_is_not_detected(head: bytes) -> None:
    assert detect_type(head) is None


def test_comment_that_goes_on_behind_the_head_may_be_a_picture() -> None:
    assert detect_text_format(b"P1 #" + b"x" * 70_000) == "pnm"
    assert detect_text_format(b"P1 #" + b"x" * 100) is None


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b" " * 1000 + b"%PDF-1.4", "document"),
        (b"\xc5\xd0\xd3\xc6" + bytes(30), "document"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "document"),
        (b"{\\rtf1", "document"),
        (b"PK\x03\x04" + bytes(26) + b"mimetypeapplication/epub+zip", "document"),
        (b"Received: by x\nContent-Type: multipart/mixed", "document"),
        (b"<!DOCTYPE html>", "document"),
        (b"\x1a\x45\xdf\xa3\x01", "video"),
        (b"\0\0\1\xba\x44", "video"),
        (b"FLV\1\5", "video"),
        (ftyp(b"3gp5"), "video"),
        (bytes(4) + b"moov", "video"),
        ((b"\x47" + bytes(187)) * 3, "video"),
        ((bytes(4) + b"\x47" + bytes(187)) * 3, "video"),
        (b"OggS\0" + bytes(24) + b"\x80theora", "video"),
        (b"OggS\0" + bytes(24) + b"OpusHead", "audio"),
        (b"ID3\x04\0", "audio"),
        (b"fLaC\0", "audio"),
        (b"FORM\0\0\0\0AIFF", "audio"),
        (b"\xff\xfb\x90\x00\0", "audio"),
        (b"\xff\xf1\x50\x80\0", "audio"),
        (b"BZh91AY&SY", "archive"),
        (b"\xfd7zXZ\0", "archive"),
        (b"Rar!\x1a\x07\0", "archive"),
        (b"\x28\xb5\x2f\xfd", "archive"),
        (bytes(257) + b"ustar", "archive"),
    ],
)
def test_document_video_audio_and_archive_are_told_apart(head: bytes, kind: str) -> None:
    assert detect_other(head) == kind


@pytest.mark.parametrize(
    "head",
    [
        "ярко".encode("cp1251"),
        "words".encode("utf-16"),
        b"G" * 400,
        b"w" * 257 + b"ustar",
        b"\xff\xff\xff\xff\0",
        b"Received: 5 boxes\n",
        b"<ann> hi",
        b"FORM is a word",
        ftyp(b"xxxx"),
    ],
)
def test_what_only_resembles_another_kind_is_none(head: bytes) -> None:
    assert detect_other(head) is None
