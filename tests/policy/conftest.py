"""The embedded cloud of these tests only: its deliberate refusals must not count as the application's."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from local.aws.policy.stack_policies import StackPolicies
from local.pictures import draw, encode
from local.stack import PERMISSIONS_DIR, EmbeddedCloud
from tests.policy.deployed import UPLOADS, Deployed, gate_statements
from tests.policy.gated_bucket import make_policies_of_statements
from tests.support.waiting import wait_until


@pytest.fixture(scope="session")
def unrecorded() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(PERMISSIONS_DIR, raising=False)
        yield


@pytest.fixture(scope="session")
def cloud(unrecorded: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedCloud]:
    # Slots are missed on a busy machine. These tests are not about the rate, so the margin is wide.
    wide = {"RateMarginMs": "1000"}
    logs = tmp_path_factory.mktemp("gate")
    with EmbeddedCloud(rate=100, latency=0.0, parameters=wide, log_dir=logs) as running:
        yield running


@pytest.fixture(scope="session")
def match(cloud: EmbeddedCloud) -> bytes:
    """Return a picture that the emulator matches."""
    picture = encode(draw(911), "JPEG")
    assert cloud.emulator
    cloud.emulator.add_to_test_list(picture, match_id="m-1", violations=["A1"])
    return picture


@pytest.fixture
def eventually() -> Callable[..., Any]:
    return partial(wait_until, seconds=60)


@pytest.fixture(params=["bucket of the stack", "existing bucket"])
def gated(request: pytest.FixtureRequest) -> StackPolicies:
    """Return the policies as deployed, and as an operator pastes the output into the policy of a bucket."""
    if request.param == "bucket of the stack":
        return Deployed().policies()
    return make_policies_of_statements(gate_statements(Deployed(), UPLOADS))
