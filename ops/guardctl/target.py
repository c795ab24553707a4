"""The stack that guardctl works on: a deployed one by its name, or the embedded cloud of `make up`."""

import getpass
import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError

from ops.errors import CannotProceedError
from ops.guardctl.break_glass import BREAK_GLASS_ROLE, mfa_arguments
from ops.stack import Stack, describe_stack
from photodna_guard.aws.response_integrity import reject_truncated_responses

ENDPOINTS = Path(__file__).resolve().parents[2] / "build/local/endpoints.json"
EMBEDDED_STACK = "photodna-guard"
# The embedded cloud knows a role by the logical id that is its access key, and permits what its policies permit.
_OPERATOR_KEY = "OperatorRole"
_CONFIG = Config(retries={"mode": "standard", "total_max_attempts": 4}, connect_timeout=5, read_timeout=20)
_SESSION_SECONDS = 3600


def _refuse_roles(role: str) -> Callable[[str], Any]:
    raise CannotProceedError(f"This stack is operated without its {role}")


@dataclass(frozen=True)
class Target:
    """A stack, who operates it (an ARN, or a name on this machine), and `client`, which makes boto3's clients.

    Those have the operator role's rights. `own_client` makes some with the caller's own, where these are known.
    `clients_of` takes another role of the stack by its logical id, and returns what makes clients with its rights.
    """

    stack: Stack
    who: str
    client: Callable[[str], Any]
    now: Callable[[], float] = field(default=time.time)
    sleep: Callable[[float], None] = field(default=time.sleep)
    clients_of: Callable[[str], Callable[[str], Any]] = field(default=_refuse_roles)
    own_client: Callable[[str], Any] | None = None
    # The embedded cloud has no people of its own: there --as names one.
    is_embedded: bool = False


def connect(stack: str | None, profile: str | None, region: str | None) -> Target:
    """Return the target. Without a stack's name it is the embedded cloud that runs in the project's folder.

    Raises CannotProceedError where there is neither, and botocore's errors.
    """
    if stack:
        return _connect_deployed(stack, boto3.Session(profile_name=profile, region_name=region))
    return _connect_embedded()


def _connect_embedded() -> Target:
    try:
        found = json.loads(ENDPOINTS.read_text(encoding="utf-8"))
        return connect_embedded(found["aws_endpoint_url"], found["region"])
    except (OSError, ValueError, KeyError, EndpointConnectionError):
        raise CannotProceedError(
            "No stack is named, and no embedded cloud is running. Name the deployed stack (guardctl --stack NAME, or "
            "the environment variable GUARDCTL_STACK), or start the embedded cloud with make up"
        ) from None


def connect_embedded(endpoint: str, region: str) -> Target:
    """Return the target of an embedded cloud at an endpoint. Raises botocore's errors."""

    def make(access_key: str) -> Callable[[str], Any]:
        return _make_clients(boto3.Session(access_key, "any", region_name=region), endpoint_url=endpoint)

    own, who = make("user"), getpass.getuser()
    described = describe_stack(own("cloudformation"), EMBEDDED_STACK)
    return Target(described, who, make(_OPERATOR_KEY), clients_of=make, own_client=own, is_embedded=True)


def _connect_deployed(name: str, session: boto3.Session) -> Target:
    own = _make_clients(session)
    described = describe_stack(own("cloudformation"), name)
    role, sts = described.output("OperatorRoleArn"), own("sts")
    who = sts.get_caller_identity()["Arn"]

    def assume(arn: str, more: Mapping[str, str]) -> Callable[[str], Any]:
        named = {"RoleArn": arn, "RoleSessionName": session_name(who)}
        given = sts.assume_role(**named, **more, DurationSeconds=_SESSION_SECONDS)["Credentials"]
        keys = (given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
        return _make_clients(boto3.Session(*keys, region_name=session.region_name))

    def assume_other(logical_id: str) -> Callable[[str], Any]:
        more = mfa_arguments(session) if logical_id == BREAK_GLASS_ROLE else {}
        return assume(described.output(f"{logical_id}Arn"), more)

    return Target(described, who, assume(role, {}), clients_of=assume_other, own_client=own)


def _make_clients(session: boto3.Session, **options: Any) -> Callable[[str], Any]:
    """Return what makes the session's clients. A truncated answer would look like an empty queue or table to them."""
    reject_truncated_responses(session.events)
    return lambda service: session.client(service, config=_CONFIG, **options)  # type: ignore[call-overload]


def session_name(arn: str) -> str:
    """Return the name under which CloudTrail shows the operator's session: the last parts of the caller's ARN."""
    return re.sub(r"[^\w+=,.@-]", "-", arn.partition("/")[2] or "operator")[-64:]
