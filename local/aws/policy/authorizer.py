"""Authorizes each API call by a stack's policies, and records the permissions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache

from local.aws.policy.api_call import ApiCall, UnknownCallError
from local.aws.policy.conditions import UnsupportedPolicyError
from local.aws.policy.evaluator import Decision, Request, Statement, decide, parse_statements
from local.aws.policy.permission import AccountState, Permission
from local.aws.policy.permission_log import PermissionLog, Refusal
from local.aws.policy.permissions import required_permissions
from local.aws.policy.stack_policies import Principal, StackPolicies

_S3 = "arn:aws:s3:::"
_KMS_KEY = re.compile(r"arn:[a-z-]+:kms:[^:]*:[^:]*:key/.+")
UNRESTRICTED_ACCESS_KEY = "judge"
"""The access key that no policy binds: for setting up, and for checks from outside."""


class Authorizer:
    """Evaluates, for each principal and action, only the statements that can apply."""

    def __init__(self, policies: StackPolicies, state: AccountState, log: PermissionLog) -> None:
        self._policies, self._state, self._log = policies, state, log
        self._candidates: dict[tuple[str, str], tuple[list[Statement], list[Statement]]] = {}
        self._policy_buckets: dict[str, str] = {}

    def extend_policies_to(self, bucket: str, policy_bucket: str) -> None:
        """Apply to `bucket`, from now on, whatever the policies say of `policy_bucket`."""
        self._policy_buckets[bucket] = policy_bucket

    def find_refusal(self, call: ApiCall) -> Refusal | None:
        """Return why the call is refused; None if it is permitted. Raises UnknownCallError."""
        if call.access_key == UNRESTRICTED_ACCESS_KEY:
            return None
        principal = self._policies.principal(call.access_key)
        for permission in self._required_permissions(call, principal):
            made = self.decide(principal, permission)
            refusal = (
                None if made.allowed else Refusal(principal.name, permission.action, permission.resource, made.reason)
            )
            self._log.add(principal.name, permission.action, refusal)
            if refusal:
                return refusal
        return None

    def decide(self, principal: Principal, permission: Permission) -> Decision:
        """Decide about one permission, whichever call requires it."""
        # The embedded AWS speaks HTTP where AWS speaks HTTPS.
        context = {"aws:securetransport": ("true",), **permission.context}
        if principal.arn is not None:
            context["aws:principalarn"] = (principal.arn,)
        identity, resource = self._candidate_statements(principal, permission.action)
        resource = [*resource, *self._put_statements(permission)]
        request = Request(principal.arn, permission.action, self._policy_resource(permission.resource), context)
        # An action of KMS on no key, such as ListKeys, has no key policy that could delegate to the account.
        return decide(request, identity, resource, resource_must_allow=_KMS_KEY.match(permission.resource) is not None)

    def _required_permissions(self, call: ApiCall, principal: Principal) -> Iterator[Permission]:
        try:
            yield from required_permissions(call, self._state)
        except UnknownCallError as unknown:
            # No policy of a stack restricts how a person manages the account; it does restrict access to objects.
            if principal.name == "user" and not call.key:
                return
            self._log.add(principal.name, call.name, Refusal(principal.name, call.name, "", str(unknown)))
            raise

    def _policy_resource(self, resource: str) -> str:
        """Return the ARN by which the policies name the resource."""
        if not self._policy_buckets or not resource.startswith(_S3):
            return resource
        bucket, slash, key = resource.removeprefix(_S3).partition("/")
        return f"{_S3}{self._policy_buckets.get(bucket, bucket)}{slash}{key}"

    def _put_statements(self, permission: Permission) -> list[Statement]:
        """Return what a policy says that somebody put on the bucket. Raises UnsupportedPolicyError."""
        if not permission.resource.startswith(_S3):
            return []
        text = self._state.bucket_policy(permission.resource.removeprefix(_S3).partition("/")[0])
        found = _parse_policy(text) if text else []
        return [statement for statement in found if statement.covers_action(permission.action)]

    def _candidate_statements(self, principal: Principal, action: str) -> tuple[list[Statement], list[Statement]]:
        found = self._candidates.get((principal.name, action))
        if found is None:
            every = (principal.identity, self._policies.resource_statements)
            identity, resource = ([s for s in some if s.covers_action(action)] for some in every)
            found = self._candidates[principal.name, action] = identity, resource
        return found


@lru_cache(maxsize=64)
def _parse_policy(text: str) -> list[Statement]:
    """Return the policy's statements. One that allows something in an unknown way allows nothing here."""
    statements = json.loads(text)["Statement"]
    found: list[Statement] = []
    for one in statements if isinstance(statements, list) else [statements]:
        try:
            found += parse_statements({"Statement": one})
        except UnsupportedPolicyError:
            if one.get("Effect") != "Allow":
                raise
    return found
