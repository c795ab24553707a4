"""An HTTP adapter that opens its connections ahead of time. A request never opens one, as that would miss its slot.

requests and urllib3 open a connection when a request needs it, and offer no call to open one before.
"""

import ssl
from typing import Any, cast

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError


class NotConnectedError(Exception):
    """No connection is open, so nothing was sent. The caller connects and reserves another slot."""


class PreconnectedAdapter(HTTPAdapter):
    """An adapter without retries, as each attempt needs a slot. `send` raises NotConnectedError too."""

    def __init__(self, connections: int, timeout: float) -> None:
        """`timeout`: seconds for opening a connection; `connections`: their maximum number."""
        self._connections, self._timeout = connections, timeout
        super().__init__(pool_maxsize=connections, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Create the pool manager as requests does, with this module's connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}

    def connect(self, url: str, count: int, verify: bool | str) -> str:
        """Open the connections that `count` concurrent requests lack, up to the first that cannot be opened.

        `verify`: as in requests. Returns an empty text if any connection is open, otherwise the error's class name.
        """
        pool = self._get_pool(url, verify)
        # The pool hands out its idle connections first.
        connections = [pool._get_conn() for _ in range(min(count, self._connections))]
        opened, fault = 0, ""
        for connection in connections:
            if not fault:
                fault = self._open(cast("_Connection | _TlsConnection", connection))
                opened += not fault
            pool._put_conn(connection)
        return "" if opened else fault

    def _get_pool(self, url: str, verify: bool | str) -> HTTPConnectionPool:
        """Return the URL's pool, as requests does before it sends."""
        request = requests.Request("POST", url).prepare()
        pool = cast(HTTPConnectionPool, self.get_connection_with_tls_context(request, verify))
        self.cert_verify(pool, url, verify, None)  # type: ignore[no-untyped-call]
        return pool

    def _open(self, connection: "_Connection | _TlsConnection") -> str:
        """Open a connection, unless it is open. Returns the class name of the error, or an empty text."""
        try:
            if not connection.is_connected:
                connection.timeout, connection.may_connect = self._timeout, True
                connection.connect()
        except (HTTPError, OSError) as error:
            connection.close()
            return type(error).__name__
        finally:
            connection.may_connect = False
        return ""


class _Connection(HTTPConnection):
    may_connect = False

    def connect(self) -> None:
        """Connect, if the adapter permits it. Raises NotConnectedError otherwise."""
        if not self.may_connect:
            raise NotConnectedError
        super().connect()


class _TlsConnection(HTTPSConnection):
    """A TLS connection that counts as open while session tickets wait to be read.

    urllib3 takes a connection on which data waits for a closed one, and opens another. After a TLS 1.3 handshake there
    are data: the server's session tickets, until the first response is read.
    """

    may_connect = False

    def connect(self) -> None:
        """Connect, if the adapter permits it. Raises NotConnectedError otherwise."""
        if not self.may_connect:
            raise NotConnectedError
        super().connect()

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


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection
