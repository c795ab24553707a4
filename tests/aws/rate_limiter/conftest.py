"""A table without dates, and a time that passes only in sleep()."""

from typing import Any

import pytest

from photodna_guard.rate_limiter.limiter import RateLimiter
from tests.aws.rate_limiter.limiters import SteppedTime, a_limiter


@pytest.fixture
def time() -> SteppedTime:
    return SteppedTime()


@pytest.fixture
def dynamodb(dynamodb: Any) -> Any:
    """Remove the date from each response: moto's is the machine's, and differs from the test's time."""

    def remove_date(parsed: Any, **_: Any) -> None:
        parsed["ResponseMetadata"]["HTTPHeaders"].pop("date", None)

    dynamodb.meta.events.register("after-call.dynamodb", remove_date)
    return dynamodb


@pytest.fixture
def limiter(dynamodb: Any, rate_limiter_table: str, time: SteppedTime) -> RateLimiter:
    return a_limiter(dynamodb, time)
