"""The previews: of drawn pictures only, and never of a match."""

import base64
import io

from PIL import Image

from local.demo.picture import QUARANTINED, UNSCANNABLE
from local.demo.thumbnail import make_preview
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


def test_a_users_picture_is_never_shown() -> None:
    assert make_preview(factories.picture(content=JPEG), "CLEAN") is None


def test_a_picture_without_a_verdict_is_not_shown() -> None:
    assert make_preview(factories.picture(content=JPEG, drawn=True), "") is None


def test_a_16_bit_picture_is_not_shown_as_white() -> None:
    deep = draw(1, (64, 64)).convert("L").convert("I").point(lambda value: value * 257).convert("I;16")
    white = encode(draw(1, (64, 64)).convert("L").point(lambda _: 255).convert("I;16"), "PNG")

    shown = make_preview(
        factories.picture(content=encode(deep, "PNG"), drawn=True, expected=UNSCANNABLE), "UNSCANNABLE"
    )

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
