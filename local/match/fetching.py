"""Fetches a picture by its URL as the service does: one GET without redirects, limited in time and size."""

import time
from collections.abc import Collection
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from local.match.answers import INVALID, RefusalError
from local.match.decoding import MAX_BYTES

TIMEOUT_SECONDS = 10.0
CHUNK_BYTES = 64 * 1024


def fetch(url: str, allowed_hosts: Collection[str] = (), timeout: float = TIMEOUT_SECONDS) -> bytes:
    """Fetch the body, of which at most one byte more than `MAX_BYTES` is read. `timeout` is in seconds.

    Only loopback hosts and `allowed_hosts` are contacted, so that a test sends nothing to the Internet. Raises
    RefusalError with 3002; its message does not name the URL, which may be signed.
    """
    deadline = time.monotonic() + timeout
    try:
        parts = urlsplit(url)
        connection = _connection(parts, allowed_hosts, timeout)
        try:
            return _get(connection, parts, deadline)
        finally:
            connection.close()
    # urlsplit and http.client raise ValueError for a malformed URL: a space, a non-ASCII character, a wrong port.
    except (OSError, HTTPException, ValueError) as error:
        raise RefusalError(INVALID, f"The URL could not be fetched: {type(error).__name__}") from error


def is_loopback(host: str) -> bool:
    """Tell whether `host` is this machine, without a query to a name server."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _connection(parts: SplitResult, allowed_hosts: Collection[str], timeout: float) -> HTTPConnection:
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not host:
        raise RefusalError(INVALID, "Value is not an http or https URL")
    if not is_loopback(host) and host not in allowed_hosts:
        raise RefusalError(INVALID, "The URL's host is neither this machine nor given with --allow-host")
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    return kind(host, parts.port, timeout=timeout)


def _get(connection: HTTPConnection, parts: SplitResult, deadline: float) -> bytes:
    connection.connect()
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection.request("GET", target, headers={"User-Agent": "match-emulator"})
    response = connection.getresponse()
    if response.status != 200:
        raise RefusalError(INVALID, f"The URL's host answered {response.status}")
    body = b""
    while len(body) <= MAX_BYTES:
        if time.monotonic() > deadline:
            raise TimeoutError
        chunk = response.read1(min(CHUNK_BYTES, MAX_BYTES + 1 - len(body)))
        if not chunk:
            _require_whole(response)
            break
        body += chunk
    return body


def _require_whole(response: HTTPResponse) -> None:
    # http.client counts `length` down: a rest means that the host closed the connection early.
    if response.length:
        raise RefusalError(INVALID, "The URL's host closed the connection before the end of the body")
