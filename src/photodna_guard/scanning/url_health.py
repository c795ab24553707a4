"""Whether the service can fetch URLs at present, as far as this container saw. Without I/O."""

import time
from collections.abc import Callable

from photodna_guard.domain.models import Representation
from photodna_guard.domain.verdicts import MatchOutcome
from photodna_guard.scanning.stages import Answered

# Pictures in a row whose URL failed and whose bytes had a verdict.
FAILURE_THRESHOLD = 3
AVOID_SECONDS = 600.0
_VERDICTS = (MatchOutcome.MATCH, MatchOutcome.NO_MATCH)


class UrlHealth:
    """Counts the URLs that failed in a row. Beyond the threshold no URL is sent for a while: each costs two slots."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        """`now`: epoch seconds."""
        self._now, self._failures, self._avoid_until = now, 0, 0.0

    @property
    def is_avoided(self) -> bool:
        """Whether the bytes are to be sent instead of URLs."""
        return self._now() < self._avoid_until

    def observe(self, answered: Answered) -> bool:
        """Count a URL that led to a verdict, or that bytes with one replaced. Return whether bytes replaced it."""
        if answered.verdict.kind not in _VERDICTS:
            return False
        sent = answered.ready.picture
        if sent.representation is Representation.URL:
            self._failures = 0
        elif sent.is_url_avoided and not self.is_avoided:
            self._failures += 1
            if self._failures >= FAILURE_THRESHOLD:
                # The first URL after that is a probe: if it fails, the next ones are avoided at once.
                self._failures, self._avoid_until = FAILURE_THRESHOLD - 1, self._now() + AVOID_SECONDS
        return sent.is_url_avoided
