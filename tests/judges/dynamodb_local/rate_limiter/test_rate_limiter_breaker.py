"""tests/aws/rate_limiter/test_rate_limiter_breaker.py against DynamoDB Local."""

from tests.aws.rate_limiter.test_rate_limiter_breaker import *  # noqa: F403
