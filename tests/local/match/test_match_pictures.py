"""The pictures that match, and the hash list, over HTTP."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageEnhance

from tests.local.match.answer_parts import read_flags
from tests.local.match.drawing import draw, encode
from tests.local.match.match_client import MatchClient


def test_listed_picture_matches_with_its_details(client: MatchClient) -> None:
    picture = encode(draw(1))
    client.emulator.add_to_test_list(picture, match_id="77", violations=["A1", "B2"])

    assert read_flags(client.by_value(picture)) == [
        {
            "AdvancedInfo": [{"Key": "MatchId", "Value": "77"}],
            "Source": "Test",
            "Violations": ["A1", "B2"],
            "MatchDistance": 0,
        }
    ]


@pytest.mark.parametrize("seed", range(5))
def test_reduced_recompressed_brightened_copy_matches(client: MatchClient, seed: int) -> None:
    original = draw(seed)
    client.emulator.add_to_test_list(encode(original))
    smaller = original.resize((original.width * 6 // 10, original.height * 6 // 10))
    copy = encode(ImageEnhance.Brightness(smaller).enhance(1.1), "JPEG", quality=40)

    found = read_flags(client.by_value(copy, "jpeg"))

    assert 0 < found[0]["MatchDistance"] <= 31


@pytest.mark.parametrize("turn", list(Image.Transpose))
def test_turned_or_mirrored_copy_matches(client: MatchClient, turn: Image.Transpose) -> None:
    client.emulator.add_to_test_list(encode(draw(1)))

    assert read_flags(client.by_value(encode(draw(1).transpose(turn))))


def test_unrelated_pictures_do_not_match(client: MatchClient) -> None:
    for seed in range(10):
        client.emulator.add_to_test_list(encode(draw(seed)))

    found = [read_flags(client.by_value(encode(draw(seed)))) for seed in range(100, 110)]

    assert found == [[]] * 10


def test_several_sources_match_at_once(client: MatchClient) -> None:
    picture = encode(draw(1))
    client.emulator.add_to_test_list(picture)
    client.emulator.add_to_test_list(picture, source="Emulated")

    assert {flag["Source"] for flag in read_flags(client.by_value(picture))} == {"Test", "Emulated"}


def test_rendition_of_a_listed_picture_of_megabytes_matches(client: MatchClient) -> None:
    large = draw(1, (2400, 1800))
    original = encode(large, "BMP")
    client.emulator.add_to_test_list(original)

    assert len(original) > 4 * 1024 * 1024
    assert read_flags(client.by_value(encode(large.resize((800, 600)), "JPEG"), "jpeg"))


@pytest.mark.parametrize("kind", ["GIF", "TIFF"])
def test_first_frame_of_many_is_compared(client: MatchClient, kind: str) -> None:
    client.emulator.add_to_test_list(encode(draw(1)))

    first = client.by_value(encode(draw(1), kind, save_all=True, append_images=[draw(2)]), kind.lower())
    second = client.by_value(encode(draw(2), kind, save_all=True, append_images=[draw(1)]), kind.lower())

    assert read_flags(first)
    assert not read_flags(second)


def test_plain_pictures_are_neither_listed_nor_matched(client: MatchClient) -> None:
    plain = encode(Image.new("RGB", (300, 300), "grey"))

    with pytest.raises(ValueError, match="too plain"):
        client.emulator.add_to_test_list(plain)

    assert read_flags(client.by_value(plain)) == []


def test_copy_that_faded_until_it_is_plain_does_not_match(client: MatchClient) -> None:
    client.emulator.add_to_test_list(encode(draw(1)))

    faded = ImageEnhance.Contrast(draw(1)).enhance(0.03)

    assert read_flags(client.by_value(encode(faded))) == []


def test_undecodable_file_is_not_listed(client: MatchClient) -> None:
    with pytest.raises(ValueError, match="not a picture"):
        client.emulator.add_to_test_list(b"hello")


def test_unknown_violations_are_not_listed(client: MatchClient) -> None:
    with pytest.raises(ValueError, match="violations must be of A1, A2, B1, B2"):
        client.emulator.add_to_test_list(encode(draw(1)), violations=["C9"])


def test_cleared_list_matches_nothing(client: MatchClient) -> None:
    picture = encode(draw(1))
    client.emulator.add_to_test_list(picture)

    client.emulator.clear_test_list()

    assert read_flags(client.by_value(picture)) == []


def test_pictures_of_the_test_list_folder_match_with_source_test(
    start_emulator: Callable[..., Any], tmp_path: Path
) -> None:
    draw(5).save(tmp_path / "sample.png")
    (tmp_path / ".DS_Store").write_bytes(b"not a picture")

    with start_emulator(10, test_list=tmp_path) as client:
        found = read_flags(client.by_value(encode(draw(5), "JPEG"), "jpeg"))

    assert [(flag["Source"], flag["AdvancedInfo"][0]["Value"]) for flag in found] == [("Test", "sample")]
