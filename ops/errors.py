"""The errors that stop a command, each described in one line for the operator."""

from botocore.exceptions import BotoCoreError, ClientError

AWS_ERRORS = (BotoCoreError, ClientError)
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "AllAccessDisabled", "403"})
_HINTS = {
    "NoCredentialsError": "Log in first, or set AWS_PROFILE",
    "NoRegionError": "Set AWS_REGION to the stack's region",
    "NoSuchBucket": "Check the bucket's name, the account and the region",
    "QueueDoesNotExist": "Check the queue's URL, the account and the region",
    "AWS.SimpleQueueService.NonExistentQueue": "Check the queue's URL, the account and the region",
}


class CannotProceedError(Exception):
    """The operator has to change something, or wait, before the command can proceed. The message says what."""


def describe_error(error: Exception) -> str:
    """Say in one line what happened and what to do. `error` is a CannotProceedError or one of AWS_ERRORS."""
    name, text = type(error).__name__, str(error)
    if isinstance(error, ClientError):
        name = str(error.response.get("Error", {}).get("Code", name))
        text = f"{error.operation_name}: {name}: {error.response.get('Error', {}).get('Message', '')}"
    hint = f"The credentials in use lack the permission for {text.partition(':')[0]}" if name in _DENIED else ""
    sentences = (part.rstrip(". ") for part in (" ".join(text.split()), hint or _HINTS.get(name, "")))
    return ". ".join(filter(None, sentences))
