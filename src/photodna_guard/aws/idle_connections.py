"""Have a client of AWS open its connections anew after an idle time, since they may have ended unseen meanwhile.

Lambda freezes a container between two events. boto3 finds each dead connection by a request that fails at best, and at
worst by one that waits for its time-out of 10 s, and repeats it after a pause.
"""

import threading
import time
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

# Servers end idle connections after some seconds to minutes. While the container runs, the client notices that itself.
MAX_IDLE_SECONDS = 30.0


class Client(Protocol):
    """The parts of a boto3 client that are used here."""

    @property
    def meta(self) -> Any:
        """What holds the client's event hooks."""

    def close(self) -> None:
        """Close the connections that are not in use. The next request opens one."""


_Client = TypeVar("_Client", bound=Client)


def renew_idle_connections(client: _Client, now: Callable[[], float] = time.time) -> _Client:
    """Return the client, which from now on sends no request over a connection that was idle for MAX_IDLE_SECONDS.

    `now`: epoch seconds. A monotonic clock may stand still while Lambda freezes the container.
    """
    used_at, lock = now(), threading.Lock()

    def before_send(**_: Any) -> None:
        nonlocal used_at
        with lock:
            idle, used_at = now() - used_at, now()
        # A clock that was set back says nothing.
        if not 0 <= idle <= MAX_IDLE_SECONDS:
            client.close()

    # One hook for a client, however often it is asked for.
    client.meta.events.register("before-send", before_send, unique_id="renew-idle-connections")
    return client
