"""tests/aws/test_deletion_limit.py against DynamoDB Local."""

from tests.aws.test_deletion_limit import *  # noqa: F403
