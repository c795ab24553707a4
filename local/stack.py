"""This project's stack in the embedded AWS, with the Match emulator beside it."""

from __future__ import annotations

import os
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local.aws import EmbeddedAws
from local.aws.clients import REGION
from local.aws.forking import Preload

if TYPE_CHECKING:
    from local.aws.helper_process import HelperProcess
    from local.match.control import Emulator

TEMPLATE = Path(__file__).resolve().parents[1] / "template.yaml"
LOG_DIR = TEMPLATE.parent / "build/local/logs"
STACK_NAME = "photodna-guard"
# All functions import these: the application, which does nothing when it is imported, and its clients' models.
PRELOAD = Preload(
    modules=("photodna_guard.bootstrap", "photodna_guard.scheduled"),
    services=("s3", "dynamodb", "sqs", "events", "secretsmanager"),
)
# This environment variable names the folder in which `make test` collects the permissions used.
PERMISSIONS_DIR = "PERMISSIONS_DIR"


@dataclass(frozen=True)
class Endpoints:
    """The names and addresses that `make up` writes to build/local/endpoints.json."""

    aws_endpoint_url: str
    region: str
    upload_bucket: str
    quarantine_bucket: str
    results_table: str
    retry_queue_url: str
    dead_letter_queue_url: str
    match_endpoint: str


class EmbeddedCloud(EmbeddedAws):
    """A context manager: within it, the stack of template.yaml exists, and its functions run (see EmbeddedAws).

    `rate` is in requests per second, and `latency` in seconds; the Match emulator keeps both, the stack the rate.
    `match_endpoint` is another Match operation than the emulator's, and `subscription_key` its key.
    `test_list` is a folder of pictures that the emulator matches. `options` are EmbeddedAws's.
    """

    def __init__(
        self,
        rate: float = 10.0,
        match_endpoint: str | None = None,
        parameters: Mapping[str, str] | None = None,
        log_dir: Path = LOG_DIR,
        test_list: Path | None = None,
        latency: float = 0.1,
        subscription_key: str | None = None,
        **options: Any,
    ) -> None:
        file = _choose_permissions_file(log_dir)
        super().__init__(TEMPLATE, parameters, log_dir, file, stack_name=STACK_NAME, preload=PRELOAD, **options)
        self._rate, self._latency, self._test_list = rate, latency, test_list
        self._key = subscription_key or secrets.token_hex(16)
        self._match_endpoint = match_endpoint
        self.emulator: Emulator | None = None

    @property
    def endpoints(self) -> Endpoints:
        """The names and addresses of the stack."""
        return Endpoints(
            aws_endpoint_url=self.aws_endpoint_url,
            region=REGION,
            upload_bucket=self.resource("UploadBucket"),
            quarantine_bucket=self.resource("QuarantineBucket"),
            results_table=self.resource("ResultsTable"),
            retry_queue_url=self.resource("RetryQueue"),
            dead_letter_queue_url=self.resource("DeadLetterQueue"),
            match_endpoint=str(self._match_endpoint),
        )

    def _launch(self) -> None:
        super()._launch()
        self._match = self._launch_emulator() if self._match_endpoint is None else None

    def _deploy(self, sam: dict[str, Any]) -> None:
        if self._match is not None:
            self._connect_emulator(self._match)
        own = {"MatchEndpoint": str(self._match_endpoint), "RatePerSecond": f"{self._rate:g}"}
        self._parameters = own | self._parameters
        super()._deploy(sam)
        secret = self.resource("SubscriptionKey")
        self.client("secretsmanager").put_secret_value(SecretId=secret, SecretString=self._key)

    def _launch_emulator(self) -> HelperProcess:
        arguments = ["--port", "0", "--key", self._key, "--rate", str(self._rate), "--latency", str(self._latency)]
        arguments += ["--host", self._host, "--allow-host", self._host]
        if self._test_list is not None:
            arguments += ["--test-list", str(self._test_list)]
        return self._start_helper("match", "local.match", *arguments, "--die-with-stdin")

    def _connect_emulator(self, process: HelperProcess) -> None:
        from local.match.control import Emulator

        announced = process.read_announcement()
        self._match_endpoint = announced["match_endpoint"]
        self.emulator = Emulator(announced["control"], announced["match_endpoint"])


def _choose_permissions_file(log_dir: Path) -> Path:
    """Return a new file in PERMISSIONS_DIR, if a test of all permissions set it, or the one in the log folder."""
    folder = os.environ.get(PERMISSIONS_DIR)
    if not folder:
        return log_dir / "permissions.jsonl"
    Path(folder).mkdir(parents=True, exist_ok=True)
    return Path(folder) / f"{uuid.uuid4()}.jsonl"
