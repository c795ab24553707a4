"""The fixtures of the emulator's tests: a running emulator, and an origin for the pictures that it fetches."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from local.match.control import Emulator, running_emulator
from tests.local.match.match_client import KEY, MatchClient, Origin, serve


@pytest.fixture
def origin() -> Iterator[Origin]:
    with serve(Origin()) as origin:
        yield origin


@pytest.fixture(scope="module")
def _fast_emulator() -> Iterator[Emulator]:
    with running_emulator(rate=1000, key=KEY) as emulator:
        yield emulator


@pytest.fixture
def client(_fast_emulator: Emulator) -> Iterator[MatchClient]:
    """Return a client of an emulator in its initial state, whose rate limit is too high to matter."""
    _fast_emulator.settings(rate=1000, key=KEY, latency=0.0, quota_retry_after=None, failures=[])
    _fast_emulator.clear()
    _fast_emulator.clear_test_list()
    client = MatchClient(_fast_emulator)
    yield client
    client.session.close()


@pytest.fixture
def start_emulator() -> Callable[..., Any]:
    """Return a function that starts an emulator with a rate limit, and returns its client."""

    @contextmanager
    def start(rate: float, **options: Any) -> Iterator[MatchClient]:
        with running_emulator(rate=rate, key=KEY, **options) as emulator:
            yield MatchClient(emulator)

    return start
