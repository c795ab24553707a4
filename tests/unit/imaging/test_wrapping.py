"""imaging/wrapping.py: pictures within base64 text, data: URLs, and behind leading bytes."""

import base64
import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photodna_guard.imaging.wrapping import find_jpeg, is_wrapped, unwrap
from tests.support.pictures import SERVICE_FORMATS, encode_blank

JPEG = encode_blank("JPEG", (200, 170), quality=95)
BASE64 = base64.b64encode(JPEG)
_WRAPPED = {
    "base64": BASE64,
    "base64 in lines": base64.encodebytes(JPEG),
    "base64 in Windows lines": base64.encodebytes(JPEG).replace(b"\n", b"\r\n"),
    "base64 without padding": BASE64.rstrip(b"="),
    "URL-safe base64": base64.urlsafe_b64encode(JPEG),
    "quoted": b'"' + BASE64 + b'"\n',
    "byte order mark": b"\xef\xbb\xbf" + BASE64,
    "blanks before": b"\n \t" + BASE64,
    "data URL": b"data:image/jpeg;base64," + BASE64,
    "data URL in capitals": b"DATA:image/jpeg;BASE64," + BASE64,
    "data URL without a type": b"data:;base64," + BASE64,
    "data URL of a text": b"data:text/plain;charset=x;base64," + BASE64,
    "data URL, base64 escaped": b"data:image/jpeg;base64," + urllib.parse.quote(BASE64, safe="").encode(),
    "data URL, percent-encoded": b"data:image/jpeg," + urllib.parse.quote_from_bytes(JPEG).encode(),
}


@pytest.mark.parametrize("name", _WRAPPED)
def test_wrapped_picture_is_unwrapped(name: str) -> None:
    wrapped = _WRAPPED[name]
    assert is_wrapped(wrapped)
    assert is_wrapped(wrapped[:5000])
    assert b"".join(unwrap([wrapped])) == JPEG


@pytest.mark.parametrize("name", _WRAPPED)
@given(size=st.integers(1, 9000))
def test_pieces_do_not_change_what_is_unwrapped(name: str, size: int) -> None:
    wrapped = _WRAPPED[name]
    assert b"".join(unwrap(wrapped[at : at + size] for at in range(0, len(wrapped), size))) == JPEG


@pytest.mark.parametrize("form", ["PNG", "GIF", "BMP", "WEBP", "TIFF", "AVIF"])
def test_each_format_is_seen_within(form: str) -> None:
    assert is_wrapped(base64.b64encode(encode_blank(form)))


def test_svg_as_a_data_url_is_wrapped() -> None:
    assert is_wrapped(b"data:image/svg+xml;utf8,<svg xmlns='http://www.w3.org/2000/svg'/>")
    assert is_wrapped(b"data:image/svg+xml,%3Csvg%20xmlns='http://www.w3.org/2000/svg'/%3E")


@pytest.mark.parametrize(
    "text", [b"", b"words", b"data: 5", b"data:,words", b"data:text/plain;base64,d29yZHM=", b"A" * 500, b"-----BEGIN"]
)
def test_other_text_is_not_wrapped(text: bytes) -> None:
    assert not is_wrapped(text)


@given(st.binary(max_size=300))
def test_no_bytes_raise(data: bytes) -> None:
    assert is_wrapped(data) in (True, False)
    assert isinstance(b"".join(unwrap([b"data:;base64," + data])), bytes)


def test_jpeg_behind_leading_bytes_is_found() -> None:
    for name in ("jpeg", "jpeg, progressive", "jpeg, exif", "jpeg, CMYK"):
        assert find_jpeg(b"\0" * 700 + SERVICE_FORMATS[name]) == 700
    assert find_jpeg(b"\xff\xd8\xff" * 9 + JPEG) == 27
    assert find_jpeg(JPEG + JPEG, 1) == len(JPEG)
    assert find_jpeg(b"\xff\xd8\xff\xe0\0\1 \xff\xd8\xff\x00") is None
