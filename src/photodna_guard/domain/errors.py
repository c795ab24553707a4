"""The application's errors: one class for each reaction of the caller.

The tree, with that reaction:

    GuardError
    ├── ConfigurationError             the function cannot start
    ├── MalformedEventError            -> dead-letter queue
    ├── RedeliveryRequiredError        -> Lambda delivers the event again
    ├── ObjectGoneError                -> settle as GONE
    │   └── ObjectNotFoundError        -> wait while the version is young, then settle as GONE
    ├── UnscannableError               -> settle as UNSCANNABLE
    ├── RetryableError                 -> retry: a failed attempt is counted
    │   └── DecryptionRefusedError     -> retry a few times, then settle as UNSCANNABLE
    ├── DeferrableError                -> defer: no attempt is counted
    │   ├── SlotUnavailableError       -> a queue's worker waits for the slot, inside its function
    │   ├── LeaseHeldError             -> wait until the lease has ended
    │   └── ServiceUnavailableError    -> all workers wait; known hashes still match
    │       ├── ServiceUnreachableError   -> circuit breaker opens
    │       └── KeyUnavailableError       -> an alarm asks for the operator
    └── AwaitingOperatorError          -> hold: the match waits for the operator

Every class says when it is raised and what the caller does.
"""


class GuardError(Exception):
    """Base class of all errors of this application.

    The text is safe to log: it contains no URL and no subscription key.
    """


class ConfigurationError(GuardError):
    """The environment is unusable. Raised before any upload is processed.

    Nothing runs until the operator corrects the stack's parameters.
    """


class MalformedEventError(GuardError):
    """A payload, or one record of it, names no upload. Raised while an event is parsed.

    The caller sends that part to the dead-letter queue.
    """


class RedeliveryRequiredError(GuardError):
    """Some uploads of an event were neither settled nor deferred. Raised by a handler at its end.

    Lambda delivers the event again.
    """


class ObjectGoneError(GuardError):
    """The version no longer exists, or another object stands in its place. Raised by calls to S3.

    The caller settles the upload as GONE, with the error's text as the reason.
    """


class ObjectNotFoundError(ObjectGoneError):
    """S3 does not find the version. It may be there all the same, if it is young. Raised by calls to S3.

    The caller tries again until the version is an hour old, and settles the upload as GONE then.
    """


class UnscannableError(GuardError):
    """The object can never be read: it is archived, or encrypted with a customer's own key. Raised by calls to S3.

    The caller settles the upload as UNSCANNABLE, with the error's text as the reason.
    """


class RetryableError(GuardError):
    """A call failed and its result is unknown. Raised for AWS and for the Match service.

    The caller counts a failed attempt, backs off and tries again.
    """

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        """`retry_after`: seconds that the other side asked for."""
        super().__init__(reason)
        self.retry_after = retry_after


class DecryptionRefusedError(RetryableError):
    """The object is encrypted with a KMS key that may not be used for its reading. Raised by reads of S3.

    The caller tries a few times, since a changed policy takes effect with a delay. Then it settles the upload as
    UNSCANNABLE, with the error's text as the reason.
    """


class DeferrableError(GuardError):
    """The work cannot go on now: no slot is free, requests are paused, or AWS throttles. This is no failure.

    The caller waits without counting an attempt, however often.
    """

    def __init__(self, reason: str, until: float = 0.0) -> None:
        """`until`: epoch seconds before which another try is useless; 0 if that time is unknown."""
        super().__init__(reason)
        self.until = until


class SlotUnavailableError(DeferrableError):
    """No slot of the shared rate is near enough for this worker. Raised when slots are reserved.

    The caller sends the upload to its queue at once: a worker of the queue waits for the slot better than the queue.
    """


class ServiceUnavailableError(DeferrableError):
    """The Match service answers no requests at present. Raised while requests are paused or the breaker is open.

    The caller defers the upload, unless its SHA-256 is that of a quarantined picture.
    """


class ServiceUnreachableError(ServiceUnavailableError):
    """No connection to the Match service can be opened, so nothing was sent. Raised before a slot is reserved.

    The caller opens the circuit breaker: all workers wait, and one probe at a time is sent.
    """


class KeyUnavailableError(ServiceUnavailableError):
    """The subscription key cannot be read, or is no key. Raised when a request is prepared.

    The caller defers the upload and raises an alarm: all workers wait for the operator.
    """


class LeaseHeldError(DeferrableError):
    """Another worker holds the lease of this version, or has taken it over. Raised by writes to the results table.

    The caller writes nothing more, and tries again after `until`.
    """


class AwaitingOperatorError(GuardError):
    """A match may not be deleted until the operator permits it: observe mode, or the deletion limit is reached.

    Or it is too large to be moved. The caller gives the lease back. The record stays MATCHED, and the sweep redelivers
    it when deleting is permitted.
    """

    def __init__(self, reason: str, until: float = 0.0) -> None:
        """`until`: epoch seconds before which another try is useless; 0 if that time is unknown."""
        super().__init__(reason)
        self.until = until
