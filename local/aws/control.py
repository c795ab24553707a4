"""The control API of the embedded AWS's server: its own functions, for which AWS has no API."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, urlencode
from urllib.request import ProxyHandler, build_opener

from local.aws.resources import Resource

PREFIX = "/_embedded_aws/"
STACKS, PERMISSIONS, POLICIES, CALLS = (f"{PREFIX}{name}" for name in ("stacks/", "permissions", "policies", "calls"))
_TIMEOUT_SECONDS = 30


class Control:
    """A client of the control API at the endpoint of the embedded AWS."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint

    def load_stack(self, stack_id: str) -> list[Resource]:
        """Return the stack's resources with their properties resolved, and enforce its policies from now on."""
        return [Resource(**described) for described in self._get(STACKS + quote(stack_id))]

    def extend_policies_to(self, bucket: str, policy_bucket: str) -> None:
        """Apply to `bucket`, from now on, whatever the stack's policies say of `policy_bucket`."""
        self._get(f"{POLICIES}?{urlencode({'bucket': bucket, 'of': policy_bucket})}")

    def recorded_permissions(self) -> list[dict[str, Any]]:
        """Return each permission used or refused: principal, action, allowed, count; resource and reason if refused."""
        recorded: list[dict[str, Any]] = self._get(PERMISSIONS)
        return recorded

    def dynamodb_calls(self) -> dict[str, dict[str, int]]:
        """Return the number of DynamoDB requests by table and operation, including refused ones."""
        counts: dict[str, dict[str, int]] = self._get(CALLS)
        return counts

    def _get(self, path: str) -> Any:
        # The user's environment may name a proxy.
        direct = build_opener(ProxyHandler({}))
        with direct.open(self._endpoint + path, timeout=_TIMEOUT_SECONDS) as answer:
            return json.load(answer)
