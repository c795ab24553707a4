"""detect-secrets plugins for this project's secrets: the subscription key and presigned URLs, quoted or not."""

import re

from detect_secrets.plugins.base import RegexBasedDetector


class SubscriptionKeyDetector(RegexBasedDetector):
    """The Match service's key: 32 hexadecimal digits after the words `subscription key`."""

    secret_type = "PhotoDNA subscription key"  # pragma: allowlist secret - a name
    denylist = (re.compile(r"subscription[-_ ]?key[^0-9a-zA-Z]{1,6}([0-9a-f]{32})\b", re.IGNORECASE),)


class PresignedUrlDetector(RegexBasedDetector):
    """The signature of a presigned URL, which permits reading the upload."""

    secret_type = "presigned URL"  # pragma: allowlist secret - a name
    denylist = (re.compile(r"X-Amz-Signature(?:=|%3D)([0-9a-f]{64})", re.IGNORECASE),)
