"""Enforces a stack's policies in front of moto: refuses every call without permission. Runs in moto's process."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from local.aws.policy import error_responses, stack_policies
from local.aws.policy.api_call import UnknownCallError, parse_call
from local.aws.policy.authorizer import Authorizer
from local.aws.policy.conditions import UnsupportedPolicyError
from local.aws.policy.error_responses import ErrorResponse
from local.aws.policy.moto_account import MotoAccount
from local.aws.policy.permission_log import PermissionLog


class Enforcement:
    """Permits every call until it has a stack's policies. Appends the permissions used to a file."""

    def __init__(self, file: Path) -> None:
        self._log = PermissionLog(file)
        self._authorizer: Authorizer | None = None

    def load_policies(self, resources: Sequence[Mapping[str, Any]], account: str, region: str) -> None:
        """Enforce the policies among a stack's resolved resources. Raises UnsupportedPolicyError."""
        policies = stack_policies.parse_policies(resources, account, region)
        self._authorizer = Authorizer(policies, MotoAccount(account, policies.kms_keys), self._log)

    def extend_policies_to(self, bucket: str, policy_bucket: str) -> None:
        """Apply to `bucket`, from now on, whatever the policies say of `policy_bucket`."""
        if self._authorizer is not None:
            self._authorizer.extend_policies_to(bucket, policy_bucket)

    def recorded_permissions(self) -> list[dict[str, Any]]:
        """Return each permission used or refused: principal, action, allowed, count, and the reason if refused."""
        return self._log.as_json()

    def refuse(self, environ: Mapping[str, Any], body: bytes) -> ErrorResponse | None:
        """Return the response to a call that is refused; None if it is permitted."""
        if self._authorizer is None:
            return None
        service = "s3"
        try:
            call = parse_call(environ, body)
            service = call.service
            refusal = self._authorizer.find_refusal(call)
        except (UnknownCallError, UnsupportedPolicyError) as unknown:
            print(f"embedded AWS: {unknown}", file=sys.stderr, flush=True)
            return error_responses.internal_error(service, str(unknown))
        return error_responses.access_denied(service, refusal) if refusal else None
