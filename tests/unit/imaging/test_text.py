"""imaging/text.py: what is proved to be plain text, and what is a text that shows pictures."""

import base64
import codecs
import io
import itertools
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photodna_guard.imaging.text import BEGINNING_BYTES, DOCUMENT, PLAIN, TextProof, classify_text
from tests.support.pictures import SERVICE_FORMATS, encode_blank
from tests.unit.imaging.ordinary_texts import ORDINARY_TEXTS

JPEG = SERVICE_FORMATS["jpeg"]
BASE64 = base64.b64encode(JPEG).decode()


def test_there_are_enough_ordinary_texts() -> None:
    assert len(ORDINARY_TEXTS) >= 150


@pytest.mark.parametrize("name", ORDINARY_TEXTS)
def test_ordinary_text_is_plain(name: str) -> None:
    assert classify_text([ORDINARY_TEXTS[name]]) == PLAIN


@pytest.mark.parametrize(
    "text",
    [
        "<svg xmlns='http://www.w3.org/2000/svg'/>",
        "words, then <SVG >",
        "words, then <s:svg xmlns:s='http://www.w3.org/2000/svg'>",
        "<img src=x>",
        "<IMG\nSRC=x>",
        "<img/src=x>",
        "<image href=x>",
        "<iframe src=x>",
        "<object data=x>",
        "<script>document.write(x)</script>",
        "<p style='background: url(x)'>",
        "<style>body { background: url(x) }</style>",
        "<td background='x'>",
        "<?xml version='1.0'?><x/>",
        "words <!DOCTYPE html>",
        "![x](data:image/png;base64,AAAA)",
        "a { background: url( 'data:x' ) }",
        "DATA: IMAGE/png,x",
        f"data:;base64,{BASE64}",
        json.dumps({"a": [1, {"picture": BASE64}]}),
        json.dumps({"a": BASE64}).replace("/", "\\/"),
        f"MIME-Version: 1.0\n\n--x\nContent-Transfer-Encoding: base64\n\n{base64.encodebytes(JPEG).decode()}",
        "a,b\n1," + BASE64.replace("+", "-").replace("/", "_"),
        "x: " + base64.b64encode(b"<svg xmlns='http://www.w3.org/2000/svg'/>").decode(),
        "x: " + base64.b64encode(b"\n\n <html><img src='x'></html>" * 3).decode(),
        "x: " + base64.b64encode(b"\x1f\x8b\x08" + bytes(50)).decode(),
        "begin 644 x.jpg\nM_]C_X",
        "=ybegin line=128 size=9 name=x.jpg",
        "%!PS-Adobe-3.0",
        "words\n%!PS\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_text_that_shows_pictures_is_not_plain(text: str, encoding: str) -> None:
    assert classify_text([("some words before\n" * 3 + text).encode(encoding)]) == DOCUMENT
    assert classify_text([text.encode(encoding)]) != PLAIN


@pytest.mark.parametrize("text", ["<!-- a --><html>", "<html><p>words", " <!doctype html>x", "<a>", "<br>", "<h1>x"])
def test_page_is_known_by_its_beginning(text: str) -> None:
    assert classify_text([text.encode()]) == DOCUMENT
    assert classify_text([text.encode("utf-16")]) == DOCUMENT


@pytest.mark.parametrize(
    "picture",
    [
        *(
            encode_blank(form)
            for form in ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "ICO", "JPEG2000", "AVIF", "DDS", "QOI")
        ),
        encode_blank("BLP", mode="P"),
        encode_blank("ICNS", (64, 64), "RGBA"),
        encode_blank("PPM"),
        b"8BPS\0\1" + bytes(40),
        b"\0\0\0\x18ftypheic" + bytes(40),
        b"\x76\x2f\x31\x01" + bytes(40),
        b"SIMPLE  =                    T" + b" " * 40,
        b"#?RADIANCE\n" + b" " * 40,
        b"/* XPM */ static char *x[] = {",
        b"%PDF-1.7\n" + bytes(40),
    ],
)
def test_base64_of_each_format_is_found(picture: bytes) -> None:
    encoded = base64.b64encode(picture)
    assert classify_text([b'{"x": "' + encoded + b'"}']) == DOCUMENT
    assert classify_text([b"words\n\n" + base64.encodebytes(picture)]) == DOCUMENT


@pytest.mark.parametrize(
    "data",
    [
        JPEG,
        b"words\0words",
        b"words\x01",
        b"\x1bPq#0;2;0;0;0\x1b\\",
        b"\x7fELF",
        codecs.BOM_UTF16_LE + b"\x00\xd8A\0",
        codecs.BOM_UTF16_LE + b"A\0B",
        bytes(range(256)) * 4,
        b"P1\n1 1\n1",
        b"P3 # x\n 1 1 255 1",
        b"P6\n2 2\n255\nabcdefghijkl",
        # Found by the differential test: Pillow opens the header alone.
        b"P4 8 4",
        b"Pf\n1 1\n-1.0\nabcd",
        b"P7\nWIDTH 1\n",
        b"/* XPM */ static",
        b"words /* XPM */ static",
        b"NRRD0004\n",
        codecs.BOM_UTF16_LE + b"A\0\x01\0",
        "\uf8ff words".encode("utf-16-le"),
        b"SIMPLE  =                    T",
        b"#?RADIANCE\n",
        b"width 3\nheight 2\npixel n8\n\x0cabcdef",
        encode_blank("XBM", mode="1"),
        b"\n\n" + encode_blank("XBM", mode="1"),
        b"/* words */\n" + encode_blank("XBM", mode="1"),
    ],
)
def test_what_is_no_plain_text_proves_nothing(data: bytes) -> None:
    assert classify_text([data]) != PLAIN


@pytest.mark.parametrize("content_type", ["text/html", "image/svg+xml", "application/xml", "multipart/mixed"])
def test_any_tag_is_markup_where_the_type_says_so(content_type: str) -> None:
    assert classify_text([b"words <x>"], content_type) == DOCUMENT
    assert classify_text([b"words <x>"], "text/plain") == PLAIN
    assert classify_text([b"I <3 you, 1 < 2"], content_type) == PLAIN


def test_tag_split_by_character_set_switches_is_found() -> None:
    assert classify_text([b"words <i\x1b(Bmg src=x>"]) == DOCUMENT
    assert classify_text([b"words <\x1b$B\x1b(Bsvg>"]) == DOCUMENT


@pytest.mark.parametrize("at", [10, BEGINNING_BYTES - 3, BEGINNING_BYTES + 70, 3 * BEGINNING_BYTES - 5])
@pytest.mark.parametrize("mark", [b"<svg/>", b'"' + BASE64.encode()[:80] + b'"', b"\0"])
def test_every_byte_is_looked_at(at: int, mark: bytes) -> None:
    text = b"words " * BEGINNING_BYTES
    assert classify_text([text]) == PLAIN
    assert classify_text([text[:at] + mark + text[at:]]) != PLAIN
    pieces = [text[:at] + mark[:3], mark[3:], text[at:]]
    assert classify_text(pieces) != PLAIN


def test_parts_of_an_x_bitmap_are_found_far_from_each_other() -> None:
    gap = b"/* words */\n" * BEGINNING_BYTES
    assert classify_text([b"#define x_width 9\n", gap, b"char x_bits[] = {"]) is None
    assert classify_text([b"<style>", gap, b"@import 'x'"]) == DOCUMENT


@given(st.sampled_from(sorted(ORDINARY_TEXTS)), st.lists(st.integers(1, 40), max_size=20))
def test_pieces_do_not_change_the_result(name: str, lengths: list[int]) -> None:
    source = io.BytesIO(ORDINARY_TEXTS[name])
    pieces = [source.read(length) for length in lengths]
    assert classify_text([*pieces, source.read()]) == PLAIN


@given(st.binary(max_size=600))
def test_no_bytes_raise(data: bytes) -> None:
    assert classify_text([data]) in (PLAIN, DOCUMENT, None)


def test_failed_proof_needs_no_more_bytes() -> None:
    proof = TextProof()
    proof.feed(b"words" * BEGINNING_BYTES)
    assert not proof.failed
    proof.feed(b"\0")
    assert proof.failed
    assert classify_text(itertools.repeat(bytes(BEGINNING_BYTES))) is None


@pytest.mark.parametrize(
    "piece",
    [
        b"<",
        b"<a",
        b"<a ",
        b"A",
        b"data:",
        b"#define ",
        b"/9j/",
        b"P1 #",
        b"\x1b$",
        b"%!P",
        b"<a:",
        b"url(",
        b"PHN2",
        b" ",
    ],
)
def test_hostile_text_takes_no_longer_for_a_byte(piece: bytes) -> None:
    began = time.process_time()
    classify_text([piece * (1_000_000 // len(piece))])
    assert time.process_time() - began < 2
