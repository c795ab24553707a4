"""A worker of a common integration: one request at a time, limited by nothing or by a counter that it reads first."""

import json
import sys
import time
from typing import Any

import boto3
import requests

from local.aws.clients import CREDENTIALS, REGION
from tools.bench.rate.backlog import encode_small_picture


def main() -> None:
    """Send until the time is over, then print {"ended": true}. The settings are JSON: see baselines.py."""
    settings = json.loads(sys.argv[1])
    client = boto3.session.Session(*CREDENTIALS, region_name=REGION).client("dynamodb", endpoint_url=settings["aws"])
    session, body = requests.Session(), encode_small_picture()
    session.trust_env = False
    headers = {"Ocp-Apim-Subscription-Key": settings["key"], "Content-Type": "image/jpeg"}
    time.sleep(max(0.0, settings["begin"] - time.time()))
    while time.time() < settings["begin"] + settings["seconds"]:
        if settings["strategy"] == "counter" and not _count_request(client, settings):
            time.sleep(1 - time.time() % 1)
            continue
        response = session.post(settings["endpoint"], data=body, headers=headers, timeout=60)
        if response.status_code == 429:
            time.sleep(float(response.headers.get("Retry-After", 1)))
    print(json.dumps({"ended": True}), flush=True)


def _count_request(client: Any, settings: dict[str, Any]) -> bool:
    """Read this second's count and write one more, without a condition: two workers can read the same count."""
    key = {"second": {"S": str(int(time.time()))}}
    item = client.get_item(TableName=settings["table"], Key=key, ConsistentRead=True).get("Item", {})
    count = int(item.get("count", {}).get("N", 0))
    if count >= settings["limit"]:
        return False
    client.put_item(TableName=settings["table"], Item={**key, "count": {"N": str(count + 1)}})
    return True


if __name__ == "__main__":
    main()
