"""The fixtures of tests/aws/rate_limiter, over the DynamoDB of the folder above."""

from tests.aws.rate_limiter.conftest import dynamodb, limiter, time  # noqa: F401
