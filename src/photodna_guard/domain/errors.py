"""The errors, one class for each thing that a caller can do about them."""


class GuardError(Exception):
    """Any error of this application. Its text is safe to log: it holds no URL and no key."""


class ConfigurationError(GuardError):
    """The environment is not usable. The operator mends the stack's parameters; nothing can run until then."""


class MalformedEventError(GuardError):
    """A payload, or one record of it, does not speak of an upload. It is kept in the dead-letter queue."""


class RedeliveryRequiredError(GuardError):
    """Some uploads could neither be settled nor deferred. Raised to Lambda, which delivers the event again."""


class ObjectGoneError(GuardError):
    """The version is no longer there. The upload is settled as GONE; the text is the reason."""


class UnscannableError(GuardError):
    """The object can never be read by us (a customer's own key, an archive). The text is the reason."""


class RetryableError(GuardError):
    """Something failed and nothing is known. Counts as a failed attempt; back off, then try again."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        """`retry_after`: seconds that the other side asked for."""
        super().__init__(reason)
        self.retry_after = retry_after


class DeferrableError(GuardError):
    """No slot, a pause, or a throttled AWS service. Not a failure: wait, then try again, however often."""

    def __init__(self, reason: str, until: float = 0.0) -> None:
        """`until`: the epoch second from which trying again is worth it, 0 where nobody knows."""
        super().__init__(reason)
        self.until = until


class ServiceUnavailableError(DeferrableError):
    """The service answers nobody for a while. Everybody waits; a match that is known already needs no answer."""


class ServiceUnreachableError(ServiceUnavailableError):
    """The service cannot be reached: nothing was sent. Everybody waits, and one at a time tries."""


class KeyUnavailableError(ServiceUnavailableError):
    """The subscription key cannot be had. Everybody waits until an operator mends it, and an alarm says so."""


class LeaseHeldError(DeferrableError):
    """Another worker holds this version's lease, or has taken it over. Look again when it has ended."""


class AwaitingOperatorError(GuardError):
    """A match is not moved until the operator says so. The record stays MATCHED; a sweep takes it up then."""
