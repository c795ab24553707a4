"""tests/aws/test_status_tags.py against SeaweedFS."""

from tests.aws.test_status_tags import *  # noqa: F403
