"""The text that `make up` prints at its start, and the line of each result (pure)."""

from __future__ import annotations

from pathlib import Path

from local.console.results import Result
from local.stack import Endpoints
from local.up_files import ENDPOINTS, ENVIRONMENT

EXAMPLE = Path("holiday.jpg")


def format_introduction(at: Endpoints, log: Path, page: str) -> str:
    """Format the text that says how to upload, and where the page, the results and the logs are."""
    return f"""
The embedded cloud is running: an emulation of S3, SQS, DynamoDB and Lambda, and of the Match operation.

  page       {page}     (drop a picture on it)
  endpoint   {at.aws_endpoint_url}     (any credentials, region {at.region})
  upload to  {at.upload_bucket}
  results    {at.results_table}
  Match      {at.match_endpoint}

Upload with the AWS CLI, in bash or zsh:
  set -a; . {ENVIRONMENT}; set +a
  aws s3 cp {EXAMPLE} s3://$UPLOAD_BUCKET/

or with an S3 client that does not read these variables:
  AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any AWS_REGION={at.region} \\
    aws s3 cp --endpoint-url {at.aws_endpoint_url} {EXAMPLE} s3://{at.upload_bucket}/

or with Python:
  import boto3
  s3 = boto3.client("s3", endpoint_url="{at.aws_endpoint_url}", region_name="{at.region}",
                    aws_access_key_id="any", aws_secret_access_key="any")
  s3.upload_file("{EXAMPLE}", "{at.upload_bucket}", "{EXAMPLE}")

Look at the result, and at the stack:
  .venv/bin/guardctl show s3://{at.upload_bucket}/{EXAMPLE}
  .venv/bin/guardctl status

{ENDPOINTS} has these values for programs. The functions log to {log}. Ctrl-C stops the cloud.
Each upload is printed here when it is settled or has to wait:
"""


def format_result(result: Result) -> str:
    """Format one result as a line: its time, status, key and reason."""
    key = result["upload"].partition("/")[2]
    when = result.get("settled_at") or result["received_at"]
    return "  ".join(filter(None, [when, f"{result['status']:<12}", key, result.get("reason")]))
