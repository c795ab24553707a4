"""A Match request, parsed once and without raising, so that a faulty one can be logged too (pure)."""

import json
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

PICTURE_TYPES = frozenset(f"image/{kind}" for kind in ("gif", "jpeg", "png", "bmp", "tiff"))


@dataclass(frozen=True)
class MatchRequest:
    """The content of a request. `by` is "url", "value", or None if the body is neither; then `fault` says why."""

    by: str | None = None
    url: str | None = None
    picture: bytes = b""
    enhance: bool = False
    evaluation: str | None = None
    fault: str | None = None

    @property
    def object_path(self) -> str | None:
        """The decoded path of the URL: `bucket/key`. The query, which may hold a signature, is left out."""
        return None if self.url is None else unquote(_path_and_query(self.url)[0]).removeprefix("/")

    @property
    def version_id(self) -> str | None:
        """The version that the URL names."""
        query = parse_qs(_path_and_query(self.url or "")[1])
        return query.get("versionId", [None])[0]


def parse_match_request(target: str, content_type: str, evaluation: str | None, body: bytes) -> MatchRequest:
    """Parse a request from its target, its headers Content-Type and Enable-Evaluation, and its body."""
    enhance = parse_qs(urlsplit(target).query).get("enhance", ["false"])[-1].lower()
    by, url, picture, fault = _content(content_type, body)
    if enhance not in ("true", "false"):
        fault = fault or "enhance is neither true nor false"
    if evaluation is not None and evaluation.lower() not in ("always", "afterinitialquota"):
        fault = fault or "Enable-Evaluation is neither always nor afterinitialquota"
    return MatchRequest(by, url, picture, enhance == "true", evaluation, fault)


def _content(content_type: str, body: bytes) -> tuple[str | None, str | None, bytes, str | None]:
    kind = content_type.split(";")[0].strip().lower()
    if kind in PICTURE_TYPES:
        return "value", None, body, None if body else "The body is empty"
    if kind != "application/json":
        return None, None, b"", "Content-Type is neither application/json nor that of an accepted picture"
    return _json_content(body)


def _json_content(body: bytes) -> tuple[str | None, str | None, bytes, str | None]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None, None, b"", "The body is not JSON"
    if not isinstance(value, dict) or value.get("DataRepresentation") != "URL":
        return None, None, b"", "DataRepresentation is not URL"
    url = value.get("Value")
    if not isinstance(url, str) or not url:
        return None, None, b"", "Value is missing"
    return "url", url, b"", None


def _path_and_query(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
    except ValueError:
        # The URL is malformed, for example by an unclosed bracket in the host.
        return "", ""
    return parts.path, parts.query
