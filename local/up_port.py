"""Chooses the port of `make up`: a fixed one, so that a client's settings stay right from run to run."""

from __future__ import annotations

import socket
from collections.abc import Mapping

from local.invoke.errors import CannotRunError

# No service that developers commonly run listens here; 4566 is LocalStack's.
DEFAULT_PORT = 4680
FREE_PORT = 0
MAX_PORT = 65535


def choose_port(environ: Mapping[str, str], host: str = "127.0.0.1", default: int = DEFAULT_PORT) -> int:
    """Return PORT, or the default port, or 0 for any free one if the default is taken.

    Raises CannotRunError if PORT is no port or is taken.
    """
    given = environ.get("PORT", "")
    if not given:
        return default if _is_free(host, default) else FREE_PORT
    # isdecimal admits no sign and no space.
    if not (given.isascii() and given.isdecimal() and int(given) <= MAX_PORT):
        raise CannotRunError(f"PORT={given}: give a port from 1 to {MAX_PORT}, or 0 for any free one")
    if not _is_free(host, int(given)):
        raise CannotRunError(f"PORT={given}: the port is taken or not permitted. Give another, or 0 for any free one")
    return int(given)


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        # As the server does: a port on which only closed connections linger is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
