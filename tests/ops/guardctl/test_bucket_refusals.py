"""What guardctl bucket add refuses, and what it says then."""

import json
from dataclasses import replace
from typing import Any

from botocore.exceptions import ClientError

from tests.ops.guardctl.conftest import WHY, Console
from tests.ops.guardctl.existing_bucket import MATCHES, NAME, FakeS3, watch
from tests.support.moto_aws import SESSION

ADD = ("bucket", "add", NAME, *WHY)


def refuse(guard: Console, *arguments: str) -> str:
    """Run `bucket add`, and return why it was refused."""
    assert guard.run("bucket", "add", *arguments) == 2
    assert len(guard.err.splitlines()) == 1
    return guard.err


def refuse_last(guard: Console, *arguments: str) -> str:
    """Run `bucket add`, and return the last line: the diff comes before it."""
    assert guard.run("bucket", "add", *arguments) == 2
    return guard.err.splitlines()[-1]


def test_addition_is_refused_with_what_to_do(guard: Console, s3: FakeS3) -> None:
    s3.client.create_bucket(Bucket="unwatched")
    refused = refuse(guard, "unwatched", *WHY)
    assert "sam deploy --stack-name guard --parameter-overrides Buckets=other,old-pictures,unwatched" in refused
    assert "There is no bucket other" in refuse(guard, "other", *WHY)
    assert "the stack's own" in refuse(guard, "quarantine", *WHY)
    assert "names no bucket" in refuse(guard, "a_b", *WHY)
    assert "--reason" in refuse(guard, NAME)
    assert "no terminal" in refuse_last(guard, NAME, "--reason", "x")
    assert s3.changes == []


def test_bucket_of_another_region_is_refused(guard: Console, s3: FakeS3) -> None:
    place: Any = {"LocationConstraint": "eu-west-1"}
    s3.client.create_bucket(Bucket="far-away", CreateBucketConfiguration=place)
    guard.target = watch(guard.target, s3, Buckets="far-away")
    assert "is in eu-west-1, and the stack in us-east-1" in refuse(guard, "far-away", *WHY)


def test_policy_that_grows_too_long_or_has_such_a_sid_is_refused(guard: Console, s3: FakeS3) -> None:
    own = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{NAME}/*"}
    s3.client.put_bucket_policy(Bucket=NAME, Policy=json.dumps({"Statement": [own | {"Sid": MATCHES[0]["Sid"]}]}))
    assert MATCHES[0]["Sid"] in refuse(guard, NAME, *WHY)
    long = json.dumps({"Statement": [own | {"Resource": [f"arn:aws:s3:::{NAME}/{'k' * 40}{n}" for n in range(270)]}]})
    assert len(long) < 20_480
    s3.client.put_bucket_policy(Bucket=NAME, Policy=long)
    assert "bytes, and S3 takes 20,480" in refuse(guard, NAME, *WHY)
    assert s3.changes == []


class Denied:
    """An S3 in which somebody may do nothing."""

    meta = SESSION.client("s3").meta

    def __getattr__(self, name: str) -> Any:
        def refuse(**_: Any) -> None:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, name)

        return refuse


def test_own_credentials_read_where_the_operator_may_not(guard: Console) -> None:
    denied, make = Denied(), guard.target.client
    # A policy that denies everybody but its owner keeps the operator out, and the owner still removes the guard.
    target = replace(guard.target, client=lambda name: denied if name == "s3" else make(name))
    guard.target = target
    assert guard.run("bucket", "remove", NAME, *WHY) == 0
    guard.target = replace(target, own_client=lambda _: denied)
    assert "belongs to another account" in refuse(guard, NAME, *WHY)


def test_check_that_could_not_look_is_not_in_order(guard: Console, s3: FakeS3) -> None:
    def fail(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "InternalError", "Message": "later"}}, "GetBucketReplication")

    guard.run(*ADD)
    assert guard.run("bucket", "check", NAME) == 0
    setattr(s3, "get_bucket_replication", fail)  # noqa: B010
    assert guard.run("bucket", "check", NAME) == 1
    assert "cannot be checked: GetBucketReplication: InternalError" in guard.out


def test_owner_who_may_not_write_is_told_which_right_is_missing(guard: Console, s3: FakeS3) -> None:
    guard.target = replace(guard.target, own_client=lambda _: Denied())
    assert guard.run(*ADD) == 1
    assert "put_bucket_versioning" in guard.err
    assert "permission" in guard.err
    assert s3.changes == []
    assert guard.json("journal")[0]["state"] == "failed"
    assert guard.run("bucket", "add", NAME, "--print") == 0
