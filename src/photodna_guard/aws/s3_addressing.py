"""How S3 is addressed: by its regional endpoint, with the bucket in the host's name."""

from collections.abc import Mapping
from typing import Any

from botocore.config import Config

# botocore presigns for S3's global endpoint unless both are set. Regions opened after March 2019 answer requests to the
# global endpoint with 400, and others redirect those to a new bucket, for whose host the URL is not signed (Amazon S3
# User Guide, "Making requests": "Request routing").
_REGIONAL: Any = {"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"}
_ENDPOINT_VARIABLES = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")


def s3_config(environment: Mapping[str, str]) -> Config:
    """Return the settings of an S3 client that presigns URLs.

    `environment`: the process's. Where it names an endpoint, that host has no name for each bucket, and botocore puts
    the bucket into the path. It does so in a region as well for a name with dots, which no certificate of S3 covers.
    """
    # boto3's default signature for presigned URLs is version 2.
    if any(environment.get(name) for name in _ENDPOINT_VARIABLES):
        return Config(signature_version="s3v4")
    return Config(signature_version="s3v4", s3=_REGIONAL)
