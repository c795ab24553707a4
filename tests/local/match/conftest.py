"""The fixtures of the emulator's tests: drawn pictures, a running emulator, an origin to fetch from."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import pytest
from PIL import Image, ImageDraw

from local.match.control import Emulator, running_emulator
from tests.local.match.match_client import KEY, Client, Draw, Origin, serving


def _draw(seed: int, size: tuple[int, int] = (400, 300)) -> Image.Image:
    """A coarse random field, smoothly enlarged, under a few shapes: much for a hash to hold on to."""
    chance = random.Random(seed)
    field = Image.frombytes("RGB", (6, 5), chance.randbytes(6 * 5 * 3))
    image = field.resize(size, Image.Resampling.BICUBIC)
    pen = ImageDraw.Draw(image)
    for _ in range(6):
        x, y = chance.randrange(size[0]), chance.randrange(size[1])
        reach = chance.randrange(min(size) // 10, min(size) // 3)
        pen.ellipse((x - reach, y - reach, x + reach, y + reach), fill=tuple(chance.randbytes(3)))
    return image


def _encode(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


@pytest.fixture(scope="session")
def draw() -> Draw:
    return _draw


@pytest.fixture(scope="session")
def encode() -> Callable[..., bytes]:
    return _encode


@pytest.fixture
def origin() -> Iterator[Origin]:
    with serving(Origin()) as origin:
        yield origin


@pytest.fixture(scope="module")
def _fast_emulator() -> Iterator[Emulator]:
    with running_emulator(rate=1000, key=KEY) as emulator:
        yield emulator


@pytest.fixture
def match(_fast_emulator: Emulator) -> Iterator[Client]:
    """A client of an emulator whose limit does not matter, as if freshly started."""
    _fast_emulator.settings(rate=1000, key=KEY, latency=0.0, quota_retry_after=None, failures=[])
    _fast_emulator.clear()
    _fast_emulator.clear_test_list()
    client = Client(_fast_emulator)
    yield client
    client.session.close()


@pytest.fixture
def at_rate() -> Callable[..., Any]:
    """Starts an emulator of its own for a test that needs the limit."""

    @contextmanager
    def start(rate: float, **options: Any) -> Iterator[Client]:
        with running_emulator(rate=rate, key=KEY, **options) as emulator:
            yield Client(emulator)

    return start


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], bool]:
    def wait(is_so: Callable[[], bool], seconds: float = 10) -> bool:
        end = time.monotonic() + seconds
        while not is_so() and time.monotonic() < end:
            time.sleep(0.02)
        return is_so()

    return wait
