"""tests/aws/test_unsettled_index.py against DynamoDB Local."""

from tests.aws.test_unsettled_index import *  # noqa: F403
