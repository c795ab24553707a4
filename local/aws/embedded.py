"""The embedded AWS as one object: starts its services, creates the stack of a template, and runs its functions."""

from __future__ import annotations

import sys
import threading
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from local.aws.clients import REGION, SECRET, create_client
from local.aws.concurrency import DEFAULT_CONCURRENCY
from local.aws.execution_environment import ProcessEnvironment
from local.aws.forking import NOTHING, Preload, WarmProcesses
from local.aws.helper_process import HelperProcess
from local.aws.stack_access import StackAccess

if TYPE_CHECKING:
    from local.aws.functions import Function
    from local.aws.invocation import InvocationResult
    from local.aws.pool import StartEnvironment
    from local.aws.runner import LambdaRunner


class EmbeddedAws(StackAccess):
    """A context manager: within it, the stack of `template` exists, and its functions run.

    It permits no call that the policies of the caller's role do not permit. A caller with other credentials is a user
    of the account, to whom everything is permitted that no bucket's policy denies.

    `parameters` are the template's. `permissions_file` gets the permissions that calls use.
    `retry_delay_scale` shortens Lambda's delays before it retries an asynchronous invocation (one minute, then two):
    by default to one second, then two.
    Lambda starts an environment for each concurrent invocation, up to the account's `concurrency`; what is beyond is
    throttled. Environments are forked, and share the memory of what `preload` names.
    `host` is the address to listen on; containers cannot reach the loopback.
    Without `run_functions`, events and queues exist, but no function receives them before `start_functions`.

    Entering raises HelperFailedError if a process does not start, and TemplateError if the stack cannot be created.
    """

    def __init__(
        self,
        template: Path,
        parameters: Mapping[str, str] | None = None,
        log_dir: Path = Path("build/local/logs"),
        permissions_file: Path | None = None,
        retry_delay_scale: float = 1 / 60,
        concurrency: int = DEFAULT_CONCURRENCY,
        preload: Preload = NOTHING,
        host: str = "127.0.0.1",
        run_functions: bool = True,
        stack_name: str = "embedded",
        port: int = 0,
    ) -> None:
        super().__init__()
        self._template, self._parameters = template, dict(parameters or {})
        self.log_dir, self._permissions_file = log_dir, permissions_file or log_dir / "permissions.jsonl"
        self._retry_delay_scale, self._concurrency = retry_delay_scale, concurrency
        self._warm_processes = WarmProcesses(preload, log_dir)
        self._host, self._port, self._run_functions, self._stack_name = host, port, run_functions, stack_name
        self._helpers: list[HelperProcess] = []
        self._runner: LambdaRunner | None = None
        self._code: Mapping[str, Path] = {}

    def __enter__(self) -> Self:
        self.log_dir.mkdir(parents=True, exist_ok=True)
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ------------------------------------------------------------ use

    @property
    def functions(self) -> list[str]:
        """The functions' logical ids."""
        return sorted(self.stats())

    def invoke(self, logical_id: str, event: Any) -> InvocationResult:
        """Run a function and wait for it, without retries. Raises KeyError for an unknown function."""
        return self._get_runner().invoke(logical_id, event)

    def invoke_async(self, logical_id: str, event: Any) -> None:
        """Send an event to a function as S3 does: with retries and the on-failure destination."""
        self._get_runner().accept(self.resource(logical_id), event)

    def start_functions(self, lambda_endpoint: str) -> None:
        """Run the functions from now on through Lambda's API at `lambda_endpoint`, each for one event at a time."""
        from local.aws.containers import READ_TIMEOUT_SECONDS, ContainerEnvironment

        client = create_client("lambda", lambda_endpoint, read_timeout=READ_TIMEOUT_SECONDS)
        turns: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._start_runner(lambda function: ContainerEnvironment(client, function, turns[function.name]))

    def stats(self) -> dict[str, dict[str, int]]:
        """Return the counts of each function (see pool.Counts) by logical id."""
        return self._get_runner().stats()

    def close(self) -> None:
        """End every process that was started."""
        if self._runner is not None:
            self._runner.close()
        self._warm_processes.close()
        for helper in self._helpers:
            helper.stop()

    # ------------------------------------------------------------ start

    def _start(self) -> None:
        self._launch()
        # This is slow to import: it happens while the processes start.
        from local.aws import template

        self._deploy(template.load(self._template))
        if self._run_functions:
            self._start_runner(self._start_environment)
        threading.Thread(target=self._deliver_events, daemon=True).start()

    def _launch(self) -> None:
        """Start the services' process without waiting for it."""
        listen = (self._host, str(self._permissions_file), str(self._port))
        self._moto = self._start_helper("moto", "local.aws.moto.server", *listen)

    def _deploy(self, sam: dict[str, Any]) -> None:
        """Create the stack as soon as the services listen."""
        from local.aws import stack, template

        translated = template.translate(sam, self._template, self._parameters, REGION)
        self._code = translated.code
        if self._run_functions:
            self._warm_processes.prepare(self._code)
        self._connect(f"http://{self._host}:{self._moto.read_announcement()['port']}")
        resources = stack.create_stack(
            self.client("cloudformation"),
            self.aws_endpoint_url,
            self._stack_name,
            translated.cloudformation,
            self._parameters,
        )
        self._resources = {resource.logical_id: resource for resource in resources}
        stack.complete_resources(resources, self.client("s3"), self.client("dynamodb"))

    def _start_helper(self, name: str, module: str, *arguments: str) -> HelperProcess:
        helper = HelperProcess(name, [sys.executable, "-m", module, *arguments], self.log_dir / f"{name}.log")
        self._helpers.append(helper)
        return helper

    def _start_runner(self, start: StartEnvironment) -> None:
        from local.aws.runner import run_stack

        resources = list(self._resources.values())
        self._runner = run_stack(
            resources, self._code, self._concurrency, self.client_of, self._retry_delay_scale, start
        )

    def _start_environment(self, function: Function) -> ProcessEnvironment:
        process = self._warm_processes.get(function.code).fork(self.log_dir / f"{function.logical_id}.log")
        return ProcessEnvironment(function, self._function_variables(), process)

    def _function_variables(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.aws_endpoint_url,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_SESSION_TOKEN": SECRET,
        }

    def _deliver_events(self) -> None:
        # Every event is read, also without a runner: moto would wait for room in the pipe.
        for message in self._moto.iter_messages():
            if self._runner is not None:
                self._runner.accept(message["function"], message["event"])

    def _get_runner(self) -> LambdaRunner:
        if self._runner is None:
            raise RuntimeError("no function runs here: not entered, or made with run_functions=False")
        return self._runner
