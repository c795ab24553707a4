"""tests/aws/rate_limiter/test_rate_limiter_clock.py against DynamoDB Local."""

from tests.aws.rate_limiter.test_rate_limiter_clock import *  # noqa: F403
