"""A worker as integrations usually have it: one request at a time, paced by nothing or by a counter it reads first."""

import json
import sys
import time
from typing import Any

import boto3
import requests

from local.aws.embedded import CREDENTIALS, REGION
from tools.bench.rate.backlog import picture


def main() -> None:
    """Its argument is JSON: see usual_ways.py. Says so on standard output when it has ended."""
    told = json.loads(sys.argv[1])
    client = boto3.session.Session(*CREDENTIALS, region_name=REGION).client("dynamodb", endpoint_url=told["aws"])
    session, body = requests.Session(), picture()
    session.trust_env = False
    headers = {"Ocp-Apim-Subscription-Key": told["key"], "Content-Type": "image/jpeg"}
    time.sleep(max(0.0, told["begin"] - time.time()))
    while time.time() < told["begin"] + told["seconds"]:
        if told["way"] == "counter" and not _counted(client, told):
            time.sleep(1 - time.time() % 1)
            continue
        answer = session.post(told["endpoint"], data=body, headers=headers, timeout=60)
        if answer.status_code == 429:
            time.sleep(float(answer.headers.get("Retry-After", 1)))
    print(json.dumps({"ended": True}), flush=True)


def _counted(client: Any, told: dict[str, Any]) -> bool:
    """Reads this second's count and writes one more: between the two others read the same number."""
    key = {"second": {"S": str(int(time.time()))}}
    item = client.get_item(TableName=told["table"], Key=key, ConsistentRead=True).get("Item", {})
    count = int(item.get("count", {}).get("N", 0))
    if count >= told["limit"]:
        return False
    client.put_item(TableName=told["table"], Item={**key, "count": {"N": str(count + 1)}})
    return True


if __name__ == "__main__":
    main()
