"""Compare the import and bootstrap of on_upload with the cost of its libraries and clients alone.

Both run in fresh processes and take turns, so that a change of the machine's speed affects both.
"""

import os
import statistics
import subprocess
import sys
from typing import Any

from tests.support.environment import COMPLETE_ENVIRONMENT

MAX_RATIO = 1.25
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
_APPLICATION = "import photodna_guard.handlers.on_upload"
_TIMED = "import time; began = time.perf_counter()\n{}\nprint(time.perf_counter() - began)"

ENVIRONMENT = COMPLETE_ENVIRONMENT | {
    # With this variable the handler builds its application at import, as in Lambda.
    "AWS_LAMBDA_FUNCTION_NAME": "on-upload",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
    "POWERTOOLS_METRICS_NAMESPACE": "bench",
}


def measure_cold_start() -> dict[str, Any]:
    """Return both medians in seconds, and the median of the pairwise ratios."""
    # The first round writes the .pyc files and fills the disk cache. It is not counted.
    _run_seconds(_APPLICATION), _run_seconds(_BASELINE)
    pairs = [(_run_seconds(_APPLICATION), _run_seconds(_BASELINE)) for _ in range(ROUNDS)]
    ratio = statistics.median(application / baseline for application, baseline in pairs)
    return {
        "on_upload_seconds": round(statistics.median(application for application, _ in pairs), 4),
        "libraries_seconds": round(statistics.median(baseline for _, baseline in pairs), 4),
        "ratio": round(ratio, 3),
        "goal": MAX_RATIO,
        "reached": ratio <= MAX_RATIO,
    }


def _run_seconds(program: str) -> float:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": "src", **ENVIRONMENT}
    argv = [sys.executable, "-c", _TIMED.format(program)]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=True)
    return float(done.stdout)
