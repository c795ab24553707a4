"""What a check found, how bad it is, and how to mend it; and the running of checks, of which none stops the others."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from botocore.exceptions import ClientError

from ops.errors import AWS_ERRORS, CannotProceedError, describe_error
from ops.guardctl.doctor.deployment import Deployment, NotInEmbeddedCloudError

_DENIED = ("AccessDenied", "AccessDeniedException", "AuthorizationError", "AuthorizationErrorException", "403")


class Level(StrEnum):
    """How bad it is, the worst first."""

    # Evidence, reading or checking is not as it must be.
    FAULT = "fault"
    # Something that a person should look at.
    WARNING = "warning"
    # Nothing could be found out, for the reason that stands there.
    UNCHECKED = "unchecked"
    OK = "ok"


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: what was looked at, what was found, and how to mend it (empty where it is right)."""

    level: Level
    subject: str
    what: str
    mend: str = ""


Check = Callable[[Deployment], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class NamedCheck:
    """A check with the words under which it is shown."""

    name: str
    check: Check


def find(good: bool, subject: str, right: str, wrong: str, mend: str, level: Level = Level.FAULT) -> Finding:
    """Return the finding that says `right` where something is good, and otherwise `wrong` and how to mend it."""
    return Finding(Level.OK, subject, right) if good else Finding(level, subject, wrong, mend)


def run_check(named: NamedCheck, deployment: Deployment) -> Iterator[Finding]:
    """Yield what a check finds. Where it cannot go on, that is its last finding."""
    try:
        yield from named.check(deployment)
    except NotInEmbeddedCloudError as missing:
        yield Finding(Level.UNCHECKED, named.name, f"cannot be checked on the embedded cloud: {missing}")
    except CannotProceedError as error:
        yield Finding(Level.WARNING, named.name, f"cannot be checked: {error}", "Deploy the stack again")
    except AWS_ERRORS as error:
        yield _explain(named.name, error)


def _explain(name: str, error: Exception) -> Finding:
    if isinstance(error, ClientError) and error.response["Error"]["Code"] in _DENIED:
        return Finding(
            Level.WARNING,
            name,
            f"cannot be checked: the role OperatorRole lacks the right to {error.operation_name}",
            "Deploy the stack again with this version's template, which grants it. Or has somebody changed the role?",
        )
    return Finding(Level.WARNING, name, f"cannot be checked: {describe_error(error)}", "Run guardctl doctor again")
