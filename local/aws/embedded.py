"""The embedded cloud as one object: starts moto and the Match emulator, builds the stack, runs the functions."""

from __future__ import annotations

import json
import os
import secrets
import sys
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from urllib.request import ProxyHandler, build_opener

from local.aws.helper_process import HelperProcess
from local.policy.guard import JUDGE

if TYPE_CHECKING:
    from local.aws.environment import Outcome
    from local.aws.functions import Resource
    from local.aws.pool import Start
    from local.aws.runner import LambdaRunner
    from local.match.control import Emulator

ROOT = Path(__file__).resolve().parents[2]
REGION = "us-east-1"
ACCOUNT = "123456789012"  # moto's
STACK = "photodna-guard"
CREDENTIALS = (JUDGE, "embedded-cloud")  # any secret will do: signatures stay unchecked
PERMISSIONS_DIR = "PERMISSIONS_DIR"  # the variable that names the folder where `make test` collects what was used


@dataclass(frozen=True)
class Endpoints:
    """Where everything is: what `make up` writes to build/local/endpoints.json."""

    aws_endpoint_url: str
    region: str
    upload_bucket: str
    quarantine_bucket: str
    results_table: str
    retry_queue_url: str
    dead_letter_queue_url: str
    match_endpoint: str


class EmbeddedCloud:
    """A context manager: inside, the stack of `template` is there, and its functions run.

    No call is made that the stack's policies do not permit to the function's role. Whoever calls with other
    credentials is a user of the account to whom everything is permitted but what a bucket's policy denies.

    `rate` is in requests a second, `latency` in seconds, for the Match emulator as well as the stack;
    `match_endpoint` is another Match operation to use than the emulator, and then `subscription_key` is its key.
    `parameters` are the template's. `retry_delay_scale` shortens Lambda's waits before it repeats an
    asynchronous invocation (a minute, two minutes): with the default a second, two seconds.
    Lambda starts as many environments as there is work, a laptop has a few cores: each function has at most
    `environments`, where the template does not reserve another number, and work waits for a free one.
    `host` is the address of this machine to listen on: another than loopback where containers are to reach it.
    Without `run_functions` there are events and queues, and nothing of this reacts to them until `start_functions`.

    Entering raises HelperFailed when a process does not start, and TemplateFault when the stack cannot be made.
    """

    def __init__(
        self,
        rate: float = 10.0,
        match_endpoint: str | None = None,
        template: Path = ROOT / "template.yaml",
        parameters: Mapping[str, str] | None = None,
        log_dir: Path = ROOT / "build/local/logs",
        test_list: Path | None = None,
        latency: float = 0.1,
        subscription_key: str | None = None,
        retry_delay_scale: float = 1 / 60,
        environments: int = 5,
        host: str = "127.0.0.1",
        run_functions: bool = True,
    ) -> None:
        self._rate, self._latency, self._test_list = rate, latency, test_list
        self._template, self._parameters = template, dict(parameters or {})
        self.log_dir, self._retry_delay_scale = log_dir, retry_delay_scale
        self._environments = environments
        self._host, self._run_functions = host, run_functions
        self._key = subscription_key or secrets.token_hex(16)
        self._match_endpoint = match_endpoint
        self._helpers: list[HelperProcess] = []
        self._clients: dict[tuple[str, str], Any] = {}
        self._runner: LambdaRunner | None = None
        self._resources: dict[str, Resource] = {}
        self._code: Mapping[str, Path] = {}
        self.emulator: Emulator | None = None
        self.aws_endpoint_url = ""

    def __enter__(self) -> EmbeddedCloud:
        self.log_dir.mkdir(parents=True, exist_ok=True)
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ------------------------------------------------------------ what it offers

    @property
    def endpoints(self) -> Endpoints:
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

    @property
    def functions(self) -> list[str]:
        """The functions' logical ids."""
        return sorted(self.stats())

    def resource(self, logical_id: str) -> str:
        """A resource's physical id. Raises KeyError where the template has none of that name."""
        return str(self._resources[logical_id].physical_id)

    def client(self, service: str) -> Any:
        """A boto3 client of the embedded cloud that no policy binds: for setting up, and for judging what came of it.

        Made once for each service; any thread may use it.
        """
        return self.client_of(JUDGE, service)

    def user_client(self, service: str) -> Any:
        """As `client`, of a user of the account: what the buckets' policies deny is denied to him."""
        return self.client_of("user", service)

    def client_of(self, access_key: str, service: str) -> Any:
        """As `client`, of whom the access key belongs to. A role's is its logical id."""
        if (access_key, service) not in self._clients:
            self._clients[access_key, service] = self._new_client(service, access_key=access_key)
        return self._clients[access_key, service]

    def treat_alike(self, bucket: str, logical_id: str) -> None:
        """What the stack's policies say of a bucket of its own they say of another as well, from now on."""
        self._told("/_embedded_cloud/alike?" + urlencode({"bucket": bucket, "as": self.resource(logical_id)}))

    def permissions(self) -> list[dict[str, Any]]:
        """Each permission used or refused so far: principal (a role's logical id, or "user"), action, allowed, count;
        if refused also the resource, and because of what.
        """
        used: list[dict[str, Any]] = self._told("/_embedded_cloud/permissions")
        return used

    def invoke(self, logical_id: str, event: Any) -> Outcome:
        """Runs a function and waits for it: no retries. Raises KeyError for an unknown function."""
        return self._running().invoke(logical_id, event)

    def invoke_async(self, logical_id: str, event: Any) -> None:
        """Hands an event to a function as S3 does: with retries, and the on-failure destination."""
        self._running().accept(self.resource(logical_id), event)

    def start_functions(self, lambda_endpoint: str) -> None:
        """From now on the functions react, by Lambda's API at `lambda_endpoint`, each to one event at a time."""
        from local.aws.containers import AT_ONCE, READ_SECONDS, Container

        client = self._new_client("lambda", lambda_endpoint, read_timeout=READ_SECONDS)
        self._start_functions(AT_ONCE, lambda function, *_: Container(client, function))

    def stats(self) -> dict[str, dict[str, int]]:
        """Counts by logical id: invocations, errors, timeouts, retries, cold_starts, concurrent, concurrent_peak."""
        return self._running().stats()

    def dynamodb_calls(self) -> dict[str, dict[str, int]]:
        """The DynamoDB requests so far, by table and operation (`UpdateItem`), the refused ones included."""
        from local.aws.call_counts import CALLS_PATH

        counts: dict[str, dict[str, int]] = self._told(CALLS_PATH)
        return counts

    def close(self) -> None:
        """Ends every process that was started."""
        if self._runner is not None:
            self._runner.close()
        for helper in self._helpers:
            helper.stop()

    # ------------------------------------------------------------ how it starts

    def _start(self) -> None:
        moto = self._helper("moto", "local.aws.moto_process", self._host, str(self._permissions_file()))
        emulator = self._start_emulator() if self._match_endpoint is None else None
        # What is slow to import is imported while the two start.
        from local.aws import template

        sam = template.load(self._template)
        if emulator is not None:
            self._connect_emulator(emulator)
        parameters = self._stack_parameters(sam)
        translated = template.translate(sam, self._template, parameters, REGION)
        self.aws_endpoint_url = f"http://{self._host}:{moto.announcement()['port']}"
        self._create_stack(translated.cloudformation, parameters)
        self._code = translated.code
        if self._run_functions:
            self._start_functions(self._environments)
        threading.Thread(target=self._deliver_events, args=(moto,), daemon=True).start()

    def _stack_parameters(self, sam: dict[str, Any]) -> dict[str, str]:
        ours = {"MatchEndpoint": str(self._match_endpoint), "RatePerSecond": f"{self._rate:g}"}
        return {k: v for k, v in ours.items() if k in sam.get("Parameters", {})} | self._parameters

    def _helper(self, name: str, module: str, *arguments: str) -> HelperProcess:
        argv = [sys.executable, "-m", module, *arguments]
        helper = HelperProcess(name, argv, self.log_dir / f"{name}.log")
        self._helpers.append(helper)
        return helper

    def _permissions_file(self) -> Path:
        """Where used permissions are written down: for a test of all of them, where that is wanted."""
        folder = os.environ.get(PERMISSIONS_DIR)
        if folder and self._template == ROOT / "template.yaml":
            Path(folder).mkdir(parents=True, exist_ok=True)
            return Path(folder) / f"{uuid.uuid4()}.jsonl"
        return self.log_dir / "permissions.jsonl"

    def _start_emulator(self) -> HelperProcess:
        arguments = ["--port", "0", "--key", self._key, "--rate", str(self._rate), "--latency", str(self._latency)]
        arguments += ["--host", self._host, "--allow-host", self._host]
        if self._test_list is not None:
            arguments += ["--test-list", str(self._test_list)]
        return self._helper("match", "local.match", *arguments, "--die-with-stdin")

    def _connect_emulator(self, process: HelperProcess) -> None:
        from local.match.control import Emulator

        announced = process.announcement()
        self._match_endpoint = announced["match_endpoint"]
        self.emulator = Emulator(announced["control"], announced["match_endpoint"])

    def _create_stack(self, template: dict[str, Any], parameters: Mapping[str, str]) -> None:
        from local.aws import stack

        cloudformation = self.client("cloudformation")
        resources = stack.create(cloudformation, self.aws_endpoint_url, STACK, template, parameters)
        self._resources = {resource.logical_id: resource for resource in resources}
        stack.complete(resources, self.client("s3"), self.client("dynamodb"))
        if "SubscriptionKey" in self._resources:
            self.client("secretsmanager").put_secret_value(
                SecretId=self.resource("SubscriptionKey"), SecretString=self._key
            )

    def _start_functions(self, environments: int, start: Start | None = None) -> None:
        from local.aws import functions
        from local.aws.runner import LambdaRunner

        resources = list(self._resources.values())
        self._runner = LambdaRunner(
            functions.functions(resources, self._code, REGION, ACCOUNT, environments),
            functions.async_configs(resources),
            lambda access_key: self.client_of(access_key, "sqs"),
            self._function_variables(),
            self.log_dir,
            self._retry_delay_scale,
            **({"start": start} if start else {}),
        )
        self._runner.start(functions.queue_sources(resources), functions.schedules(resources, REGION, ACCOUNT))

    def _function_variables(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.aws_endpoint_url,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_SECRET_ACCESS_KEY": "embedded-cloud",
            "AWS_SESSION_TOKEN": "embedded-cloud",
        }

    def _deliver_events(self, moto: HelperProcess) -> None:
        # Read to the end in any case: moto would wait for room in the pipe.
        for message in moto.lines():
            if self._runner is not None:
                self._runner.accept(message["function"], message["event"])

    def _running(self) -> LambdaRunner:
        if self._runner is None:
            raise RuntimeError("no function runs here: the cloud was not entered, or was made with run_functions=False")
        return self._runner

    def _told(self, path: str) -> Any:
        """What the moto process says of itself."""
        direct = build_opener(ProxyHandler({}))  # whatever proxy the user's environment names
        with direct.open(self.aws_endpoint_url + path, timeout=30) as answer:
            return json.load(answer)

    def _new_client(self, service: str, endpoint: str = "", access_key: str = JUDGE, **options: Any) -> Any:
        import boto3
        from botocore.config import Config

        session = boto3.session.Session(access_key, CREDENTIALS[1], region_name=REGION)
        # One attempt: where this cloud does not answer, it has ended, or is to be mended.
        config = Config(max_pool_connections=50, retries={"total_max_attempts": 1}, proxies={}, **options)
        return session.client(service, endpoint_url=endpoint or self.aws_endpoint_url, config=config)  # type: ignore[call-overload]
