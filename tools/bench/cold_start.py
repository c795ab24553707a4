"""Importing and wiring on_upload, against what its libraries and clients cost by themselves.

Both in fresh processes, in turn, so that a machine which speeds up or slows down does so for both.
"""

import os
import statistics
import subprocess
import sys
from typing import Any

from tests.environment import GOOD

GOAL = 1.25
ROUNDS = 15

_BASELINE = """
import boto3, requests
from aws_lambda_powertools import Logger, Metrics
from botocore.config import Config
Logger(), Metrics()
session = boto3.Session()
for service in ("s3", "sqs", "dynamodb", "secretsmanager", "events"):
    session.client(service, config=Config(signature_version="s3v4", retries={"mode": "standard"}))
"""
_OURS = "import photodna_guard.handlers.on_upload"
_TIMED = "import time; began = time.perf_counter()\n{}\nprint(time.perf_counter() - began)"

ENVIRONMENT = GOOD | {
    "AWS_LAMBDA_FUNCTION_NAME": "on-upload",  # so that it is wired at import, as in Lambda
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
    "POWERTOOLS_METRICS_NAMESPACE": "bench",
}


def run() -> dict[str, Any]:
    """Medians in seconds, and the median of the ratios pair by pair."""
    _seconds(_OURS), _seconds(_BASELINE)  # writes the .pyc files, warms the disk
    pairs = [(_seconds(_OURS), _seconds(_BASELINE)) for _ in range(ROUNDS)]
    ratio = statistics.median(ours / baseline for ours, baseline in pairs)
    return {
        "on_upload_seconds": round(statistics.median(ours for ours, _ in pairs), 4),
        "libraries_seconds": round(statistics.median(baseline for _, baseline in pairs), 4),
        "ratio": round(ratio, 3),
        "goal": GOAL,
        "reached": ratio <= GOAL,
    }


def _seconds(program: str) -> float:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": "src", **ENVIRONMENT}
    argv = [sys.executable, "-c", _TIMED.format(program)]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=True)
    return float(done.stdout)
