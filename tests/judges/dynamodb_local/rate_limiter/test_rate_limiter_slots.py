"""tests/aws/rate_limiter/test_rate_limiter_slots.py against DynamoDB Local."""

from tests.aws.rate_limiter.test_rate_limiter_slots import *  # noqa: F403
