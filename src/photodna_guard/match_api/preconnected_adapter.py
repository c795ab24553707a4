"""An HTTP adapter that opens its connections ahead of time. A request never opens one, as that would miss its slot.

requests and urllib3 open a connection when a request needs it, and offer no call to open one before.
"""

import time
from collections.abc import Callable
from typing import Any, cast

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from photodna_guard.match_api.kept_connection import KeptConnection, KeptTlsConnection

# A connection that was idle for longer is opened anew. The container may have been frozen meanwhile, and load balancers
# forget an idle connection without a word, after 240 s at the latest.
MAX_IDLE_SECONDS = 30.0


class PreconnectedAdapter(HTTPAdapter):
    """An adapter without retries, as each attempt needs a slot.

    `send` raises NotConnectedError and LostConnectionError too.
    """

    def __init__(self, connections: int, timeout: float, now: Callable[[], float] = time.time) -> None:
        """Create an adapter without connections.

        Args:
            connections: Their maximum number.
            timeout: Seconds for opening one.
            now: The clock, epoch seconds. A monotonic clock may stand still while Lambda freezes the container.
        """
        self._connections, self._timeout, self._now = connections, timeout, now
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
                fault = self._open(cast("KeptConnection", connection))
                opened += not fault
            pool._put_conn(connection)
        return "" if opened else fault

    def _get_pool(self, url: str, verify: bool | str) -> HTTPConnectionPool:
        """Return the URL's pool, as requests does before it sends."""
        request = requests.Request("POST", url).prepare()
        pool = cast(HTTPConnectionPool, self.get_connection_with_tls_context(request, verify))
        self.cert_verify(pool, url, verify, None)  # type: ignore[no-untyped-call]
        return pool

    def _open(self, connection: KeptConnection) -> str:
        """Open a connection, unless it is open. Returns the class name of the error, or an empty text."""
        connection.is_kept = connection.is_connected and self._is_fresh(connection)
        if connection.is_kept:
            return ""
        connection.close()
        try:
            connection.timeout, connection.now, connection.may_connect = self._timeout, self._now, True
            connection.connect()
        except (HTTPError, OSError) as error:
            connection.close()
            return type(error).__name__
        finally:
            connection.may_connect = False
        return ""

    def _is_fresh(self, connection: KeptConnection) -> bool:
        # A clock that was set back says nothing.
        return 0 <= self._now() - connection.used_at <= MAX_IDLE_SECONDS


class _Pool(HTTPConnectionPool):
    ConnectionCls = KeptConnection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = KeptTlsConnection
