"""DynamoDB Local, AWS's own implementation, in the place of moto for the tests of tests/aws that are imported here."""

import shutil
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from botocore.config import Config

from tests.aws.conftest import clock, rate_limiter_table, results, results_table  # noqa: F401
from tests.judges.installed import skip
from tests.judges.servers import find_free_ports, running_server
from tests.support.moto_aws import SESSION
from tools.supply.npm_packages import FOLDER

EMULATOR = FOLDER / "amplify-dynamodb-simulator/emulator"
_ACCOUNTS = count()


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    java = shutil.which("java")
    if java is None or not EMULATOR.exists():
        skip("DynamoDB Local is not installed here: it needs Java 17, and `make judges` fetches it with npm")
    (port,) = find_free_ports(1)
    options = ["-Xmx256m", f"-Djava.library.path={EMULATOR}/DynamoDBLocal_lib", "-jar", f"{EMULATOR}/DynamoDBLocal.jar"]
    command = [java, *options, "-inMemory", "-disableTelemetry", "-port", str(port)]
    with running_server(command, port, tmp_path_factory.mktemp("dynamodb-local")):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def dynamodb(endpoint: str) -> Any:
    """Return a client of an account of its own, which has no tables yet."""
    key, pool = f"judged{next(_ACCOUNTS)}", Config(max_pool_connections=50)
    return SESSION.client(
        "dynamodb", endpoint_url=endpoint, aws_access_key_id=key, aws_secret_access_key="testing", config=pool
    )
