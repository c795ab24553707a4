"""An embedded AWS with a stack of one function, whose role may only send to one queue."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.aws import EmbeddedAws


@pytest.fixture(scope="session")
def toy_logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("toy")


@pytest.fixture(scope="session")
def toy(toy_logs: Path) -> Iterator[EmbeddedAws]:
    with EmbeddedAws(Path(__file__).parent / "toy/template.yaml", log_dir=toy_logs) as running:
        yield running
