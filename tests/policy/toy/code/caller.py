"""Makes the call that its event asks for, and returns AWS's error code; None where there was none."""

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
