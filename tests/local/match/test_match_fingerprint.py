"""The hash of a picture, and the structure that it needs."""

import subprocess
import sys
from pathlib import Path

import imagehash
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from local.match.fingerprint import MIN_STRUCTURE, fingerprint
from local.match.hash_list import THRESHOLD
from tests.local.match.drawing import draw


def test_first_hash_is_the_one_of_imagehash() -> None:
    expected = str(imagehash.phash(draw(1), hash_size=16))

    assert f"{fingerprint(draw(1)).hashes[0]:064x}" == expected


@pytest.mark.parametrize("turn", list(Image.Transpose))
def test_hash_of_a_turned_picture_is_among_the_eight(turn: Image.Transpose) -> None:
    hashes = fingerprint(draw(1)).hashes
    turned = fingerprint(draw(1).transpose(turn)).hashes[0]

    nearest = min((turned ^ one).bit_count() for one in hashes)

    assert len(set(hashes)) == 8
    assert nearest <= 4


def test_unrelated_pictures_are_beyond_the_threshold_in_every_orientation() -> None:
    prints = [fingerprint(draw(seed)).hashes for seed in range(40)]

    nearest = min(
        (one ^ wanted[0]).bit_count()
        for number, known in enumerate(prints)
        for wanted in prints[:number]
        for one in known
    )

    assert nearest > 2 * THRESHOLD


@pytest.mark.parametrize("angle", [0, 30, 45, 90])
def test_even_gradient_is_plain_at_any_angle(angle: int) -> None:
    ramp = np.linspace(0, 1, 400) * np.cos(np.radians(angle))
    across = ramp[None, :] + (np.linspace(0, 1, 300) * np.sin(np.radians(angle)))[:, None]
    grey = (across / across.max() * 255).astype(np.uint8)

    assert not fingerprint(Image.fromarray(grey)).is_usable


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_flat_picture_has_no_structure(grey: int) -> None:
    assert fingerprint(Image.new("RGB", (300, 300), (grey,) * 3)).structure == pytest.approx(0, abs=1e-9)


def test_stripes_are_plain() -> None:
    stripes = Image.new("L", (300, 300), "white")
    for left in range(0, 300, 50):
        ImageDraw.Draw(stripes).rectangle((left, 0, left + 20, 300), fill="black")

    assert not fingerprint(stripes).is_usable


def test_small_shape_on_a_plain_surface_is_enough_structure() -> None:
    picture = Image.new("RGB", (400, 300), "white")
    ImageDraw.Draw(picture).ellipse((190, 140, 210, 160), fill="black")

    assert fingerprint(picture).is_usable


def test_structure_is_measured_in_grey_levels() -> None:
    quarters = Image.new("L", (2, 2))
    quarters.putdata([100, 140, 140, 100])

    enlarged = quarters.resize((512, 512), Image.Resampling.NEAREST)

    assert fingerprint(enlarged).structure == pytest.approx(20, abs=1)


@pytest.mark.parametrize("seed", range(10))
def test_faded_copy_matches_unless_it_is_too_plain(seed: int) -> None:
    original = fingerprint(draw(seed)).hashes[0]
    faded = [fingerprint(ImageEnhance.Contrast(draw(seed)).enhance(share / 100)) for share in range(2, 40, 2)]

    distances = [(original ^ one.hashes[0]).bit_count() for one in faded if one.is_usable]

    assert max(distances) <= THRESHOLD
    assert faded[0].structure < MIN_STRUCTURE < faded[-1].structure


def test_blurred_copy_is_within_the_threshold() -> None:
    blurred = draw(1).filter(ImageFilter.GaussianBlur(3))

    assert (fingerprint(draw(1)).hashes[0] ^ fingerprint(blurred).hashes[0]).bit_count() <= THRESHOLD


def test_hash_after_the_start_imports_no_module(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("This file is no picture, so main returns before it listens.")
    code = (
        "import sys; from PIL import Image; from local.match.__main__ import main\n"
        "assert main(['--key', 'key', '--test-list', sys.argv[1]]) == 2; before = set(sys.modules)\n"
        "from local.match.fingerprint import fingerprint\n"
        "fingerprint(Image.new('L', (9, 9))); print(sorted(set(sys.modules) - before))"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]

    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[3])  # noqa: S603

    assert done.stdout.strip() == "[]"
