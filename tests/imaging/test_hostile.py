"""The renderer, with its child, and damaged files of every format: a result or a reason, in time and in memory.

HOSTILE_INPUTS says how many files the slow test tries.
"""

import os
import random
from functools import cache
from pathlib import Path

import pytest

from photodna_guard.domain.errors import UnscannableError
from photodna_guard.imaging.renderer import Renderer
from tests.imaging.child_usage import read_peak, read_processor_seconds
from tests.imaging.conftest import ENLARGE_FROM, MAX_FRAMES
from tests.imaging.variants.every import VARIANTS
from tests.imaging.variants.variant import LISTED_SEED, Subject, Variant

# Of the processor, for one file. The child's own limit ends it then.
MAX_SECONDS = 5.0
# What the child may allocate by default: a header may claim more pixels than any picture of a user has.
MAX_MEGABYTES = 804
# Larger ones are slow to write so often.
_MAX_BYTES = 400_000
_INPUTS = int(os.environ.get("HOSTILE_INPUTS", "3000"))


@cache
def _make_files(few: bool) -> list[tuple[Variant, bytes]]:
    variants = [variant for variant in VARIANTS if not variant.slow][:: 9 if few else 1]
    made = [(variant, variant.make(Subject(LISTED_SEED))) for variant in variants]
    return [(variant, content) for variant, content in made if len(content) < _MAX_BYTES]


def _damage(content: bytes, other: bytes, dice: random.Random) -> bytes:
    """Return the file cut off, with some bytes changed, with some replaced by others, or with another's end."""
    damaged, at, kind = bytearray(content), dice.randrange(min(len(content), len(other))), dice.random()
    if kind < 0.25:
        return content[:at]
    if kind < 0.35:
        return content[:at] + other[at:]
    if kind < 0.45:
        damaged[at : at + dice.randrange(64)] = dice.randbytes(dice.randrange(64))
        return bytes(damaged)
    reach = min(len(damaged), dice.choice((64, 512, 4096, len(damaged))))
    for _ in range(dice.choice((1, 1, 2, 4, 16, 64))):
        place = dice.randrange(reach)
        damaged[place] = dice.choice((0, 127, 128, 255, dice.randrange(256), damaged[place] ^ 1 << dice.randrange(8)))
    return bytes(damaged)


def _render(renderer: Renderer, variant: Variant, file: Path) -> tuple[bool, float, int]:
    """Return whether renditions were made, the seconds that it took of the processor, and the child's peak in MB.

    Anything but UnscannableError fails the test. A child that has ended leaves no figures.
    """
    child = renderer.process_id
    before = read_processor_seconds(child) if child else 0.0
    try:
        renderer.render(file, variant.content_type, variant.content_encoding)
        is_rendered = True
    except UnscannableError:
        is_rendered = False
    if renderer.process_id is None:
        return is_rendered, 0.0, 0
    used = read_processor_seconds(renderer.process_id) - (before if renderer.process_id == child else 0.0)
    return is_rendered, used, read_peak(renderer.process_id)


@pytest.mark.parametrize(("seed", "count"), [(1, 150), pytest.param(2, _INPUTS, marks=pytest.mark.slow)])
def test_damaged_file_ends_in_a_result_or_a_reason(seed: int, count: int, tmp_path: Path) -> None:
    dice, files = random.Random(seed), _make_files(count <= 150)
    renderer, file = Renderer(MAX_FRAMES, ENLARGE_FROM), tmp_path / "object"
    rendered = peak = 0
    slowest = 0.0
    for _ in range(count):
        (variant, content), (_other, end) = dice.choice(files), dice.choice(files)
        file.write_bytes(_damage(content, end, dice))
        is_rendered, seconds, megabytes = _render(renderer, variant, file)
        rendered, slowest, peak = rendered + is_rendered, max(slowest, seconds), max(peak, megabytes)
    renderer.close()
    print(f"{count} files, {rendered} rendered, slowest {slowest:.2f} s, the child's peak {peak} MB")
    assert count / 10 < rendered < count
    assert slowest < MAX_SECONDS
    assert peak < MAX_MEGABYTES
