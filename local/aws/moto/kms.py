"""KMS: moto evaluates a key's policy without conditions, and fails where CloudFormation gave it as an object."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.kms import responses

from local.aws.moto.replacement import replace


def apply() -> None:
    """Leave the decision to local.aws.policy. Raises SystemExit if moto no longer has the part that is replaced."""
    replace(responses, "validate_policy", _permit)


def _permit(_: Callable[..., None]) -> Callable[..., None]:
    def validate(*_: Any) -> None:
        return None

    return validate
