"""The functions of the toy stack: each does what its event asks for."""

import json
import os
import random
import subprocess
import sys
import time
from typing import Any

# An environment of its own has its own of these.
INITIALIZED_IN = os.getpid()


def probe(event: dict[str, Any], context: Any) -> Any:
    if "sleep" in event:
        time.sleep(event["sleep"])
    if "exit" in event:
        os._exit(event["exit"])
    if "raise" in event:
        raise ValueError(event["raise"])
    if "unserialisable" in event:
        return {1, 2}
    if "run" in event:
        return subprocess.run(event["run"], check=False).returncode  # noqa: S603
    print("printed by the handler")
    return {
        "initialized_in": INITIALIZED_IN,
        "random": random.random(),
        "descriptors": os.listdir("/dev/fd"),
        "pid": os.getpid(),
        "environment": dict(os.environ),
        "modules": sorted(sys.modules),
        "stdin": sys.stdin.read(),
        "remaining": context.get_remaining_time_in_millis(),
        "context": {k: v for k, v in vars(context).items() if not k.startswith("_")},
    }


def failing(event: Any, context: Any) -> None:
    raise RuntimeError("no luck")


def witness(event: Any, context: Any) -> None:
    import boto3

    url = os.environ["SEEN_QUEUE_URL"]
    boto3.client("sqs").send_message(QueueUrl=url, MessageBody=json.dumps(event))


def worker(event: Any, context: Any) -> Any:
    bodies = [(record["messageId"], json.loads(record["body"])) for record in event["Records"]]
    time.sleep(max(body.get("hold", 0) for _, body in bodies))
    for _, body in bodies:
        if "raise" in body:
            raise RuntimeError(body["raise"])
        if "answer" in body:
            return body["answer"]
    return {"batchItemFailures": [{"itemIdentifier": i} for i, body in bodies if "fail" in body]}
