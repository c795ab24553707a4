"""tests/aws/test_results_table_settled.py against DynamoDB Local."""

from tests.aws.test_results_table_settled import *  # noqa: F403
