"""tests/aws/test_upload_bucket.py against SeaweedFS."""

from tests.aws.test_upload_bucket import *  # noqa: F403
