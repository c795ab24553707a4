"""aws/idle_connections.py: boto3's connections that ended while Lambda had frozen the container."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ConnectionClosedError
from botocore.hooks import HierarchicalEmitter

from photodna_guard import bootstrap, scheduled, settings
from photodna_guard.aws.idle_connections import MAX_IDLE_SECONDS, renew_idle_connections
from photodna_guard.rate_limiter.gcra import LIVE
from tests.support.clock import ManualClock
from tests.support.environment import COMPLETE_ENVIRONMENT
from tests.support.forgetful_server import ForgetfulServer

# A request of each service, whose answer may be empty.
REQUESTS: dict[str, Callable[[Any], Any]] = {
    "s3": lambda client: client.delete_object(Bucket="bucket", Key="key"),
    "dynamodb": lambda client: client.list_tables(),
    "sqs": lambda client: client.list_queues(),
    "events": lambda client: client.list_rules(),
    "secretsmanager": lambda client: client.list_secrets(),
}


class RecordingSession:
    """A session that keeps the clients that it made, by their service."""

    def __init__(self, endpoint_url: str) -> None:
        self._session: Any = boto3.Session("key", "secret", region_name="us-east-1")
        self._endpoint_url = endpoint_url
        self.events = self._session.events
        self.clients: dict[str, Any] = {}

    def client(self, name: str, **options: Any) -> Any:
        self.clients[name] = self._session.client(name, endpoint_url=self._endpoint_url, **options)
        return self.clients[name]


@pytest.fixture
def server() -> Iterator[ForgetfulServer]:
    running = ForgetfulServer("reset")
    yield running
    running.close()


def client_without_retries(server: ForgetfulServer, clock: ManualClock) -> Any:
    config = Config(retries={"total_max_attempts": 1})
    client: Any = boto3.client(
        "dynamodb",
        "us-east-1",
        endpoint_url=server.url,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        config=config,
    )
    return renew_idle_connections(client, clock)


def test_request_after_the_idle_time_opens_a_connection(server: ForgetfulServer) -> None:
    clock = ManualClock()
    client = client_without_retries(server, clock)
    client.list_tables()
    server.forget()
    clock.now += MAX_IDLE_SECONDS + 1
    client.list_tables()
    assert (server.requests, server.connections) == (2, 2)


def test_request_within_the_idle_time_keeps_its_connection(server: ForgetfulServer) -> None:
    clock = ManualClock()
    client = client_without_retries(server, clock)
    for _ in range(3):
        client.list_tables()
        clock.now += MAX_IDLE_SECONDS
    assert server.connections == 1
    server.forget()
    # What a connection that ended unseen costs without this module.
    with pytest.raises(ConnectionClosedError):
        client.list_tables()


@pytest.mark.parametrize("build", ["scanner", "sweeper", "reconciler"])
def test_every_client_of_the_functions_renews_its_idle_connections(server: ForgetfulServer, build: str) -> None:
    recording, clock = RecordingSession(server.url), ManualClock()
    session: Any = recording
    conf = settings.from_environment(COMPLETE_ENVIRONMENT)
    if build == "scanner":
        bootstrap.build(conf, LIVE, session, clock)
    elif build == "sweeper":
        scheduled.build_sweeper(conf, session, clock)
    else:
        scheduled.build_reconciliation(conf, ["uploads"], 20, session, clock)
    for client_name, client in recording.clients.items():
        REQUESTS[client_name](client)
        server.forget()
        clock.now += MAX_IDLE_SECONDS + 1
        before = server.requests
        REQUESTS[client_name](client)
        assert server.requests == before + 1, client_name


class CountingClient:
    """Counts how often its connections are closed."""

    def __init__(self) -> None:
        self.meta, self.closed = SimpleNamespace(events=HierarchicalEmitter()), 0

    def close(self) -> None:
        """Count."""
        self.closed += 1


def test_client_that_is_given_twice_has_one_hook() -> None:
    clock, client = ManualClock(), CountingClient()
    for _ in range(2):
        renew_idle_connections(client, clock)
    clock.now += MAX_IDLE_SECONDS + 1
    client.meta.events.emit("before-send.sqs.SendMessage", request=None)
    assert client.closed == 1
