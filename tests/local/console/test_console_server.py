"""The page's server: whom it answers, and what it takes."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from local.console.server import serve_console
from local.console.uploads import MAX_BYTES, UploadRefusedError


class RecordedSource:
    """Keeps what the page uploads."""

    def __init__(self) -> None:
        self.uploads: list[tuple[str, bytes, str]] = []

    def state(self) -> dict[str, Any]:
        return {"uploads": len(self.uploads)}

    def upload(self, key: str, content: bytes, content_type: str) -> int:
        if not key:
            raise UploadRefusedError("no key")
        self.uploads.append((key, content, content_type))
        return len(self.uploads)

    def upload_sample(self, kind: str) -> int:
        return self.upload(kind, b"", "")


class Browser:
    """Sends requests as the page's own browser does, unless a header is given."""

    def __init__(self, source: RecordedSource, url: str) -> None:
        self.source, self._port = source, int(urlsplit(url).port or 0)
        self.host = f"127.0.0.1:{self._port}"

    def send(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, dict[str, str], bytes]:
        own = {"Host": self.host, "Origin": f"http://{self.host}", "Content-Length": str(len(body))}
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in (own | {name.replace("_", "-"): value for name, value in headers.items()}).items():
            if value:
                connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        found = answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        connection.close()
        return found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    source = RecordedSource()
    with serve_console(source, 0) as url:
        yield Browser(source, url)


def test_upload_keeps_name_content_and_type(browser: Browser) -> None:
    key = "a folder/ü ☃.jpg"
    status, _, body = browser.send("POST", "/uploads", b"bytes", X_File_Name=quote(key), Content_Type="image/jpeg")
    assert (status, browser.source.uploads[-1]) == (201, (key, b"bytes", "image/jpeg"))
    assert json.loads(body) == {"number": len(browser.source.uploads)}


@pytest.mark.parametrize("host", ["evil.example", "evil.example:4681", "127.0.0.1", ""])
@pytest.mark.parametrize("path", ["/", "/state.json"])
def test_other_host_is_refused(browser: Browser, path: str, host: str) -> None:
    status, _, body = browser.send("GET", path, Host=host)
    assert (status, b"127.0.0.1" in body) == (403, True)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "", "http://127.0.0.1:4680", "http://localhost"])
def test_post_of_another_origin_is_refused(browser: Browser, origin: str) -> None:
    before = len(browser.source.uploads)
    for path in ("/uploads", "/samples/clean"):
        assert browser.send("POST", path, b"bytes", Origin=origin, X_File_Name="a.jpg")[0] == 403
    assert len(browser.source.uploads) == before


def test_localhost_is_the_same_page(browser: Browser) -> None:
    own = browser.host.replace("127.0.0.1", "localhost")
    assert browser.send("GET", "/", Host=own)[0] == 200
    assert browser.send("POST", "/samples/clean", Host=own, Origin=f"http://{own}")[0] == 201


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Content_Length": str(MAX_BYTES + 1)}, 413),
        ({"Content_Length": "-1"}, 411),
        ({"Content_Length": ""}, 411),
        ({"Transfer_Encoding": "chunked"}, 411),
        ({"X_File_Name": ""}, 400),
        ({"X_File_Name": "%ff"}, 400),
    ],
)
def test_unusable_upload_is_refused_with_its_reason(browser: Browser, headers: dict[str, str], expected: int) -> None:
    before = len(browser.source.uploads)
    status, _, body = browser.send("POST", "/uploads", b"", **({"X_File_Name": "a.jpg"} | headers))
    assert (status, len(browser.source.uploads)) == (expected, before)
    assert json.loads(body)["error"]


def test_half_an_upload_is_none(browser: Browser) -> None:
    before = len(browser.source.uploads)
    port = int(browser.host.rpartition(":")[2])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.putrequest("POST", "/uploads")
    for name, value in {"Origin": f"http://{browser.host}", "Content-Length": "100", "X-File-Name": "a"}.items():
        connection.putheader(name, value)
    connection.endheaders(b"half")
    connection.sock.shutdown(1)
    assert connection.getresponse().status == 400
    connection.close()
    assert len(browser.source.uploads) == before


@pytest.mark.parametrize(
    "path", ["/", "/console.js", "/elements.js", "/report.css", "/console.css", "/state.json", "/nothing", "/../up.py"]
)
def test_every_answer_has_the_security_headers(browser: Browser, path: str) -> None:
    status, headers, _ = browser.send("GET", path)
    assert status == (404 if path in ("/nothing", "/../up.py") else 200)
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert not {"unsafe-inline", "unsafe-eval", "*", "http:", "https:", "data:"} & set(policy.replace("'", " ").split())
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"


def test_page_names_no_other_host(browser: Browser) -> None:
    for path in ("/", "/console.js", "/uploads.js", "/alarms.js", "/elements.js", "/rate_chart.js", "/console.css"):
        text = browser.send("GET", path)[2].decode().replace("http://www.w3.org/2000/svg", "")
        assert "//" not in "".join(line for line in text.splitlines() if not line.lstrip().startswith("//")), path
