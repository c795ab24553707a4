"""tests/aws/rate_limiter/test_rate_limiter_pauses.py against DynamoDB Local."""

from tests.aws.rate_limiter.test_rate_limiter_pauses import *  # noqa: F403
