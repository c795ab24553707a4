"""The evaluator does what IAM's documentation says, and refuses what it does not know."""

from typing import Any

import pytest

from local.policy.conditions import UnsupportedPolicy, compiled
from local.policy.evaluator import Request, decide, statements

ROLE = "arn:aws:iam::123456789012:role/scanner"
USER = "arn:aws:iam::123456789012:user/path/somebody"
OBJECT = "arn:aws:s3:::bucket/a/key"


def policy(effect: str = "Allow", action: Any = "s3:GetObject", resource: Any = "*", **more: Any) -> Any:
    return statements({"Statement": {"Sid": effect, "Effect": effect, "Action": action, "Resource": resource, **more}})


def request(
    principal: str | None = USER, action: str = "s3:GetObject", resource: str = OBJECT, **context: str
) -> Request:
    return Request(principal, action, resource, {name: (value,) for name, value in context.items()})


def holds(condition: dict[str, Any], **context: Any) -> bool:
    return compiled(condition)({key.replace("_", ":"): value for key, value in context.items()})


# ---------------------------------------------------------------- who, what, where


def test_what_nothing_allows_is_denied() -> None:
    assert not decide(request(), [], []).allowed
    assert decide(request(), policy(), []).allowed


def test_a_deny_beats_every_allow_wherever_it_stands() -> None:
    everybody = policy("Deny", Principal="*")
    assert decide(request(), [*policy(), *policy("Deny")], []).because == "denied by Deny"
    assert decide(request(), policy(), everybody).because == "denied by Deny"
    assert decide(request(), policy("Deny"), policy(Principal="*")).because == "denied by Deny"


@pytest.mark.parametrize(
    ("action", "wanted", "allowed"),
    [
        ("s3:GetObject", "s3:getobject", True),  # the case of actions does not matter
        ("s3:GetObject", "s3:Get*", True),
        ("s3:GetObject", "s3:GetObjec?", True),
        ("s3:GetObject", "*", True),
        ("s3:GetObjectVersion", "s3:GetObject", False),
        ("s3:GetObject", "sqs:*", False),
        ("s3:GetObject", ["s3:PutObject", "s3:GetObject"], True),
        ("s3xGetObject", "s3.GetObject", False),  # a dot is a dot
    ],
)
def test_an_action_matches_by_wildcard_whatever_its_case(action: str, wanted: Any, allowed: bool) -> None:
    assert decide(request(action=action), policy(action=wanted), []).allowed is allowed


@pytest.mark.parametrize(
    ("wanted", "allowed"),
    [
        ("arn:aws:s3:::bucket/*", True),
        ("arn:aws:s3:::bucket", False),
        ("arn:aws:s3:::BUCKET/*", False),  # the case of resources does matter
        ("arn:aws:s3:::bucket/a/ke?", True),
        (["arn:aws:s3:::other/*", "arn:aws:s3:::bucket/*"], True),
    ],
)
def test_a_resource_matches_by_wildcard_and_case(wanted: Any, allowed: bool) -> None:
    assert decide(request(), policy(resource=wanted), []).allowed is allowed


def test_a_resource_policy_speaks_of_whom_it_names() -> None:
    named = policy(Principal={"AWS": [ROLE]})
    assert decide(request(ROLE), [], named).allowed
    assert not decide(request(USER), [], named).allowed
    assert not decide(request(None), [], named).allowed
    assert decide(request(None), [], policy(Principal="*")).allowed
    assert decide(request(None), [], policy(Principal={"AWS": "*"})).allowed
    assert not decide(request(USER), [], policy(Principal={"Service": "events.amazonaws.com"})).allowed


@pytest.mark.parametrize("account", ["123456789012", "arn:aws:iam::123456789012:root"])
def test_an_account_stands_for_those_whom_their_own_policies_permit(account: str) -> None:
    of_account = policy(Principal={"AWS": account})
    assert not decide(request(), [], of_account).allowed
    assert decide(request(), policy(), of_account).allowed
    assert not decide(request(), policy(), policy("Deny", Principal={"AWS": account})).allowed
    assert not decide(request("arn:aws:iam::999999999999:user/x"), [], of_account).allowed


def test_what_a_keys_policy_does_not_allow_no_other_policy_does() -> None:
    assert not decide(request(), policy(), [], resource_must_allow=True).allowed
    of_account = policy(Principal={"AWS": "123456789012"})
    assert decide(request(), policy(), of_account, resource_must_allow=True).allowed
    assert not decide(request(), [], of_account, resource_must_allow=True).allowed


def test_in_a_keys_policy_everything_is_the_key() -> None:
    own = statements(
        {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}}, resource="arn:k"
    )
    assert decide(request(resource="arn:k"), [], own).allowed
    assert not decide(request(resource="arn:another"), [], own).allowed


