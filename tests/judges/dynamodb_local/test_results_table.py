"""tests/aws/test_results_table.py against DynamoDB Local."""

from tests.aws.test_results_table import *  # noqa: F403
