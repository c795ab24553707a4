"""An HTTP adapter whose connections are opened ahead of time, and never by a request, which has a slot to meet.

requests and urllib3 open a connection when a request needs it, and have no call to do so before.
"""

import ssl
from typing import Any, cast

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError


class NotConnectedError(Exception):
    """No connection is open. Nothing was sent; `connect`, and take another slot."""


class PreconnectedAdapter(HTTPAdapter):
    """Retries nothing: each attempt takes a slot. `timeout`: seconds for connecting. `send` raises NotConnected too."""

    def __init__(self, connections: int, timeout: float) -> None:
        self._connections, self._timeout = connections, timeout
        super().__init__(pool_maxsize=connections, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """As requests does it, with connections of our own."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}

    def connect(self, url: str, count: int, verify: bool | str) -> str:
        """Opens connections for `count` requests at once, as far as they are not open.

        Stops at the first that cannot be opened. What stopped it, where none is open; else nothing.
        """
        # What requests does on the way to sending; the pool gives its idle connections first.
        request = requests.Request("POST", url).prepare()
        pool = cast(HTTPConnectionPool, self.get_connection_with_tls_context(request, verify))
        self.cert_verify(pool, url, verify, None)  # type: ignore[no-untyped-call]
        taken = [pool._get_conn() for _ in range(min(count, self._connections))]
        opened, fault = 0, ""
        for connection in taken:
            if not fault:
                fault = self._open(cast("_Connection | _TlsConnection", connection))
                opened += not fault
            pool._put_conn(connection)
        return "" if opened else fault

    def _open(self, connection: "_Connection | _TlsConnection") -> str:
        """What kept it from being open; nothing where it is."""
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
        """Only ahead of time."""
        if not self.may_connect:
            raise NotConnectedError
        super().connect()


class _TlsConnection(HTTPSConnection):
    """urllib3 takes a connection on which something waits to be read for closed, and opens another.

    After a TLS 1.3 handshake there is something: the server's session tickets, until the first answer is read.
    """

    may_connect = False

    def connect(self) -> None:
        """Only ahead of time."""
        if not self.may_connect:
            raise NotConnectedError
        super().connect()

    @property
    def is_connected(self) -> bool:
        """Whether it is open, tickets or not."""
        return self._only_tickets_wait() and super().is_connected

    def _only_tickets_wait(self) -> bool:
        if not isinstance(self.sock, ssl.SSLSocket):
            return self.sock is not None
        patience = self.sock.gettimeout()
        self.sock.settimeout(0)
        try:
            self.sock.recv(1)  # takes the tickets in; data, or the end of it, was not asked for
        except ssl.SSLWantReadError:
            return True
        except OSError:
            return False
        finally:
            self.sock.settimeout(patience)
        return False


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection
