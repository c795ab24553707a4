"""tests/aws/test_results_table_large_match.py against DynamoDB Local."""

from tests.aws.test_results_table_large_match import *  # noqa: F403
