"""The Condition element of an IAM policy, compiled to a function of the request's context. Pure.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

Context = Mapping[str, Sequence[str]]
"""The request's condition keys, in lower case (IAM does not tell their case apart), each with its values."""
Holds = Callable[[Context], bool]

_KEY = re.compile(r"[a-z0-9-]+:[A-Za-z0-9-]+(/[^*?$]+)?", re.IGNORECASE)


class UnsupportedPolicy(ValueError):
    """The policy says something that this evaluator does not know. It is never passed over."""


def compiled(condition: Mapping[str, Any]) -> Holds:
    """All operators, and all keys of each, must hold. Raises UnsupportedPolicy."""
    tests = [
        _test(operator, key, _values(value)) for operator, keys in condition.items() for key, value in keys.items()
    ]
    return lambda context: all(test(context) for test in tests)


def wildcards(pattern: str, ignore_case: bool = False) -> re.Pattern[str]:
    """`*` and `?` of a policy as a regular expression; everything else is literal."""
    parts = {"*": ".*", "?": "."}
    expression = "".join(parts.get(character) or re.escape(character) for character in pattern)
    return re.compile(expression, re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def _values(given: Any) -> list[str]:
    listed = given if isinstance(given, list) else [given]
    values = [str(value).lower() if isinstance(value, bool) else str(value) for value in listed]
    if any("${" in value for value in values):
        raise UnsupportedPolicy(f"policy variables are not known here: {values}")
    return values


def _test(operator: str, key: str, wanted: list[str]) -> Holds:
    if not _KEY.fullmatch(key):
        raise UnsupportedPolicy(f"{key!r} is no condition key")
    name = key.lower()
    quantifier, _, bare = operator.rpartition(":")
    if_exists = bare.endswith("IfExists")
    bare = bare.removesuffix("IfExists")
    if bare == "Null" and not if_exists and not quantifier:
        return _null(name, wanted)
    if bare not in _MATCHERS or quantifier not in ("", "ForAnyValue", "ForAllValues"):
        raise UnsupportedPolicy(f"condition operator {operator} is not known here")
    negated, matches = _MATCHERS[bare]

    def one(value: str) -> bool:
        return any(matches(value, want) for want in wanted) is not negated

    return _quantified(quantifier, name, one, negated or if_exists)


def _null(name: str, wanted: list[str]) -> Holds:
    """Null "true": the key is absent."""
    if wanted not in (["true"], ["false"]):
        raise UnsupportedPolicy(f"Null takes true or false, not {wanted}")
    absent = wanted == ["true"]
    return lambda context: (not context.get(name)) is absent


def _quantified(quantifier: str, name: str, one: Callable[[str], bool], when_absent: bool) -> Holds:
    """An absent key makes ForAnyValue false, ForAllValues and the negated operators true."""
    if quantifier == "ForAnyValue":
        return lambda context: any(map(one, context.get(name, ())))
    if quantifier == "ForAllValues":
        return lambda context: all(map(one, context.get(name, ())))

    def single(context: Context) -> bool:
        values = context.get(name, ())
        if len(values) > 1:
            raise UnsupportedPolicy(f"{name} has several values: IAM leaves open what that means without ForAnyValue")
        return one(values[0]) if values else when_absent

    return single


@lru_cache(maxsize=1024)
def _like(pattern: str) -> re.Pattern[str]:
    return wildcards(pattern)


@lru_cache(maxsize=1024)
def _arn_like(pattern: str) -> list[re.Pattern[str]]:
    parts = pattern.split(":", 5)
    if len(parts) != 6:
        raise UnsupportedPolicy(f"{pattern!r} is no ARN pattern: it has {len(parts)} parts of six")
    return [wildcards(part) for part in parts]


def _arn(value: str, pattern: str) -> bool:
    """Each of the six parts by itself: a wildcard does not reach over a colon."""
    parts, patterns = value.split(":", 5), _arn_like(pattern)
    return len(parts) == 6 and all(p.fullmatch(part) for p, part in zip(patterns, parts, strict=True))


def _same(value: str, want: str) -> bool:
    return value == want


def _same_but_for_case(value: str, want: str) -> bool:
    return value.lower() == want.lower()


def _matches(value: str, want: str) -> bool:
    return _like(want).fullmatch(value) is not None


_MATCHERS: dict[str, tuple[bool, Callable[[str, str], bool]]] = {  # negated?, and how it compares
    "StringEquals": (False, _same),
    "StringNotEquals": (True, _same),
    "StringEqualsIgnoreCase": (False, _same_but_for_case),
    "StringNotEqualsIgnoreCase": (True, _same_but_for_case),
    "StringLike": (False, _matches),
    "StringNotLike": (True, _matches),
    "Bool": (False, _same_but_for_case),
    "ArnEquals": (False, _arn),
    "ArnLike": (False, _arn),
    "ArnNotEquals": (True, _arn),
    "ArnNotLike": (True, _arn),
}
