"""Compiles the Condition element of an IAM policy to a predicate of the request's context. Pure.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

Context = Mapping[str, Sequence[str]]
"""The values of each condition key of the request; keys are in lower case, as IAM ignores their case."""
Predicate = Callable[[Context], bool]

_KEY = re.compile(r"[a-z0-9-]+:[A-Za-z0-9-]+(/[^*?$]+)?", re.IGNORECASE)


class UnsupportedPolicyError(ValueError):
    """The policy has an element that this evaluator does not know and therefore refuses."""


def compile_condition(condition: Mapping[str, Any]) -> Predicate:
    """Return a predicate that holds if every key of every operator does. Raises UnsupportedPolicyError."""
    predicates = [
        _compile_operator(operator, key, _values(value))
        for operator, keys in condition.items()
        for key, value in keys.items()
    ]
    return lambda context: all(holds(context) for holds in predicates)


def compile_wildcards(pattern: str, ignore_case: bool = False) -> re.Pattern[str]:
    """Compile a policy's `*` and `?` to a regular expression; everything else is literal."""
    parts = {"*": ".*", "?": "."}
    expression = "".join(parts.get(character) or re.escape(character) for character in pattern)
    return re.compile(expression, re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def _values(given: Any) -> list[str]:
    listed = given if isinstance(given, list) else [given]
    values = [str(value).lower() if isinstance(value, bool) else str(value) for value in listed]
    if any("${" in value for value in values):
        raise UnsupportedPolicyError(f"policy variables are not supported: {values}")
    return values


def _compile_operator(operator: str, key: str, wanted: list[str]) -> Predicate:
    if not _KEY.fullmatch(key):
        raise UnsupportedPolicyError(f"{key!r} is not a condition key")
    name = key.lower()
    quantifier, _, bare = operator.rpartition(":")
    if_exists = bare.endswith("IfExists")
    bare = bare.removesuffix("IfExists")
    if bare == "Null" and not if_exists and not quantifier:
        return _compile_null(name, wanted)
    if bare not in _MATCHERS or quantifier not in ("", "ForAnyValue", "ForAllValues"):
        raise UnsupportedPolicyError(f"condition operator {operator} is not supported")
    negated, matches = _MATCHERS[bare]

    def one(value: str) -> bool:
        return any(matches(value, want) for want in wanted) is not negated

    return _compile_quantifier(quantifier, name, one, negated or if_exists)


def _compile_null(name: str, wanted: list[str]) -> Predicate:
    """Compile the Null operator: "true" holds if the key is absent."""
    if wanted not in (["true"], ["false"]):
        raise UnsupportedPolicyError(f"Null takes true or false, not {wanted}")
    absent = wanted == ["true"]
    return lambda context: (not context.get(name)) is absent


def _compile_quantifier(quantifier: str, name: str, one: Callable[[str], bool], when_absent: bool) -> Predicate:
    """Compile a quantifier: an absent key makes ForAnyValue false, ForAllValues and negated operators true."""
    if quantifier == "ForAnyValue":
        return lambda context: any(map(one, context.get(name, ())))
    if quantifier == "ForAllValues":
        return lambda context: all(map(one, context.get(name, ())))

    def single(context: Context) -> bool:
        values = context.get(name, ())
        if len(values) > 1:
            raise UnsupportedPolicyError(f"{name} has several values: IAM does not define that without ForAnyValue")
        return one(values[0]) if values else when_absent

    return single


@lru_cache(maxsize=1024)
def _compile_pattern(pattern: str) -> re.Pattern[str]:
    return compile_wildcards(pattern)


@lru_cache(maxsize=1024)
def _compile_arn(pattern: str) -> list[re.Pattern[str]]:
    parts = pattern.split(":", 5)
    if len(parts) != 6:
        raise UnsupportedPolicyError(f"{pattern!r} is not an ARN pattern: it has {len(parts)} of six parts")
    return [compile_wildcards(part) for part in parts]


def _arn_matches(value: str, pattern: str) -> bool:
    """Compare each of the six parts by itself: a wildcard does not match a colon."""
    parts, patterns = value.split(":", 5), _compile_arn(pattern)
    return len(parts) == 6 and all(p.fullmatch(part) for p, part in zip(patterns, parts, strict=True))


def _equal(value: str, want: str) -> bool:
    return value == want


def _equal_ignoring_case(value: str, want: str) -> bool:
    return value.lower() == want.lower()


def _pattern_matches(value: str, want: str) -> bool:
    return _compile_pattern(want).fullmatch(value) is not None


# Each operator with whether it is negated, and how it compares.
_MATCHERS: dict[str, tuple[bool, Callable[[str, str], bool]]] = {
    "StringEquals": (False, _equal),
    "StringNotEquals": (True, _equal),
    "StringEqualsIgnoreCase": (False, _equal_ignoring_case),
    "StringNotEqualsIgnoreCase": (True, _equal_ignoring_case),
    "StringLike": (False, _pattern_matches),
    "StringNotLike": (True, _pattern_matches),
    "Bool": (False, _equal_ignoring_case),
    "ArnEquals": (False, _arn_matches),
    "ArnLike": (False, _arn_matches),
    "ArnNotEquals": (True, _arn_matches),
    "ArnNotLike": (True, _arn_matches),
}
