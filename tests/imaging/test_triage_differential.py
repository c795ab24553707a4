"""imaging/: what any viewer opens as a picture is never readable without a verdict. Random disguises try it."""

import gzip
import random
import zlib
from collections.abc import Callable

import brotli
import pytest

from tests.imaging.disguises import Disguiser
from tests.imaging.readability import is_readable
from tests.imaging.viewers import open_as_picture

# Of the inputs that are not readable, one of so many is opened too: the test must try pictures, and not only rubble.
_SAMPLE = 20
_CONTENT_TYPES = ("", "image/jpeg", "text/plain", "text/html", "image/svg+xml")
# Names of Content-Encodings, what is applied, and how often: mostly none.
_ENCODINGS: tuple[tuple[str, Callable[[bytes], bytes]], ...] = (
    *[("", bytes)] * 12,
    ("utf-8", bytes),
    ("gzip", bytes),
    ("deflate", bytes),
    ("gzip", gzip.compress),
    ("deflate", zlib.compress),
    ("br", lambda data: brotli.compress(data, quality=1)),
)


@pytest.mark.parametrize(
    ("seed", "count"), [(12, 500), *(pytest.param(seed, 5_000, marks=pytest.mark.slow) for seed in (1, 2, 3, 4))]
)
def test_nothing_readable_is_opened_as_a_picture(seed: int, count: int) -> None:
    disguiser, dice = Disguiser(seed), random.Random(seed)
    opened = tried = 0
    for i in range(count):
        data = disguiser.make()
        content_type, (encoding, encode) = dice.choice(_CONTENT_TYPES), dice.choice(_ENCODINGS)
        if is_readable(encode(data), content_type, encoding):
            assert open_as_picture(data) is None, f"seed {seed}, input {i}, {encoding}: {data[:300]!r}"
        elif i % _SAMPLE == 0:
            tried += 1
            opened += open_as_picture(data) is not None
    assert opened > tried / 10
