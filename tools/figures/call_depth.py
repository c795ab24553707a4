"""Count the frames of the deployed code between the Lambda handler and its first S3 call.

    python -m tools.figures.call_depth TEMPLATE SOURCE HANDLER

The handler runs against moto, with the environment that the template gives it, and stops at the first S3 call.
Frames are counted in the thread that makes the call.
"""

import importlib
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Any

import boto3
import botocore.handlers
from moto import mock_aws
from samtranslator.yaml_helper import yaml_parse

_BUCKET = "uploads"
_OVERRIDES = {
    # The template's default is the real service. No figure needs a request to it.
    "MATCH_ENDPOINT": "https://match.invalid/",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "POWERTOOLS_METRICS_NAMESPACE": "figures",
}


def main(arguments: list[str]) -> int:
    """Print the functions from the handler to the first S3 call as JSON. The exit status is 1 without such a call."""
    sam = yaml_parse(Path(arguments[0]).read_text(encoding="utf-8"))
    source, handler = Path(arguments[1]).resolve(), arguments[2]
    os.environ.update(function_environment(sam) | _OVERRIDES)
    botocore.handlers.BUILTIN_HANDLERS.append(("provide-client-params.s3", _Reporter(source)))
    with mock_aws():
        _create_tables(sam)
        importlib.import_module(handler).handler(upload_event(_BUCKET, "a.jpg"), None)
    return 1


def function_environment(sam: Mapping[str, Any]) -> dict[str, str]:
    """Return the functions' shared environment variables. A resource's value is its logical id."""
    variables = sam["Globals"]["Function"]["Environment"]["Variables"]
    return {name: _resolve(value, sam.get("Parameters", {})) for name, value in variables.items()}


def upload_event(bucket: str, key: str) -> dict[str, Any]:
    """Return S3's notification of one upload."""
    stored = {"key": key, "eTag": "d41d8cd98f00b204e9800998ecf8427e", "size": 1, "versionId": "v1"}
    record = {"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "eventTime": "2026-01-01T00:00:00.000Z"}
    return {"Records": [record | {"s3": {"bucket": {"name": bucket}, "object": stored | {"sequencer": "01"}}}]}


def functions_within(frame: FrameType | None, source: Path) -> list[str]:
    """Return the functions of the stack whose file is under `source`, outermost first."""
    found = []
    while frame:
        path = Path(frame.f_code.co_filename)
        if source in path.parents:
            found.append(f"{path.relative_to(source)}:{frame.f_code.co_name}")
        frame = frame.f_back
    return found[::-1]


class _Reporter:
    """Prints the stack at the first S3 call and ends the process: what would follow is not measured."""

    def __init__(self, source: Path) -> None:
        self._source = source

    def __call__(self, **_: Any) -> None:
        print(json.dumps(functions_within(sys._getframe(), self._source)), flush=True)
        os._exit(0)


def _resolve(value: Any, parameters: Mapping[str, Any]) -> str:
    if not isinstance(value, Mapping):
        return str(value)
    name = str(value["Ref"])
    default = parameters.get(name, {}).get("Default", name)
    return str(default).lower() if isinstance(default, bool) else str(default)


def _create_tables(sam: Mapping[str, Any]) -> None:
    """Create the tables without their indexes, which no call before S3's reads."""
    dynamodb = boto3.client("dynamodb")
    for name, resource in sam["Resources"].items():
        if resource["Type"] == "AWS::DynamoDB::Table":
            keys = resource["Properties"]["KeySchema"]
            types: Any = [{"AttributeName": key["AttributeName"], "AttributeType": "S"} for key in keys]
            dynamodb.create_table(
                TableName=name, KeySchema=keys, AttributeDefinitions=types, BillingMode="PAY_PER_REQUEST"
            )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
