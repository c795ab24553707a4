"""Uploads under a customer's KMS key: scanners decrypt with the keys of the parameter, through S3, and nobody else."""

import pytest

from local.aws.policy.conditions import Context
from local.aws.policy.evaluator import Request, decide, parse_statements
from tests.policy.deployed import ACCOUNT, REGION, Deployed
from tests.policy.gated_bucket import SCANNERS
from tests.unit.test_parameters import refusal

KEYS = [f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{name}" for name in ("1234abcd-12ab", "mrk-5678efab")]
VIA_S3 = {"kms:viaservice": (f"s3.{REGION}.amazonaws.com",)}
# KMS puts this one on a key for which nobody gives a policy.
DEFAULT_KEY_POLICY = {
    "Statement": {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
}


def decrypts(parameter: str, role: str, key: str, context: Context = VIA_S3) -> bool:
    principal = Deployed(UploadKeyArns=parameter).policies().principal(role)
    of_key = parse_statements(DEFAULT_KEY_POLICY, resource=key)
    request = Request(principal.arn, "kms:Decrypt", key, context)
    return decide(request, principal.identity, of_key, resource_must_allow=True).allowed


@pytest.mark.parametrize("role", SCANNERS)
@pytest.mark.parametrize("key", KEYS)
def test_scanner_decrypts_with_each_named_key_through_s3_only(role: str, key: str) -> None:
    assert decrypts(",".join(KEYS), role, key)
    assert not decrypts(",".join(KEYS), role, key, {})


@pytest.mark.parametrize("role", [*SCANNERS, "OnSweepRole", "BreakGlassRole"])
def test_key_that_is_not_named_stays_closed(role: str) -> None:
    assert not decrypts("", role, KEYS[0])
    assert not decrypts(KEYS[1], role, KEYS[0])


@pytest.mark.parametrize("role", ["OnSweepRole", "BreakGlassRole"])
def test_role_that_reads_no_uploads_may_not_decrypt_them(role: str) -> None:
    assert not decrypts(KEYS[0], role, KEYS[0])


def test_naming_the_quarantines_key_opens_nothing() -> None:
    key = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/QuarantineKey-id"
    policies = Deployed(UploadKeyArns=key).policies()
    for role in SCANNERS:
        scanner = policies.principal(role)
        request = Request(scanner.arn, "kms:Decrypt", key, {"aws:principalarn": (str(scanner.arn),), **VIA_S3})
        assert not decide(request, scanner.identity, policies.resource_statements, resource_must_allow=True).allowed


@pytest.mark.parametrize("keys", ["", KEYS[0], ",".join(KEYS), "arn:aws-cn:kms:cn-north-1:123456789012:key/a-1"])
def test_parameter_takes_keys_of_every_partition(keys: str) -> None:
    assert refusal("UploadKeyArns", keys) == ""


@pytest.mark.parametrize(
    "keys", ["*", "1234abcd", f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/mine", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/*"]
)
def test_parameter_refuses_aliases_and_wildcards(keys: str) -> None:
    assert refusal("UploadKeyArns", keys)
