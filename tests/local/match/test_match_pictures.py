"""Which pictures match, and which are refused: over HTTP, with drawn pictures."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from struct import pack
from typing import Any
from zlib import crc32

import pytest
from PIL import Image, ImageEnhance

from tests.local.match.match_client import Client, Draw, Encode


def code(response: Any) -> int:
    assert response.status_code == 200
    return int(response.json()["Status"]["Code"])


def flags(response: Any) -> list[dict[str, Any]]:
    assert code(response) == 3000
    found: list[dict[str, Any]] = response.json()["MatchDetails"]["MatchFlags"]
    assert response.json()["IsMatch"] == bool(found)
    return found


def test_a_listed_picture_matches_with_its_details(match: Client, draw: Draw, encode: Encode) -> None:
    picture = encode(draw(1))
    match.emulator.add_to_test_list(picture, match_id="77", violations=["A1", "B2"])

    assert flags(match.by_value(picture)) == [
        {
            "AdvancedInfo": [{"Key": "MatchId", "Value": "77"}],
            "Source": "Test",
            "Violations": ["A1", "B2"],
            "MatchDistance": 0,
        }
    ]


@pytest.mark.parametrize("seed", range(5))
def test_a_reduced_recompressed_brightened_copy_still_matches(
    match: Client, draw: Draw, encode: Encode, seed: int
) -> None:
    original = draw(seed)
    match.emulator.add_to_test_list(encode(original))
    smaller = original.resize((original.width * 6 // 10, original.height * 6 // 10))
    copy = encode(ImageEnhance.Brightness(smaller).enhance(1.1), "JPEG", quality=40)

    found = flags(match.by_value(copy, "jpeg"))

    assert 0 < found[0]["MatchDistance"] <= 31


@pytest.mark.parametrize("turn", list(Image.Transpose))
def test_a_turned_or_mirrored_copy_still_matches(
    match: Client, draw: Draw, encode: Encode, turn: Image.Transpose
) -> None:
    match.emulator.add_to_test_list(encode(draw(1)))

    assert flags(match.by_value(encode(draw(1).transpose(turn))))


def test_unrelated_pictures_do_not_match(match: Client, draw: Draw, encode: Encode) -> None:
    for seed in range(10):
        match.emulator.add_to_test_list(encode(draw(seed)))

    found = [flags(match.by_value(encode(draw(seed)))) for seed in range(100, 110)]

    assert found == [[]] * 10


def test_several_sources_may_match_at_once(match: Client, draw: Draw, encode: Encode) -> None:
    picture = encode(draw(1))
    match.emulator.add_to_test_list(picture)
    match.emulator.add_to_test_list(picture, source="Emulated")

    assert {flag["Source"] for flag in flags(match.by_value(picture))} == {"Test", "Emulated"}


def test_a_picture_of_megabytes_matches_its_rendition(match: Client, draw: Draw, encode: Encode) -> None:
    large = draw(1, (2400, 1800))
    original = encode(large, "BMP")
    match.emulator.add_to_test_list(original)

    assert len(original) > 4 * 1024 * 1024
    assert flags(match.by_value(encode(large.resize((800, 600)), "JPEG"), "jpeg"))


@pytest.mark.parametrize("kind", ["GIF", "TIFF"])
def test_the_first_frame_of_many_is_looked_at(match: Client, draw: Draw, encode: Encode, kind: str) -> None:
    match.emulator.add_to_test_list(encode(draw(1)))

    first = match.by_value(encode(draw(1), kind, save_all=True, append_images=[draw(2)]), kind.lower())
    second = match.by_value(encode(draw(2), kind, save_all=True, append_images=[draw(1)]), kind.lower())

    assert flags(first)
    assert not flags(second)


@pytest.mark.parametrize("kind", ["GIF", "JPEG", "PNG", "BMP", "TIFF"])
def test_the_five_documented_types_are_read(match: Client, draw: Draw, encode: Encode, kind: str) -> None:
    assert code(match.by_value(encode(draw(1), kind), kind.lower())) == 3000


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_png_colour_modes_are_read(match: Client, draw: Draw, encode: Encode, mode: str) -> None:
    image = draw(1).convert("L").convert("I;16") if mode == "I;16" else draw(1).convert(mode)

    assert code(match.by_value(encode(image))) == 3000


@pytest.mark.parametrize("kind", ["WEBP", "ICO", "PPM"])
def test_other_types_are_not_verified_as_an_image(match: Client, draw: Draw, encode: Encode, kind: str) -> None:
    assert code(match.by_value(encode(draw(1), kind))) == 3206


@pytest.mark.parametrize("kind", ["GIF", "JPEG", "PNG", "BMP", "TIFF"])
def test_a_truncated_picture_is_not_verified_as_an_image(match: Client, draw: Draw, encode: Encode, kind: str) -> None:
    whole = encode(draw(1), kind)

    assert code(match.by_value(whole[: len(whole) // 2], kind.lower())) == 3206


def test_a_png_with_a_flipped_byte_is_not_verified_as_an_image(match: Client, draw: Draw, encode: Encode) -> None:
    damaged = bytearray(encode(draw(1)))
    damaged[len(damaged) // 2] ^= 0xFF

    assert code(match.by_value(bytes(damaged))) == 3206


@pytest.mark.parametrize("junk", [b"hello", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0" + bytes(500), b"BM" + bytes(60)])
def test_a_file_that_is_no_picture_is_not_verified_as_an_image(match: Client, junk: bytes) -> None:
    assert code(match.by_value(junk)) == 3206


@pytest.mark.parametrize(
    ("size", "expected"), [((160, 160), 3000), ((159, 400), 3208), ((400, 159), 3208), ((1, 1), 3208)]
)
def test_a_side_has_at_least_160_pixels(
    match: Client, draw: Draw, encode: Encode, size: tuple[int, int], expected: int
) -> None:
    assert code(match.by_value(encode(draw(1, (400, 400)).resize(size)))) == expected


@pytest.mark.parametrize("size", [(9500, 9500), (65_000, 65_000)])
def test_a_decompression_bomb_is_refused_undecoded(match: Client, size: tuple[int, int]) -> None:
    header = pack(">4sIIBBBBB", b"IHDR", *size, 8, 2, 0, 0, 0)
    chunk = pack(">I", 13) + header + pack(">I", crc32(header))
    idat = pack(">I4s", 10_000, b"IDAT") + bytes(10_000)

    assert code(match.by_value(b"\x89PNG\r\n\x1a\n" + chunk + idat)) == 3208


def test_plain_pictures_are_neither_listed_nor_matched(match: Client, encode: Encode) -> None:
    plain = encode(Image.new("RGB", (300, 300), "grey"))

    with pytest.raises(ValueError, match="too plain"):
        match.emulator.add_to_test_list(plain)

    assert flags(match.by_value(plain)) == []


def test_a_copy_faded_until_it_is_plain_does_not_match(match: Client, draw: Draw, encode: Encode) -> None:
    match.emulator.add_to_test_list(encode(draw(1)))

    faded = ImageEnhance.Contrast(draw(1)).enhance(0.03)

    assert flags(match.by_value(encode(faded))) == []


def test_what_cannot_be_read_is_not_listed(match: Client) -> None:
    with pytest.raises(ValueError, match="not a picture"):
        match.emulator.add_to_test_list(b"hello")


def test_unknown_violations_are_not_listed(match: Client, draw: Draw, encode: Encode) -> None:
    with pytest.raises(ValueError, match="violations must be of A1, A2, B1, B2"):
        match.emulator.add_to_test_list(encode(draw(1)), violations=["C9"])


def test_a_cleared_list_matches_nothing(match: Client, draw: Draw, encode: Encode) -> None:
    picture = encode(draw(1))
    match.emulator.add_to_test_list(picture)

    match.emulator.clear_test_list()

    assert flags(match.by_value(picture)) == []


def test_the_pictures_of_a_folder_match_as_test(
    at_rate: Callable[..., Any], draw: Draw, tmp_path: Path, encode: Encode
) -> None:
    draw(5).save(tmp_path / "sample.png")
    (tmp_path / ".DS_Store").write_bytes(b"not a picture")

    with at_rate(10, test_list=tmp_path) as client:
        found = flags(client.by_value(encode(draw(5), "JPEG"), "jpeg"))

    assert [(flag["Source"], flag["AdvancedInfo"][0]["Value"]) for flag in found] == [("Test", "sample")]


def test_a_picture_of_exactly_4_mb_by_value_is_taken_and_one_byte_more_is_not(
    match: Client, draw: Draw, encode: Encode
) -> None:
    picture = BytesIO(encode(draw(1), "JPEG")).getvalue()
    largest = picture + bytes(4 * 1024 * 1024 - len(picture))

    assert code(match.by_value(largest, "jpeg")) == 3000
    assert code(match.by_value(largest + b"\0", "jpeg")) == 3209
