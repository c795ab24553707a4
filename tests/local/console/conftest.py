"""A page of the console over an embedded cloud, as `make up` serves it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.console.monitor import Monitor
from local.console.results import ResultsFeed
from local.console.server import serve_console
from local.stack import EmbeddedCloud


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedCloud]:
    with EmbeddedCloud(log_dir=tmp_path_factory.mktemp("logs")) as cloud_:
        yield cloud_


@pytest.fixture(scope="module")
def page_url(cloud: EmbeddedCloud) -> Iterator[str]:
    feed, end = ResultsFeed(cloud.client("dynamodb"), cloud.endpoints.results_table), threading.Event()

    def refresh() -> None:
        while not end.wait(0.5):
            feed.refresh()

    thread = threading.Thread(target=refresh, daemon=True)
    with Monitor(cloud, feed, Path(cloud.log_dir)) as monitor, serve_console(monitor, 0) as url:
        thread.start()
        yield url
        end.set()
        thread.join()
