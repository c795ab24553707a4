"""tests/aws/rate_limiter/test_simulated_item.py against DynamoDB Local."""

from tests.aws.rate_limiter.test_simulated_item import *  # noqa: F403
