"""Runs iam-simulate, an evaluator of IAM policies that is not ours, as a program."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.judges.installed import skip
from tools.supply.npm_packages import FOLDER

_DRIVER = Path(__file__).with_name("iam_simulate.cjs")


@dataclass(frozen=True)
class JudgedRequest:
    """What iam-simulate is asked. `identity` and `policy` name policies; `principal` is None if anonymous."""

    principal: str | None
    action: str
    resource: str
    account: str
    context: Mapping[str, Any]
    identity: Sequence[str]
    policy: str | None


@dataclass(frozen=True)
class JudgedDecision:
    """What it answers: "Allowed" or the kind of denial, and the context keys that AWS does not have for the action."""

    result: str
    ignored: frozenset[str]


def list_actions(resources: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return by ARN all actions of these services that AWS has for such a resource."""
    actions: dict[str, list[str]] = _run({}, [], resources)["actions"]
    return actions


def judge(policies: Mapping[str, Any], requests: Sequence[JudgedRequest]) -> list[JudgedDecision]:
    """Return a decision for each request. A request that iam-simulate does not accept fails the test."""
    answered = _run(policies, [asdict(request) for request in requests], {})["decisions"]
    refused = [(asked, one["error"]) for asked, one in zip(requests, answered, strict=True) if "error" in one]
    assert not refused, f"{len(refused)} requests are not such as AWS knows, the first: {refused[0]}"
    return [JudgedDecision(one["result"], frozenset(one["ignored"])) for one in answered]


def _run(policies: Mapping[str, Any], requests: Sequence[Any], resources: Mapping[str, Sequence[str]]) -> Any:
    node = shutil.which("node")
    if node is None or not (FOLDER / "@cloud-copilot/iam-simulate").exists():
        skip("iam-simulate is not installed here: it needs Node.js, and `make judges` fetches it with npm")
    asked = json.dumps({"policies": policies, "requests": requests, "resources": resources})
    environment = os.environ | {"NODE_PATH": str(FOLDER)}
    completed = subprocess.run(  # noqa: S603
        [node, str(_DRIVER)], input=asked, capture_output=True, text=True, timeout=120, env=environment
    )
    assert completed.returncode == 0, completed.stderr[-2000:]
    return json.loads(completed.stdout)
