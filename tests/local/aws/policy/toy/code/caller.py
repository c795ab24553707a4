"""Makes the call that its event names, and returns the error code and HTTP status; None if it succeeds."""

from typing import Any


def call(event: dict[str, Any], context: Any) -> Any:
    import boto3
    from botocore.config import Config
    from botocore.exceptions import ClientError

    client = boto3.client(event["service"], config=Config(retries={"total_max_attempts": 1}))
    try:
        getattr(client, event["operation"])(**event["parameters"])
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
    return None
