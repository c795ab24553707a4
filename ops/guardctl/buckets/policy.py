"""What becomes of a bucket's policy when the guard's statements come or go. Pure."""

import json
from collections.abc import Collection, Sequence
from typing import Any

from ops.guardctl.doctor.policies import describe_differences

Statement = dict[str, Any]
# S3 refuses a longer one.
MAX_POLICY_BYTES = 20 * 1024


def parse_statements(output: str, bucket: str) -> list[Statement]:
    """Return the statements of one of the stack's outputs, for a bucket."""
    statements: list[Statement] = json.loads(output.replace(":::BUCKET/", f":::{bucket}/"))
    return statements


def list_statements(policy: str | None) -> list[Statement]:
    """Return a policy's statements. A single one need not be in a list."""
    found = json.loads(policy).get("Statement", []) if policy else []
    return found if isinstance(found, list) else [found]


def sids_of(statements: Sequence[Statement]) -> list[str]:
    """Return the ids of statements that have one."""
    return [one["Sid"] for one in statements if "Sid" in one]


def is_same(one: Statement, other: Statement) -> bool:
    """Return whether two statements say the same, in whatever form and order S3 shows their values."""
    left, right = {"Statement": [one]}, {"Statement": [other]}
    # Each way round: an added Deny is no difference there.
    return not describe_differences(left, right) and not describe_differences(right, left)


def find_missing(policy: str | None, wanted: Sequence[Statement]) -> list[str]:
    """Return the ids of wanted statements that are not in the policy, or differ there."""
    present = list_statements(policy)
    return [one["Sid"] for one in wanted if not any(is_same(one, other) for other in present)]


def find_conflicts(policy: str | None, wanted: Sequence[Statement], recorded: Collection[str]) -> list[str]:
    """Return the ids under which the owner has statements of his own: no record says that the guard put them."""
    present = [sid for sid in sids_of(list_statements(policy)) if sid not in recorded]
    return [sid for sid in find_missing(policy, wanted) if sid in present]


def merge(policy: str | None, wanted: Sequence[Statement], known: Collection[str]) -> str | None:
    """Return the policy with exactly the wanted statements of all those with a known id, behind the owner's.

    A policy that is so already comes back as it is.
    """
    present = [one for one in list_statements(policy) if one.get("Sid") in known]
    if len(present) == len(wanted) and not find_missing(policy, wanted):
        return policy
    others = [one for one in list_statements(policy) if one.get("Sid") not in known]
    return _replace(policy, [*others, *wanted])


def take_out(policy: str | None, known: Collection[str]) -> str | None:
    """Return the policy without the statements of known ids; None where none is left."""
    present = list_statements(policy)
    others = [one for one in present if one.get("Sid") not in known]
    if len(others) == len(present):
        return policy
    return _replace(policy, others) if others else None


def restore(policy: str | None, before: str | None, known: Collection[str]) -> str | None:
    """Return the policy of before, to the letter; where the owner changed his part since, his part as it is now."""
    rest = take_out(policy, known)
    return before if is_same_policy(rest, before) else rest


def is_same_policy(one: str | None, other: str | None) -> bool:
    """Return whether two policies say the same. The order of statements means nothing."""
    if not one or not other:
        return not one and not other
    rest = list_statements(other)
    for mine in list_statements(one):
        found = next((number for number, theirs in enumerate(rest) if is_same(mine, theirs)), None)
        if found is None:
            return False
        del rest[found]
    return not rest and _frame(one) == _frame(other)


def _frame(policy: str) -> dict[str, Any]:
    return {name: value for name, value in json.loads(policy).items() if name != "Statement"}


def _replace(policy: str | None, statements: list[Statement]) -> str:
    frame = _frame(policy) if policy else {"Version": "2012-10-17"}
    return json.dumps(frame | {"Statement": statements}, separators=(",", ":"), ensure_ascii=False)