# ---------------------------------------------------------------- conditions


@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [
        ("StringEquals", "clean", True),
        ("StringEquals", "Clean", False),
        ("StringEquals", "c*", False),  # no wildcards
        ("StringNotEquals", "clean", False),
        ("StringNotEquals", "Clean", True),
        ("StringEqualsIgnoreCase", "CLEAN", True),
        ("StringNotEqualsIgnoreCase", "CLEAN", False),
        ("StringLike", "c*n", True),
        ("StringLike", "c?n", False),
        ("StringNotLike", "c*n", False),
        ("StringEquals", ["other", "clean"], True),  # any of them
        ("StringNotEquals", ["other", "clean"], False),  # none of them
        ("StringNotEquals", ["other", "one"], True),
    ],
)
def test_strings_compare_as_documented(operator: str, value: Any, expected: bool) -> None:
    assert holds({operator: {"s3:k": value}}, s3_k=["clean"]) is expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (ROLE, True),
        ("arn:aws:iam::123456789012:role/*", True),
        ("arn:aws:iam::*:role/scanner", True),
        ("arn:aws:iam::123456789012:role/Scanner", False),
        ("arn:aws:*:role/scanner:*:*", False),  # a wildcard does not reach over a colon
    ],
)
@pytest.mark.parametrize(("operator", "negated"), [("Equals", ""), ("Like", ""), ("Equals", "Not"), ("Like", "Not")])
def test_arns_compare_part_by_part(pattern: str, expected: bool, operator: str, negated: str) -> None:
    condition = {f"Arn{negated}{operator}": {"aws:PrincipalArn": pattern}}
    assert compiled(condition)({"aws:principalarn": [ROLE]}) is (expected is not bool(negated))


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
def test_an_absent_key_makes_negated_operators_and_all_values_true(
    operator: str, expected: bool, context: dict[str, list[str]]
) -> None:
    assert holds({operator: {"s3:k": "true"}}, **context) is expected


def test_an_absent_arn_is_equal_to_none() -> None:
    assert compiled({"ArnNotEquals": {"aws:PrincipalArn": ROLE}})({})
    assert not compiled({"ArnEquals": {"aws:PrincipalArn": ROLE}})({})


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
def test_keys_of_several_values_are_looked_at_one_by_one(operator: str, values: list[str], expected: bool) -> None:
    assert holds({operator: {"s3:k": "a"}}, s3_k=values) is expected


def test_null_asks_whether_a_key_is_there() -> None:
    assert holds({"Null": {"s3:k": "true"}})
    assert holds({"Null": {"s3:k": True}})
    assert not holds({"Null": {"s3:k": "false"}})
    assert holds({"Null": {"s3:k": "false"}}, s3_k=["x", "y"])
    assert not holds({"Null": {"s3:k": "true"}}, s3_k=["x"])


@pytest.mark.parametrize(("said", "expected"), [("false", True), (False, True), ("true", False)])
def test_a_boolean_is_told_by_its_word(said: Any, expected: bool) -> None:
    assert holds({"Bool": {"aws:SecureTransport": said}}, aws_securetransport=["false"]) is expected


def test_all_operators_and_all_keys_must_hold() -> None:
    two = {"StringEquals": {"s3:a": "1", "s3:b": "2"}, "StringNotEquals": {"s3:c": "3"}}
    assert holds(two, s3_a=["1"], s3_b=["2"], s3_c=["4"])
    assert not holds(two, s3_a=["1"], s3_b=["x"], s3_c=["4"])
    assert not holds(two, s3_a=["1"], s3_b=["2"], s3_c=["3"])


def test_the_case_of_a_keys_name_does_not_matter() -> None:
    assert compiled({"StringEquals": {"S3:ExistingObjectTag/Scan-Status": "clean"}})(
        {"s3:existingobjecttag/scan-status": ["clean"]}
    )


# ---------------------------------------------------------------- what is not known


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
def test_a_condition_that_is_not_known_is_refused(condition: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedPolicy):
        compiled(condition)


def test_several_values_without_a_set_operator_are_refused() -> None:
    with pytest.raises(UnsupportedPolicy):
        holds({"StringEquals": {"s3:k": "a"}}, s3_k=["a", "b"])


@pytest.mark.parametrize(
    "more",
    [
        {"NotPrincipal": {"AWS": ROLE}},
        {"NotAction": "s3:*"},
        {"NotResource": "*"},
        {"Principal": {"Federated": "x"}},
        {"Principal": "somebody"},
        {"Effect": "allow"},
        {"Resource": "arn:aws:s3:::${aws:username}/*"},
    ],
)
def test_a_statement_that_is_not_known_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedPolicy):
        statements({"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*", **more}]})
