"""Decides which requests the page's server answers: those of its own page in this machine's browser (pure)."""

from __future__ import annotations

from email.message import Message
from urllib.parse import unquote

from local.console.uploads import MAX_BYTES

# Nothing is loaded from elsewhere, nothing inline runs, and the page stands in no frame. Previews are from memory.
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src blob:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
FILE_NAME_HEADER = "X-File-Name"


class RejectedError(Exception):
    """The request is not answered. `status` is the HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def check_host(headers: Message, port: int) -> None:
    """Reject any name but loopback's own: another one reaches this port by DNS rebinding. Raises RejectedError."""
    if headers.get("Host") not in _own_hosts(port):
        raise RejectedError(403, f"This page is at http://127.0.0.1:{port}/ alone")


def check_origin(headers: Message, port: int) -> None:
    """Reject a change that another site's page asks for. Browsers send Origin with each POST. Raises RejectedError."""
    if headers.get("Origin") not in {f"http://{host}" for host in _own_hosts(port)}:
        raise RejectedError(403, "Only the page itself may upload here. Other programs upload to the S3 endpoint")


def read_length(headers: Message) -> int:
    """Return the length of the body in bytes. Raises RejectedError."""
    given = headers.get("Content-Length", "")
    if "Transfer-Encoding" in headers or not (given.isascii() and given.isdecimal()) or len(given) > 15:
        raise RejectedError(411, "The length is missing")
    if int(given) > MAX_BYTES:
        raise RejectedError(413, f"The page takes files of at most {MAX_BYTES // 2**20} MB. Use an S3 client")
    return int(given)


def read_key(headers: Message) -> str:
    """Return the key that the page gave, percent-encoded in UTF-8. Raises RejectedError."""
    try:
        return unquote(headers.get(FILE_NAME_HEADER, ""), errors="strict")
    except UnicodeDecodeError:
        raise RejectedError(400, "The file's name is not UTF-8") from None


def _own_hosts(port: int) -> set[str]:
    return {f"127.0.0.1:{port}", f"localhost:{port}"}
