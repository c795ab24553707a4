"""The pictures that the service accepts and refuses, over HTTP."""

from io import BytesIO
from struct import pack
from zlib import crc32

import pytest

from tests.local.match.answer_parts import read_code
from tests.local.match.drawing import draw, encode
from tests.local.match.match_client import MatchClient


@pytest.mark.parametrize("kind", ["GIF", "JPEG", "PNG", "BMP", "TIFF"])
def test_documented_types_are_decoded(client: MatchClient, kind: str) -> None:
    assert read_code(client.by_value(encode(draw(1), kind), kind.lower())) == 3000


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_png_colour_modes_are_decoded(client: MatchClient, mode: str) -> None:
    image = draw(1).convert("L").convert("I;16") if mode == "I;16" else draw(1).convert(mode)

    assert read_code(client.by_value(encode(image))) == 3000


@pytest.mark.parametrize("kind", ["WEBP", "ICO", "PPM"])
def test_other_types_are_not_verified_as_an_image(client: MatchClient, kind: str) -> None:
    assert read_code(client.by_value(encode(draw(1), kind))) == 3206


@pytest.mark.parametrize("kind", ["GIF", "JPEG", "PNG", "BMP", "TIFF"])
def test_truncated_picture_is_not_verified_as_an_image(client: MatchClient, kind: str) -> None:
    whole = encode(draw(1), kind)

    assert read_code(client.by_value(whole[: len(whole) // 2], kind.lower())) == 3206


def test_png_with_a_flipped_byte_is_not_verified_as_an_image(client: MatchClient) -> None:
    damaged = bytearray(encode(draw(1)))
    damaged[len(damaged) // 2] ^= 0xFF

    assert read_code(client.by_value(bytes(damaged))) == 3206


@pytest.mark.parametrize("junk", [b"hello", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0" + bytes(500), b"BM" + bytes(60)])
def test_file_without_picture_is_not_verified_as_an_image(client: MatchClient, junk: bytes) -> None:
    assert read_code(client.by_value(junk)) == 3206


@pytest.mark.parametrize(
    ("size", "expected"), [((160, 160), 3000), ((159, 400), 3208), ((400, 159), 3208), ((1, 1), 3208)]
)
def test_side_below_160_pixels_is_refused(client: MatchClient, size: tuple[int, int], expected: int) -> None:
    assert read_code(client.by_value(encode(draw(1, (400, 400)).resize(size)))) == expected


@pytest.mark.parametrize("size", [(9500, 9500), (65_000, 65_000)])
def test_decompression_bomb_is_refused_undecoded(client: MatchClient, size: tuple[int, int]) -> None:
    header = pack(">4sIIBBBBB", b"IHDR", *size, 8, 2, 0, 0, 0)
    chunk = pack(">I", 13) + header + pack(">I", crc32(header))
    idat = pack(">I4s", 10_000, b"IDAT") + bytes(10_000)

    assert read_code(client.by_value(b"\x89PNG\r\n\x1a\n" + chunk + idat)) == 3208


def test_picture_by_value_is_accepted_up_to_4_mb(client: MatchClient) -> None:
    picture = BytesIO(encode(draw(1), "JPEG")).getvalue()
    largest = picture + bytes(4 * 1024 * 1024 - len(picture))

    assert read_code(client.by_value(largest, "jpeg")) == 3000
    assert read_code(client.by_value(largest + b"\0", "jpeg")) == 3209
