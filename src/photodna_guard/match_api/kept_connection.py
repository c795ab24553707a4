"""Connections that are opened ahead of time, and that notice when they ended unseen while they were kept.

Lambda freezes a container between two events. Meanwhile a server ends an idle connection, or a load balancer on the way
forgets it, and nothing tells this side: the next request fails, though the service answers.
"""

import socket
import ssl
import time
from collections.abc import Callable
from http.client import HTTPResponse, RemoteDisconnected
from typing import Any

from urllib3 import HTTPResponse as PooledResponse
from urllib3.connection import HTTPConnection, HTTPSConnection

# So long the kernel waits for the other side to acknowledge what was sent. A slow service acknowledges at once. A load
# balancer that has forgotten the connection never does, and the request would wait for its answer in vain.
UNACKNOWLEDGED_SECONDS = 5


class NotConnectedError(Exception):
    """No connection is open, so nothing was sent. The caller connects and reserves another slot."""


class LostConnectionError(Exception):
    """A kept connection had ended, and no byte of an answer came. This says nothing about the service or the picture.

    The request may have reached the service, so its slot is used. The caller connects and reserves another slot.
    """


class _NoByteError(Exception):
    """The connection ended before the first byte of an answer."""

    def __init__(self, how: OSError) -> None:
        super().__init__()
        self.how = how


class _Answer(HTTPResponse):
    """A response that tells a connection without any answer from one that ends within its answer."""

    def begin(self) -> None:
        """Read the head. Raises _NoByteError, and what http.client raises."""
        try:
            is_ended = not self.fp.peek(1)
        except OSError as error:
            # The service was too slow. All other errors come from the connection: nothing can be read from it any more.
            if isinstance(error, TimeoutError) and error.errno is None:
                raise
            raise _NoByteError(error) from error
        if is_ended:
            raise _NoByteError(RemoteDisconnected("the connection was closed without an answer"))
        super().begin()


class KeptConnection(HTTPConnection):
    """A connection that only the adapter opens. Its requests raise NotConnectedError and LostConnectionError too."""

    response_class = _Answer
    may_connect = False
    # The connection was opened for an earlier request than the next one.
    is_kept = False
    now: Callable[[], float] = staticmethod(time.time)
    # Epoch seconds at which the connection was opened, or its last answer came.
    used_at = 0.0

    def connect(self) -> None:
        """Connect, if the adapter permits it. Raises NotConnectedError otherwise."""
        if not self.may_connect:
            raise NotConnectedError
        super().connect()
        self.used_at = self.now()
        if self.sock and hasattr(socket, "TCP_USER_TIMEOUT"):
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED_SECONDS * 1000)

    def request(self, *args: Any, **kwargs: Any) -> None:
        """Send a request. A kept connection that does not take all of it is lost."""
        try:
            super().request(*args, **kwargs)
        except ConnectionError:
            # urllib3 goes on from here, since the answer may have come before the end of the request.
            raise
        except OSError as error:
            if self.is_kept:
                raise LostConnectionError from error
            raise

    def getresponse(self) -> PooledResponse:  # type: ignore[override]
        """Return the response. A kept connection that ends before the first byte of it is lost."""
        try:
            answer = super().getresponse()
        except _NoByteError as error:
            raise (LostConnectionError() if self.is_kept else error.how) from None
        self.is_kept, self.used_at = True, self.now()
        return answer


class KeptTlsConnection(KeptConnection, HTTPSConnection):
    """A TLS connection that counts as open while session tickets wait to be read.

    urllib3 takes a connection on which data waits for a closed one, and opens another. After a TLS 1.3 handshake there
    are data: the server's session tickets, until the first response is read.
    """

    @property
    def is_connected(self) -> bool:
        """Whether the connection is open."""
        return self._read_tickets() and super().is_connected

    def _read_tickets(self) -> bool:
        """Read waiting session tickets. Returns False if the connection is closed, or unrequested data waits."""
        if not isinstance(self.sock, ssl.SSLSocket):
            return self.sock is not None
        timeout = self.sock.gettimeout()
        self.sock.settimeout(0)
        try:
            # This processes the tickets. Any byte or the end of the stream was not requested.
            self.sock.recv(1)
        except ssl.SSLWantReadError:
            return True
        except OSError:
            return False
        finally:
            self.sock.settimeout(timeout)
        return False
