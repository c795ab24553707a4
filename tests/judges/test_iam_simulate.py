"""Our evaluator of policies decides as iam-simulate does, over the stack's real policies."""

from collections import Counter
from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import pytest

from local.aws.policy.authorizer import Authorizer
from local.aws.policy.permission import Permission
from local.aws.policy.permission_log import PermissionLog
from tests.judges.iam_simulate import JudgedDecision, JudgedRequest, judge, list_actions
from tests.judges.random_requests import ADMINISTRATOR_POLICY, DrawnRequest, draw_requests, list_resources
from tests.judges.stack_documents import PARAMETERS, EvaluatedStack, evaluated_existing_bucket, evaluated_stack
from tests.policy.deployed import ACCOUNT
from tests.policy.gated_bucket import GatedBucket

REQUESTS = 3000
STACKS: Mapping[str, Callable[[], EvaluatedStack]] = {
    "defaults": lambda: evaluated_stack(**PARAMETERS["defaults"]),
    "everything": lambda: evaluated_stack(**PARAMETERS["everything"]),
    "existing bucket": evaluated_existing_bucket,
}


def ask(drawn: DrawnRequest, stack: EvaluatedStack) -> JudgedRequest:
    """Return the request as iam-simulate reads it."""
    permission, principal = drawn.permission, drawn.caller.principal
    context: dict[str, Any] = {"aws:securetransport": "true"}
    context |= {key: list(values) if len(values) > 1 else values[0] for key, values in permission.context.items()}
    if principal.arn and principal.arn.startswith("arn:"):
        context["aws:principalarn"] = principal.arn
    policy = stack.find_policy_of(permission.resource)
    return JudgedRequest(
        drawn.arn, permission.action, permission.resource, ACCOUNT, context, drawn.caller.identity, policy
    )


def is_allowed_by_us(authorizer: Authorizer, drawn: DrawnRequest, judged: JudgedDecision) -> bool:
    """Return our own decision, without the condition keys that AWS does not have for the action."""
    given = drawn.permission
    context = {key: values for key, values in given.context.items() if key not in judged.ignored}
    return authorizer.decide(drawn.caller.principal, Permission(given.action, given.resource, context)).allowed


@pytest.mark.parametrize("name", STACKS)
def test_evaluator_decides_as_iam_simulate(name: str) -> None:
    stack = STACKS[name]()
    authorizer = Authorizer(stack.policies, GatedBucket(stack.policies, {}), PermissionLog(Path("/dev/null")))
    actions = list_actions(list_resources(stack.documents))
    requests = list(islice(draw_requests(Random(name), stack, actions), REQUESTS))
    by_name = {one.name: one.document for one in stack.documents} | {"Administrator": ADMINISTRATOR_POLICY}
    judged = judge(by_name, [ask(one, stack) for one in requests])
    differences = [
        (one.arn, one.permission, other.result)
        for one, other in zip(requests, judged, strict=True)
        if is_allowed_by_us(authorizer, one, other) is not (other.result == "Allowed")
    ]
    assert differences == []
    # Each way to decide was taken many times.
    ways = Counter(one.result for one in judged)
    assert min(ways[result] for result in ("Allowed", "ImplicitlyDenied", "ExplicitlyDenied")) > REQUESTS / 10
