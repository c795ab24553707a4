"""Conditions follow IAM's documentation; unsupported ones are refused."""

from typing import Any

import pytest

from local.aws.policy.conditions import UnsupportedPolicyError, compile_condition

ROLE = "arn:aws:iam::123456789012:role/scanner"


def condition_holds(condition: dict[str, Any], **context: Any) -> bool:
    return compile_condition(condition)({key.replace("_", ":"): value for key, value in context.items()})


@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [
        ("StringEquals", "clean", True),
        ("StringEquals", "Clean", False),
        # StringEquals knows no wildcards.
        ("StringEquals", "c*", False),
        ("StringNotEquals", "clean", False),
        ("StringNotEquals", "Clean", True),
        ("StringEqualsIgnoreCase", "CLEAN", True),
        ("StringNotEqualsIgnoreCase", "CLEAN", False),
        ("StringLike", "c*n", True),
        ("StringLike", "c?n", False),
        ("StringNotLike", "c*n", False),
        # One of several values is to match, or none if negated.
        ("StringEquals", ["other", "clean"], True),
        ("StringNotEquals", ["other", "clean"], False),
        ("StringNotEquals", ["other", "one"], True),
    ],
)
def test_string_operator_compares_as_documented(operator: str, value: Any, expected: bool) -> None:
    assert condition_holds({operator: {"s3:k": value}}, s3_k=["clean"]) is expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (ROLE, True),
        ("arn:aws:iam::123456789012:role/*", True),
        ("arn:aws:iam::*:role/scanner", True),
        ("arn:aws:iam::123456789012:role/Scanner", False),
        # A wildcard does not match a colon.
        ("arn:aws:*:role/scanner:*:*", False),
    ],
)
@pytest.mark.parametrize(("operator", "negated"), [("Equals", ""), ("Like", ""), ("Equals", "Not"), ("Like", "Not")])
def test_arn_operator_compares_each_part(pattern: str, expected: bool, operator: str, negated: str) -> None:
    condition = {f"Arn{negated}{operator}": {"aws:PrincipalArn": pattern}}
    assert compile_condition(condition)({"aws:principalarn": [ROLE]}) is (expected is not bool(negated))


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("StringEquals", False),
        ("StringEqualsIgnoreCase", False),
        ("StringLike", False),
        ("Bool", False),
        ("StringNotEquals", True),
        ("StringNotEqualsIgnoreCase", True),
        ("StringNotLike", True),
        ("StringEqualsIfExists", True),
        ("ForAnyValue:StringEquals", False),
        ("ForAnyValue:StringNotEquals", False),
        ("ForAllValues:StringEquals", True),
        ("ForAllValues:StringNotEquals", True),
    ],
)
@pytest.mark.parametrize("context", [{}, {"s3_k": []}])
def test_absent_key_satisfies_negated_operators_and_for_all_values(
    operator: str, expected: bool, context: dict[str, list[str]]
) -> None:
    assert condition_holds({operator: {"s3:k": "true"}}, **context) is expected


def test_absent_arn_satisfies_only_not_equals() -> None:
    assert compile_condition({"ArnNotEquals": {"aws:PrincipalArn": ROLE}})({})
    assert not compile_condition({"ArnEquals": {"aws:PrincipalArn": ROLE}})({})


@pytest.mark.parametrize(
    ("operator", "values", "expected"),
    [
        ("ForAnyValue:StringEquals", ["a", "b"], True),
        ("ForAnyValue:StringEquals", ["b", "c"], False),
        ("ForAnyValue:StringEqualsIgnoreCase", ["B", "A"], True),
        ("ForAnyValue:StringNotEquals", ["a"], False),
        ("ForAnyValue:StringNotEquals", ["a", "b"], True),
        ("ForAllValues:StringEquals", ["a", "a"], True),
        ("ForAllValues:StringEquals", ["a", "b"], False),
    ],
)
def test_quantifier_compares_each_value(operator: str, values: list[str], expected: bool) -> None:
    assert condition_holds({operator: {"s3:k": "a"}}, s3_k=values) is expected


def test_null_operator_holds_for_absent_key() -> None:
    assert condition_holds({"Null": {"s3:k": "true"}})
    assert condition_holds({"Null": {"s3:k": True}})
    assert not condition_holds({"Null": {"s3:k": "false"}})
    assert condition_holds({"Null": {"s3:k": "false"}}, s3_k=["x", "y"])
    assert not condition_holds({"Null": {"s3:k": "true"}}, s3_k=["x"])


@pytest.mark.parametrize(("written", "expected"), [("false", True), (False, True), ("true", False)])
def test_bool_operator_compares_words(written: Any, expected: bool) -> None:
    assert condition_holds({"Bool": {"aws:SecureTransport": written}}, aws_securetransport=["false"]) is expected


def test_condition_holds_if_every_key_does() -> None:
    two = {"StringEquals": {"s3:a": "1", "s3:b": "2"}, "StringNotEquals": {"s3:c": "3"}}
    assert condition_holds(two, s3_a=["1"], s3_b=["2"], s3_c=["4"])
    assert not condition_holds(two, s3_a=["1"], s3_b=["x"], s3_c=["4"])
    assert not condition_holds(two, s3_a=["1"], s3_b=["2"], s3_c=["3"])


def test_condition_key_name_ignores_case() -> None:
    assert compile_condition({"StringEquals": {"S3:ExistingObjectTag/Scan-Status": "clean"}})(
        {"s3:existingobjecttag/scan-status": ["clean"]}
    )


@pytest.mark.parametrize(
    "condition",
    [
        {"NumericLessThan": {"s3:max-keys": "10"}},
        {"StringEqual": {"s3:k": "a"}},
        {"ForSomeValues:StringEquals": {"s3:k": "a"}},
        {"NullIfExists": {"s3:k": "true"}},
        {"Null": {"s3:k": "perhaps"}},
        {"StringEquals": {"no key": "a"}},
        {"StringEquals": {"s3:k": "${aws:username}"}},
    ],
)
def test_unsupported_condition_is_refused(condition: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedPolicyError):
        compile_condition(condition)


def test_several_values_without_quantifier_are_refused() -> None:
    with pytest.raises(UnsupportedPolicyError):
        condition_holds({"StringEquals": {"s3:k": "a"}}, s3_k=["a", "b"])
