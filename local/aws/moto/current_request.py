"""The WSGI environment of the request that this thread serves: moto does not pass it to its models."""

from __future__ import annotations

import threading
from typing import Any
from urllib.parse import parse_qs

_served = threading.local()


def set_current(environ: dict[str, Any]) -> None:
    """Remember the request that this thread serves from now on."""
    _served.environ = environ


def get_header(name: str) -> str:
    """Return a header of the current request; empty if there is none."""
    return str(_served.environ.get(f"HTTP_{name.upper().replace('-', '_')}", ""))


def get_source_ip() -> str:
    """Return the caller's address."""
    return str(_served.environ.get("REMOTE_ADDR", "127.0.0.1"))


def get_access_key() -> str:
    """Return the access key of the current request's signature, from its header or from a presigned URL."""
    header = get_header("authorization")
    if "Credential=" in header:
        return header.partition("Credential=")[2].split("/")[0]
    query = parse_qs(str(_served.environ.get("QUERY_STRING", "")))
    return query.get("X-Amz-Credential", query.get("AWSAccessKeyId", ["Anonymous"]))[0].split("/")[0]
