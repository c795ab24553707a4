"""The previews: only of pictures with the verdict CLEAN, drawn ones and the user's own, and never of a match."""

import base64
import io
from pathlib import Path

import pytest
from PIL import Image

from local.demo.picture import CLEAN, QUARANTINED, UNSCANNABLE
from local.demo.thumbnail import MAX_PREVIEWS, make_preview, make_previews
from local.pictures import draw, encode
from tests.local.demo import factories
from tests.support.template import ROOT

JPEG = encode(draw(1, (320, 240)), "JPEG")


def test_a_drawn_picture_has_a_small_preview() -> None:
    data = make_preview(factories.picture(content=JPEG, drawn=True), "CLEAN")

    assert data is not None
    assert data.startswith("data:image/jpeg;base64,")
    assert len(data) < 5_000


def test_a_match_is_never_shown() -> None:
    assert make_preview(factories.picture(content=JPEG, drawn=True, expected=QUARANTINED), "CLEAN") is None
    assert make_preview(factories.picture(content=JPEG, drawn=True), "QUARANTINED") is None
    assert make_preview(factories.picture(content=JPEG, drawn=True), "MATCHED") is None


@pytest.mark.parametrize("drawn", [True, False])
@pytest.mark.parametrize(
    "status", ["", "PENDING", "DEFERRED", "MATCHED", "QUARANTINED", "UNSCANNABLE", "SKIPPED", "GONE", "FAILED", "clean"]
)
def test_a_picture_without_the_verdict_clean_is_not_shown(status: str, drawn: bool) -> None:
    anything = CLEAN | QUARANTINED | UNSCANNABLE

    assert make_preview(factories.picture(content=JPEG, drawn=drawn, expected=anything), status) is None


def test_a_users_clean_picture_is_shown_although_it_might_have_matched(tmp_path: Path) -> None:
    (tmp_path / "own.jpg").write_bytes(JPEG)
    own = factories.picture(content=tmp_path / "own.jpg", expected=CLEAN | QUARANTINED)

    assert make_preview(own, "CLEAN")
    assert make_preview(own, "QUARANTINED") is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"just text",
        JPEG[:200],
        encode(draw(2, (200, 160)), "AVIF").replace(b"av01", b"av02", 1),
        encode(Image.new("1", (60, 60)), "XBM"),
        encode(Image.new("1", (8000, 8000)), "PNG"),
    ],
    ids=[
        "empty",
        "text",
        "cut off",
        "AVIF of an unknown codec",
        "a format that the oracle does not list",
        "64 million pixels",
    ],
)
def test_what_is_not_decoded_has_no_preview_and_no_error(content: bytes) -> None:
    assert make_preview(factories.picture(content=content), "CLEAN") is None


def test_a_file_that_vanished_has_no_preview_and_no_error(tmp_path: Path) -> None:
    assert make_preview(factories.picture(content=tmp_path / "gone.jpg"), "CLEAN") is None


@pytest.mark.parametrize(
    "format", ["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "AVIF", "JPEG2000", "ICO", "TGA", "MPO"]
)
def test_a_large_picture_of_each_format_has_a_small_preview(format: str) -> None:
    data = make_preview(factories.picture(content=encode(draw(1, (1600, 1200)), format)), "CLEAN")

    assert data is not None
    assert len(data) < 8_000
    with Image.open(io.BytesIO(base64.b64decode(data.partition(",")[2]))) as preview:
        assert max(preview.size) <= 96


def test_previews_are_of_the_uploads_at_their_places() -> None:
    pictures = [factories.picture(f"{name}.jpg", content=JPEG) for name in "abc"]
    found = make_previews(
        pictures,
        [
            factories.checked_upload(key="c.jpg", status="QUARANTINED"),
            factories.checked_upload(key="a.jpg", as_expected=False),
            factories.checked_upload(key="b.jpg"),
        ],
    )

    assert list(found) == [2]


def test_there_is_a_largest_number_of_previews() -> None:
    checked = [factories.checked_upload()] * (MAX_PREVIEWS + 5)

    found = make_previews([factories.picture(content=encode(draw(1, (60, 60)), "JPEG"))], checked)

    assert list(found) == list(range(MAX_PREVIEWS))


def test_a_16_bit_picture_is_not_shown_as_white() -> None:
    deep = draw(1, (64, 64)).convert("L").convert("I").point(lambda value: value * 257).convert("I;16")
    white = encode(draw(1, (64, 64)).convert("L").point(lambda _: 255).convert("I;16"), "PNG")

    shown = make_preview(factories.picture(content=encode(deep, "PNG"), drawn=True), "CLEAN")

    assert shown is not None
    assert len(shown) > len(make_preview(factories.picture(content=white, drawn=True), "CLEAN") or "") + 100


def test_heic_has_a_preview() -> None:
    content = (ROOT / "local/demo/coded/other.heic").read_bytes()

    assert make_preview(factories.picture(content=content, drawn=True), "CLEAN")


def test_preview_is_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = make_preview(factories.picture(content=encode(draw(1, (320, 240)), "JPEG", exif=exif), drawn=True), "CLEAN")

    assert data is not None
    with Image.open(io.BytesIO(base64.b64decode(data.partition(",")[2]))) as preview:
        assert preview.size == (54, 72)
