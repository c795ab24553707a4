"""imaging/: what any viewer opens as a picture is never readable without a verdict. Random disguises try it."""

import pytest

from tests.imaging.disguises import Disguiser
from tests.imaging.readability import is_readable
from tests.imaging.viewers import open_as_picture

# Of the inputs that are not readable, one of so many is opened too: the test must try pictures, and not only rubble.
_SAMPLE = 50


@pytest.mark.parametrize(
    ("seed", "count"), [(12, 500), *(pytest.param(seed, 5_000, marks=pytest.mark.slow) for seed in (1, 2, 3, 4))]
)
def test_nothing_readable_is_opened_as_a_picture(seed: int, count: int) -> None:
    disguiser = Disguiser(seed)
    opened = tried = 0
    for i in range(count):
        data = disguiser.make()
        if is_readable(data):
            assert open_as_picture(data) is None, f"seed {seed}, input {i}: {data[:300]!r}"
        elif i % _SAMPLE == 0:
            tried += 1
            opened += open_as_picture(data) is not None
    assert opened > tried / 10
