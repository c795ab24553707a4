"""tests/aws/test_results_table_match.py against DynamoDB Local."""

from tests.aws.test_results_table_match import *  # noqa: F403
