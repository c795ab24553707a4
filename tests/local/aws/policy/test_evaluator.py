"""Statements and decisions follow IAM's documentation; unsupported elements are refused."""

from typing import Any

import pytest

from local.aws.policy.conditions import UnsupportedPolicyError
from local.aws.policy.evaluator import Request, decide, parse_statements

ROLE = "arn:aws:iam::123456789012:role/scanner"
USER = "arn:aws:iam::123456789012:user/path/someone"
OBJECT = "arn:aws:s3:::bucket/a/key"


def make_policy(effect: str = "Allow", action: Any = "s3:GetObject", resource: Any = "*", **more: Any) -> Any:
    return parse_statements(
        {"Statement": {"Sid": effect, "Effect": effect, "Action": action, "Resource": resource, **more}}
    )


def make_request(
    principal: str | None = USER, action: str = "s3:GetObject", resource: str = OBJECT, **context: str
) -> Request:
    return Request(principal, action, resource, {name: (value,) for name, value in context.items()})


def test_request_that_nothing_allows_is_denied() -> None:
    assert not decide(make_request(), [], []).allowed
    assert decide(make_request(), make_policy(), []).allowed


def test_deny_overrides_every_allow() -> None:
    for_all = make_policy("Deny", Principal="*")
    assert decide(make_request(), [*make_policy(), *make_policy("Deny")], []).reason == "denied by Deny"
    assert decide(make_request(), make_policy(), for_all).reason == "denied by Deny"
    assert decide(make_request(), make_policy("Deny"), make_policy(Principal="*")).reason == "denied by Deny"


@pytest.mark.parametrize(
    ("action", "wanted", "allowed"),
    [
        # The case of actions does not matter.
        ("s3:GetObject", "s3:getobject", True),
        ("s3:GetObject", "s3:Get*", True),
        ("s3:GetObject", "s3:GetObjec?", True),
        ("s3:GetObject", "*", True),
        ("s3:GetObjectVersion", "s3:GetObject", False),
        ("s3:GetObject", "sqs:*", False),
        ("s3:GetObject", ["s3:PutObject", "s3:GetObject"], True),
        # A dot matches only itself.
        ("s3xGetObject", "s3.GetObject", False),
    ],
)
def test_action_matches_by_wildcard_ignoring_case(action: str, wanted: Any, allowed: bool) -> None:
    assert decide(make_request(action=action), make_policy(action=wanted), []).allowed is allowed


@pytest.mark.parametrize(
    ("wanted", "allowed"),
    [
        ("arn:aws:s3:::bucket/*", True),
        ("arn:aws:s3:::bucket", False),
        # The case of resources matters.
        ("arn:aws:s3:::BUCKET/*", False),
        ("arn:aws:s3:::bucket/a/ke?", True),
        (["arn:aws:s3:::other/*", "arn:aws:s3:::bucket/*"], True),
    ],
)
def test_resource_matches_by_wildcard_and_case(wanted: Any, allowed: bool) -> None:
    assert decide(make_request(), make_policy(resource=wanted), []).allowed is allowed


def test_resource_policy_applies_to_named_principals_only() -> None:
    named = make_policy(Principal={"AWS": [ROLE]})
    assert decide(make_request(ROLE), [], named).allowed
    assert not decide(make_request(USER), [], named).allowed
    assert not decide(make_request(None), [], named).allowed
    assert decide(make_request(None), [], make_policy(Principal="*")).allowed
    assert decide(make_request(None), [], make_policy(Principal={"AWS": "*"})).allowed
    assert not decide(make_request(USER), [], make_policy(Principal={"Service": "events.amazonaws.com"})).allowed


@pytest.mark.parametrize("account", ["123456789012", "arn:aws:iam::123456789012:root"])
def test_account_principal_allows_only_with_identity_policy(account: str) -> None:
    of_account = make_policy(Principal={"AWS": account})
    assert not decide(make_request(), [], of_account).allowed
    assert decide(make_request(), make_policy(), of_account).allowed
    assert not decide(make_request(), make_policy(), make_policy("Deny", Principal={"AWS": account})).allowed
    assert not decide(make_request("arn:aws:iam::999999999999:user/x"), [], of_account).allowed
    assert not decide(make_request("events.amazonaws.com"), [], of_account).allowed


def test_kms_request_requires_the_key_policy() -> None:
    assert not decide(make_request(), make_policy(), [], resource_must_allow=True).allowed
    of_account = make_policy(Principal={"AWS": "123456789012"})
    assert decide(make_request(), make_policy(), of_account, resource_must_allow=True).allowed
    assert not decide(make_request(), [], of_account, resource_must_allow=True).allowed


def test_star_in_key_policy_is_the_key() -> None:
    own = parse_statements(
        {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}}, resource="arn:k"
    )
    assert decide(make_request(resource="arn:k"), [], own).allowed
    assert not decide(make_request(resource="arn:another"), [], own).allowed


@pytest.mark.parametrize(
    "more",
    [
        {"NotPrincipal": {"AWS": ROLE}},
        {"NotAction": "s3:*"},
        {"NotResource": "*"},
        {"Principal": {"Federated": "x"}},
        {"Principal": "someone"},
        {"Effect": "allow"},
        {"Resource": "arn:aws:s3:::${aws:username}/*"},
    ],
)
def test_unsupported_statement_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedPolicyError):
        parse_statements({"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*", **more}]})
