"""The break-glass role: the only one that reads the quarantine. The caller's own credentials assume it."""

import os
import sys
from collections.abc import Callable, Mapping
from getpass import getpass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ops.errors import CannotProceedError

if TYPE_CHECKING:
    import boto3

    from ops.guardctl.target import Target

BREAK_GLASS_ROLE = "BreakGlassRole"
# The code of the second factor, for a call without a terminal.
MFA_CODE_VARIABLE = "GUARDCTL_MFA_CODE"


def break_glass_clients(target: "Target") -> Callable[[str], Any]:
    """Return what makes clients with the rights of the break-glass role, taken once: a code of MFA serves once.

    Raises CannotProceedError where the role does not trust the caller, and botocore's errors.
    """
    try:
        return target.clients_of(BREAK_GLASS_ROLE)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("AccessDenied", "AccessDeniedException"):
            raise
        raise CannotProceedError(
            f"{target.who} may not take the break-glass role. An IAM user needs MFA (mfa_serial in the profile), and a "
            f"role has to be named in BreakGlassPrincipalArn (docs/evidence.md, Break the glass)"
        ) from None


def mfa_arguments(session: "boto3.Session") -> Mapping[str, str]:
    """Return the arguments of AssumeRole with the second factor of the caller's profile; none where it names none.

    Raises CannotProceedError where nobody can give the code.
    """
    profile = session._session.get_scoped_config()
    # The profile of a role has had its second factor: botocore asked for it when it assumed that role.
    serial = None if "role_arn" in profile else profile.get("mfa_serial")
    if not serial:
        return {}
    code = os.environ.get(MFA_CODE_VARIABLE, "")
    if not code and not sys.stdin.isatty():
        raise CannotProceedError(f"Give the code of {serial} in the variable {MFA_CODE_VARIABLE}: there is no terminal")
    return {"SerialNumber": serial, "TokenCode": code or getpass(f"MFA code of {serial}: ", sys.stderr)}
