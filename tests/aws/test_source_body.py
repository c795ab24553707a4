"""aws/source_body.py without a server: bodies that end early or fail, and when a response is opened."""

import io

import pytest
from urllib3.exceptions import ProtocolError

from photodna_guard.aws.source_body import SourceBody
from photodna_guard.domain.errors import ObjectGoneError, RetryableError

CONTENT = bytes(range(100))


class Breaking(io.BytesIO):
    """A response whose connection breaks at its end."""

    def read(self, size: int | None = -1) -> bytes:
        if data := super().read(size):
            return data
        raise ProtocolError("Connection broken")


def test_body_that_ends_early_is_an_error() -> None:
    body = SourceBody(lambda position: io.BytesIO(CONTENT[position:50]), 100)
    with pytest.raises(RetryableError, match="another length") as error:
        body.readall()
    assert body.failure is error.value


def test_longer_body_is_read_as_far_as_its_size() -> None:
    assert SourceBody(lambda position: io.BytesIO(CONTENT[position:]), 60).readall() == CONTENT[:60]


def test_failure_is_forgotten_once_a_read_succeeds() -> None:
    responses = [Breaking(CONTENT[:50]), io.BytesIO(CONTENT)]
    body = SourceBody(lambda position: responses.pop(0), 100)
    with pytest.raises(RetryableError, match="s3:GetObject: ProtocolError"):
        body.readall()
    body.seek(0)
    assert body.readall() == CONTENT
    assert body.failure is None


def test_response_is_opened_by_the_first_read_and_closed_by_a_seek() -> None:
    opened: list[io.BytesIO] = []

    def open_at(position: int) -> io.BytesIO:
        opened.append(io.BytesIO(CONTENT[position:]))
        return opened[-1]

    with SourceBody(open_at, 100) as body:
        body.seek(0, io.SEEK_END)
        body.seek(0)
        assert opened == []
        body.read(10)
        body.seek(0, io.SEEK_CUR)
        body.read(10)
        assert len(opened) == 1
        body.seek(5)
        assert opened[0].closed
        assert body.read(1) == CONTENT[5:6]
    assert opened[1].closed


def test_error_of_opening_is_the_failure() -> None:
    gone = ObjectGoneError("overwritten")

    def open_at(position: int) -> io.BytesIO:
        raise gone

    body = SourceBody(open_at, 100)
    with pytest.raises(ObjectGoneError):
        body.readall()
    assert body.failure is gone
