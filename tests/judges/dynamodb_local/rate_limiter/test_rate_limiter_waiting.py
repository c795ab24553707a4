"""tests/aws/rate_limiter/test_rate_limiter_waiting.py against DynamoDB Local."""

from tests.aws.rate_limiter.test_rate_limiter_waiting import *  # noqa: F403
