"""The guard's statements in an owner's policy: whatever that is, it comes back as it was."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.guardctl.buckets.policy import (
    find_conflicts,
    find_missing,
    is_same,
    is_same_policy,
    list_statements,
    merge,
    parse_statements,
    restore,
    take_out,
)
from tests.ops.guardctl.existing_bucket import GATE, MATCHES, OURS

WANTED = parse_statements(json.dumps([*MATCHES, *GATE]), "pictures")
# Texts of a policy, with what a Sid, an ARN or a tag may hold.
texts = st.text('abc*:/é"\\ ', max_size=6)
values = st.one_of(texts, st.lists(texts, max_size=3))
principals = st.one_of(st.just("*"), st.fixed_dictionaries({"AWS": values}))
conditions = st.dictionaries(
    st.sampled_from(["StringEquals", "Bool", "Null"]), st.dictionaries(texts, values, max_size=2)
)
statements = st.fixed_dictionaries(
    {"Effect": st.sampled_from(["Allow", "Deny"]), "Principal": principals, "Action": values, "Resource": values},
    optional={"Condition": conditions},
)
lists = st.lists(statements, min_size=1, max_size=4)


@st.composite
def policies(draw: st.DrawFn) -> str | None:
    """Return the text of a policy as an owner may have written it: Sids, Id and Version may be missing."""
    if draw(st.integers(0, 9)) == 0:
        return None
    found: list[dict[str, Any]] = draw(lists)
    for number, statement in enumerate(found):
        if draw(st.booleans()):
            statement["Sid"] = f"Own{number}"
    frame = {name: value for name, value in (("Version", "2012-10-17"), ("Id", "own")) if draw(st.booleans())}
    alone = len(found) == 1 and draw(st.booleans())
    document = frame | {"Statement": found[0] if alone else found}
    return json.dumps(document, indent=draw(st.sampled_from([None, 2])), ensure_ascii=draw(st.booleans()))


@given(policies())
def test_merged_policy_has_all_and_comes_back_to_the_letter(policy: str | None) -> None:
    merged = merge(policy, WANTED, OURS)
    assert merged is not None
    assert find_missing(merged, WANTED) == []
    assert [one for one in list_statements(merged) if one.get("Sid") not in OURS] == list_statements(policy)
    if policy:
        before, after = json.loads(policy), json.loads(merged)
        assert {k: v for k, v in before.items() if k != "Statement"} == {
            k: v for k, v in after.items() if k != "Statement"
        }
    assert merge(merged, WANTED, OURS) == merged
    assert restore(merged, policy, OURS) == policy
    # It also comes back from half of it, after a crash.
    assert restore(merge(policy, WANTED[:2], OURS), policy, OURS) == policy


@given(policies(), statements, st.integers(0, 5))
def test_statement_that_the_owner_added_meanwhile_stays(policy: str | None, own: Any, place: int) -> None:
    changed = json.loads(merge(policy, WANTED, OURS) or "")
    changed["Statement"].insert(place, own)
    rest = restore(json.dumps(changed), policy, OURS)
    assert rest is not None
    kept = list_statements(rest)
    assert own in kept
    assert len(kept) == len(list_statements(policy)) + 1
    assert not {one.get("Sid") for one in kept} & OURS


@given(policies())
def test_policy_is_the_same_in_any_order_and_form(policy: str | None) -> None:
    assert is_same_policy(policy, policy)
    if policy:
        document = json.loads(policy)
        shown = [
            one | {"Principal": {"AWS": "*"}} if one["Principal"] == "*" else one for one in list_statements(policy)
        ]
        assert is_same_policy(policy, json.dumps(document | {"Statement": shown[::-1]}))
        assert not is_same_policy(policy, None)
        assert not is_same_policy(policy, json.dumps(document | {"Statement": [*shown, {"Effect": "Deny"}]}))


def test_same_statement_twice_is_not_the_same_policy_as_once() -> None:
    one, other = {"Effect": "Allow", "Action": "a"}, {"Effect": "Allow", "Action": "b"}
    left, right = (json.dumps({"Statement": found}) for found in ([one, one], [one, other]))
    assert not is_same_policy(left, right)
    assert not is_same_policy(right, left)


@pytest.mark.parametrize(
    "change",
    [
        {"Effect": "Allow"},
        {"Action": "s3:*"},
        {"Condition": {}},
        {"Resource": "arn:aws:s3:::pictures"},
        {"Sid": "Other"},
    ],
)
def test_statement_of_another_content_is_another_one(change: dict[str, Any]) -> None:
    assert is_same(WANTED[0], json.loads(json.dumps(WANTED[0])))
    assert not is_same(WANTED[0], WANTED[0] | change)


def test_owners_statement_under_our_sid_is_a_conflict_unless_recorded() -> None:
    own = json.dumps({"Statement": [WANTED[0] | {"Effect": "Allow"}, WANTED[1]]})
    assert find_conflicts(own, WANTED, ()) == [WANTED[0]["Sid"]]
    assert find_conflicts(own, WANTED, OURS) == []
    replaced = merge(own, WANTED, OURS)
    assert find_missing(replaced, WANTED) == []
    assert len(list_statements(replaced)) == len(WANTED)


def test_statement_that_is_wanted_no_more_goes() -> None:
    policy = merge(None, WANTED, OURS)
    assert len(list_statements(merge(policy, WANTED[:3], OURS))) == 3
    assert take_out(policy, OURS) is None


def test_name_of_a_role_is_not_taken_for_the_bucket() -> None:
    role = "arn:aws:iam::1:role/BUCKET/scanner"
    (parsed,) = parse_statements(
        json.dumps([{"Sid": "A", "Resource": "arn:aws:s3:::BUCKET/*", "Condition": role}]), "b-1"
    )
    assert parsed == {"Sid": "A", "Resource": "arn:aws:s3:::b-1/*", "Condition": role}
