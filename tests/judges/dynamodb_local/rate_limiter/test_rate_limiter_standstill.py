"""tests/aws/rate_limiter/test_rate_limiter_standstill.py against DynamoDB Local."""

from tests.aws.rate_limiter.test_rate_limiter_standstill import *  # noqa: F403
