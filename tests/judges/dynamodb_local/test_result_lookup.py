"""tests/aws/test_result_lookup.py against DynamoDB Local."""

from tests.aws.test_result_lookup import *  # noqa: F403
