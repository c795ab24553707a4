"""Compares a bucket's policy with the one that was deployed, whatever order and form S3 gave it. Pure."""

from collections.abc import Mapping
from typing import Any

from ops.guardctl.doctor.resolution import ANYTHING


def describe_differences(expected: Mapping[str, Any], actual: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each statement that is missing, was added, or has changed."""
    wanted, found = _by_sid(expected), _by_sid(actual)
    missing = [f"the statement {sid} is missing" for sid in wanted if sid not in found]
    changed = [
        f"the statement {sid} has changed" for sid in wanted if sid in found and not _equal(wanted[sid], found[sid])
    ]
    # A statement that only denies takes nothing away from the others.
    added = [
        f"the statement {sid} was added" for sid in found if sid not in wanted and found[sid].get("Effect") != "Deny"
    ]
    return missing + changed + added


def _by_sid(policy: Mapping[str, Any]) -> dict[str, Any]:
    statements = policy.get("Statement", [])
    listed = statements if isinstance(statements, list) else [statements]
    return {str(one.get("Sid", f"number {number}")): one for number, one in enumerate(listed, 1)}


def _equal(expected: Any, actual: Any) -> bool:
    if expected is ANYTHING:
        return True
    if isinstance(expected, Mapping) and isinstance(actual, Mapping):
        # IAM ignores the case of condition keys.
        left, right = ({str(key).lower(): value for key, value in each.items()} for each in (expected, actual))
        return left.keys() == right.keys() and all(_equal(left[key], right[key]) for key in left)
    if isinstance(expected, Mapping) or isinstance(actual, Mapping):
        # S3 shows the principal "*" in either form.
        return {_everybody(expected), _everybody(actual)} == {True}
    return _equal_lists(_listed(expected), _listed(actual))


def _equal_lists(expected: list[Any], actual: list[Any]) -> bool:
    """Compare without order. Each value that is not known may stand for one of the others."""
    known = {str(one) for one in expected if one is not ANYTHING}
    found = set(map(str, actual))
    return known <= found and len(found - known) <= len([one for one in expected if one is ANYTHING])


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _everybody(principal: Any) -> bool:
    return principal in ("*", {"AWS": "*"}, {"AWS": ["*"]})
