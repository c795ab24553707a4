"""tests/aws/test_results_table_reopened.py against DynamoDB Local."""

from tests.aws.test_results_table_reopened import *  # noqa: F403
