"""Stands before moto: lets no call through that the stack's policies do not permit. Runs in moto's process."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from local.policy import answers, stack_policies
from local.policy.answers import Answer
from local.policy.api_call import UnknownCall, read
from local.policy.conditions import UnsupportedPolicy
from local.policy.guard import Guard, Record
from local.policy.moto_world import MotoWorld


class Enforcement:
    """Begins with the stack: whoever makes that is asked nothing. The permissions used are added to a file."""

    def __init__(self, file: Path) -> None:
        self._record = Record(file)
        self._guard: Guard | None = None

    def begin(self, resources: Sequence[Mapping[str, Any]], account: str, region: str) -> None:
        """`resources` are the stack's, resolved. Raises UnsupportedPolicy."""
        policies = stack_policies.read(resources, account, region)
        self._guard = Guard(policies, MotoWorld(account, policies.kms_keys), self._record)

    def treat_alike(self, bucket: str, as_bucket: str) -> None:
        """From now on what policies say of `as_bucket` is said of `bucket` as well."""
        if self._guard is not None:
            self._guard.treat_alike(bucket, as_bucket)

    def used(self) -> list[dict[str, Any]]:
        """Each permission used or refused: principal, action, allowed, count, and why it was refused."""
        return self._record.as_json()

    def answer(self, environ: Mapping[str, Any], body: bytes) -> Answer | None:
        """What to answer instead of making the call; None: it is permitted."""
        if self._guard is None:
            return None
        service = "s3"
        try:
            call = read(environ, body)
            service = call.service
            refusal = self._guard.refusal(call)
        except (UnknownCall, UnsupportedPolicy) as unknown:
            print(f"embedded cloud: {unknown}", file=sys.stderr, flush=True)
            return answers.unknown(service, str(unknown))
        return answers.denied(service, refusal) if refusal else None
