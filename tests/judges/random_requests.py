"""Random requests to AWS over the resources, principals, tags and conditions that a stack's policies speak of."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from random import Random
from typing import Any

from local.aws.policy.conditions import compile_wildcards
from local.aws.policy.permission import Permission
from local.aws.policy.stack_policies import ADMINISTRATOR, Principal, StackPolicies
from tests.judges.stack_documents import SECOND_SCANNER, EvaluatedStack, StackDocument
from tests.policy.deployed import ACCOUNT, REGION

ADMINISTRATOR_POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Sid": "Administrator", "Effect": "Allow", "Action": "*", "Resource": "*"}],
}
_SERVICES = ("events.amazonaws.com", "cloudwatch.amazonaws.com", "sns.amazonaws.com")
_LISTED = ("tagkeys", "leadingkeys")
_SET_BY_PRINCIPAL = "aws:principalarn"
_AIMED = 0.8
# The share of these whose caller is bound by that statement's policy.
_OWN = 0.1


@dataclass(frozen=True)
class Caller:
    """A principal as our evaluator has it, by which ARN AWS may see it, and the names of its own policies."""

    principal: Principal
    arns: Sequence[str | None]
    identity: Sequence[str]


@dataclass(frozen=True)
class DrawnRequest:
    """One request: who, seen by AWS as which ARN, and what."""

    caller: Caller
    arn: str | None
    permission: Permission


def list_callers(policies: StackPolicies, documents: Sequence[StackDocument]) -> list[Caller]:
    """Return roles, each also as the session that AWS sees, people, another scanner, the root, services and nobody."""
    callers = [_make_role_caller(role, documents) for role in policies.roles.values()]
    for key in ("user", "somebody-else"):
        principal = policies.principal(key)
        callers.append(Caller(principal, [principal.arn], ["Administrator"]))
    scanner = Principal("second scanner", SECOND_SCANNER, ADMINISTRATOR)
    callers.append(Caller(scanner, [SECOND_SCANNER, _session_of(SECOND_SCANNER)], ["Administrator"]))
    root = f"arn:aws:iam::{ACCOUNT}:root"
    callers.append(Caller(Principal("root", root, ADMINISTRATOR), [root], ["Administrator"]))
    callers += [Caller(Principal(service, service, ()), [service], []) for service in _SERVICES]
    return [*callers, Caller(policies.principal(None), [None], [])]


def _make_role_caller(role: Principal, documents: Sequence[StackDocument]) -> Caller:
    assert role.arn
    role_name = role.arn.rpartition("/")[2]
    attached = [one.name for one in documents if role_name in one.properties.get("Roles", [])]
    return Caller(role, [role.arn, _session_of(role.arn)], attached)


def _session_of(role: str) -> str:
    return f"arn:aws:sts::{ACCOUNT}:assumed-role/{role.rpartition('/')[2]}/session"


def list_resources(documents: Sequence[StackDocument]) -> dict[str, list[str]]:
    """Return ARNs that the policies name or almost name, each with its services."""
    named = {
        arn for one in documents for statement in one.document["Statement"] for arn in _names(statement, "Resource")
    }
    keys = {f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{one.owner}-id" for one in documents if one.element == "KeyPolicy"}
    others = {f"arn:aws:kms:{REGION}:{ACCOUNT}:key/another", "arn:aws:s3:::another", "arn:aws:s3:::another/a.jpg"}
    concrete = {_fill_in(arn) for arn in named - {"*"}} | keys | others
    found = {arn: [arn.split(":")[2]] for arn in sorted(concrete)}
    return found | {"*": sorted({service for (service,) in found.values()})}


def _fill_in(arn: str) -> str:
    """Return an ARN that the pattern matches: an object, or a stream of a log group."""
    return arn.removesuffix(":*") + ":log-stream:a" if ":log-group:" in arn else arn.replace("*", "a.jpg")


def _names(statement: Mapping[str, Any], element: str) -> list[str]:
    given = statement.get(element, [])
    return [given] if isinstance(given, str) else given


def draw_requests(
    random: Random, stack: EvaluatedStack, actions: Mapping[str, Sequence[str]]
) -> Iterator[DrawnRequest]:
    """Draw requests for ever: most are aimed at one statement, and their context has values that policies compare.

    As many are aimed at statements that deny as at those that allow, however few of either the policies have.
    """
    callers = list_callers(stack.policies, stack.documents)
    bound_by_resource_policies_only = [one for one in callers if one.identity == ["Administrator"]]
    aims = [list(_aims(stack, actions, effect)) for effect in ("Allow", "Deny")]
    conditions = _compared_values(stack.documents)
    resources = sorted(arn for arn, some in actions.items() if some)
    while True:
        arn = random.choice(resources)
        aimed = random.random() < _AIMED
        owner, arn, some = random.choice(random.choice(aims)) if aimed else ("", arn, actions[arn])
        # A role's own statement allows it something. Many statements are of one role among many.
        bound = [one for one in callers if owner in one.identity] if random.random() < _OWN else []
        bound = bound or (callers if random.random() < 0.5 else bound_by_resource_policies_only)
        caller = random.choice(bound)
        context = {
            key: _draw_values(random, key, values) for key, values in conditions.items() if random.random() < 0.5
        }
        yield DrawnRequest(caller, random.choice(caller.arns), Permission(random.choice(some), arn, context))


def _aims(
    stack: EvaluatedStack, actions: Mapping[str, Sequence[str]], effect: str
) -> Iterator[tuple[str, str, Sequence[str]]]:
    """Yield for each statement its policy, a resource that it names, and actions that one of its patterns matches."""
    for one in stack.documents:
        own = [arn for arn in actions if stack.find_policy_of(arn) == one.name]
        for statement in (given for given in one.document["Statement"] if given["Effect"] == effect):
            patterns = [compile_wildcards(given) for given in _names(statement, "Resource") if given != "*"]
            arns = [arn for arn in actions if any(p.fullmatch(arn) for p in patterns)] or own
            for arn, given in product(arns, _names(statement, "Action")):
                matches = compile_wildcards(given, ignore_case=True).fullmatch
                if some := [action for action in actions[arn] if matches(action)]:
                    yield one.name, arn, some


def _compared_values(documents: Sequence[StackDocument]) -> dict[str, list[str]]:
    """Return by condition key, in lower case, what policies compare it with, in several spellings, and other values."""
    found: dict[str, set[str]] = {}
    for one in documents:
        for statement in one.document["Statement"]:
            for operator, keys in statement.get("Condition", {}).items():
                for key in keys:
                    found.setdefault(key.lower(), set()).update([] if operator == "Null" else _names(keys, key))
    found.pop(_SET_BY_PRINCIPAL, None)
    return {key: _with_neighbours(values) for key, values in sorted(found.items())}


def _with_neighbours(values: set[str]) -> list[str]:
    if values <= {"true", "false"}:
        return ["true", "false"]
    return sorted(values | {value.swapcase() for value in values} | {value + "x" for value in values} | {"other"})


def _draw_values(random: Random, key: str, values: Sequence[str]) -> tuple[str, ...]:
    """Draw one value, or several for a key that has a list of them."""
    return tuple(random.choices(values, k=random.randint(1, 3) if key.endswith(_LISTED) else 1))
