"""The stack of template.yaml in moto, in this process; every call of a session goes through the gate in calls.py."""

import gc
import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from email.utils import formatdate
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import boto3
import botocore.endpoint
import botocore.session
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from botocore.retries import quota
from moto import mock_aws
from moto.cloudformation import parsing
from moto.cloudformation.models import Stack
from moto.core.botocore_stubber import MockRawResponse
from moto.core.models import botocore_stubber
from moto.dynamodb.models import dynamodb_backends
from moto.events.models import Rule
from moto.moto_api._internal import mock_random
from moto.s3 import notifications
from moto.s3.models import S3Backend, s3_backends
from moto.s3.responses import S3Response
from moto.s3.utils import _VersionedKeyStore
from moto.sqs import models as sqs_models
from moto.sqs.models import Queue, SQSBackend, sqs_backends

from local.aws import stack, template
from local.aws.moto import current_request, differences
from local.aws.moto.cloudformation import describe_resources
from local.aws.resources import Resource
from tests.faults.caching import caching
from tests.faults.calls import Calls
from tests.faults.interleaving import START, Baton, Clock, pools_take_turns
from tests.faults.partial_answers import PARTIAL, partial

REGION, ACCOUNT = "us-east-1", "123456789012"
TEMPLATE = Path(__file__).resolve().parents[2] / "template.yaml"
UNVERSIONED = "uploads-without-versions"
KEY = "THE-SUBSCRIPTION-KEY-THAT-NOBODY-MAY-SEE"
_REPLACED = (
    Rule,
    S3Response,
    S3Backend,
    SQSBackend,
    Queue,
    notifications,
    sqs_models,
    Stack,
    parsing,
)

# Faults of a call to AWS, each as (HTTP status, code of S3, code of the services that speak JSON).
_REFUSALS = {
    "throttled": (503, "SlowDown", "ThrottlingException"),
    "throttled 400": (400, "ThrottlingException", "ProvisionedThroughputExceededException"),
    "server error": (500, "InternalError", "InternalServerError"),
    "denied": (403, "AccessDenied", "AccessDeniedException"),
}
AWS_FAULTS = (*_REFUSALS, "server error after", "lost before", "lost after", "slow", *PARTIAL)


class Cloud:
    """moto's services, the resources of the stack, and a boto3 session whose calls can be made to fail."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.baton = Baton(self.clock)
        self.calls = Calls(self.clock, self.baton)
        self._quotas: list[Any] = []
        self.resources: dict[str, Resource] = {}
        self.events: list[dict[str, Any]] = []  # what was put on an event bus
        self.session = _CachedClients(self._botocore_session(), self._quotas)

    def build(self) -> None:
        """Makes the stack. Takes seconds."""
        mock_random.seed(0)
        sam = template.load(TEMPLATE)
        made = template.translate(sam, TEMPLATE, {}, REGION).cloudformation
        cloudformation = self.session.client("cloudformation")
        stack_id = cloudformation.create_stack(StackName="faults", TemplateBody=json.dumps(made))["StackId"]
        resources = [Resource(**described) for described in describe_resources(stack_id)]
        self.resources = {resource.logical_id: resource for resource in resources}
        stack.complete_resources(resources, self.session.client("s3"), self.session.client("dynamodb"))
        self.session.client("s3").create_bucket(Bucket=UNVERSIONED)
        self.reset()

    def physical(self, logical_id: str) -> str:
        return str(self.resources[logical_id].physical_id)

    def reset(self) -> None:
        """Empties buckets, tables and queues: a few microseconds."""
        mock_random.seed(0)  # moto's version ids, which are the same in each run
        self.clock.time = START
        self.calls.reset()
        self.events.clear()
        for bucket in self.s3.buckets.values():
            bucket.keys = _VersionedKeyStore()
        self.s3.tagger.tags.clear()
        for table in dynamodb_backends[ACCOUNT][REGION].tables.values():
            table.items = defaultdict(dict)
        for queue in self.queues.values():
            queue._messages.clear()
        for one in self._quotas:
            one._available_capacity = one._max_capacity
        self.put_key(KEY)

    def put_key(self, key: str, taken: bool = True) -> None:
        """Puts a key into the secret; whether it is the one that the service takes."""
        self.key = key if taken else self.key
        secret = self.physical("SubscriptionKey")
        self.session.client("secretsmanager").put_secret_value(SecretId=secret, SecretString=key)

    @property
    def s3(self) -> Any:
        return s3_backends[ACCOUNT]["aws"]

    @property
    def queues(self) -> dict[str, Any]:
        """Moto's queues by their URL."""
        return {self.physical_url(name): queue for name, queue in sqs_backends[ACCOUNT][REGION].queues.items()}

    def physical_url(self, name: str) -> str:
        return f"{_QUEUES}/{ACCOUNT}/{name}"

    def items(self, logical_id: str) -> list[dict[str, Any]]:
        """All items of a table, in DynamoDB's own form."""
        table = dynamodb_backends[ACCOUNT][REGION].tables[self.physical(logical_id)]
        return [item.to_json()["Attributes"] for item in table.all_items()]

    def _botocore_session(self) -> botocore.session.Session:
        session = botocore.session.Session()
        session.set_credentials("AKIAFAULTS", "THE-SECRET-ACCESS-KEY", "THE-SESSION-TOKEN")
        session.unregister("before-send", botocore_stubber)
        session.get_component("event_emitter").register_first("before-send", self._send)
        return session

    def _send(self, request: AWSPreparedRequest, event_name: str, **_: Any) -> AWSResponse:
        _, service, operation = event_name.split(".")
        if self.baton.owner is None:  # the user, or a test that looks
            return self._perform(request)
        name = f"{service.replace('-', '').lower()}.{operation}"
        return self.calls.make(name, lambda: self._perform(request, name), lambda *how: _fail(request, service, *how))

    def _perform(self, request: AWSPreparedRequest, name: str = "") -> AWSResponse:
        environ = {
            f"HTTP_{header.upper().replace('-', '_')}": _text(value) for header, value in request.headers.items()
        }
        current_request.set_current(environ)
        if "x-amz-checksum-sha256" in request.headers:  # S3 takes it where it asks for a checksum; moto only the other
            request.headers.setdefault("x-amz-sdk-checksum-algorithm", "SHA256")
        if name == "eventbridge.PutEvents":
            self.events.extend(json.loads(request.body)["Entries"])
        found = botocore_stubber.process_request(request)
        assert found, f"moto has nothing for {request.method} {request.url.split('?')[0]}"
        status, headers, body = found
        headers = {**headers, "date": formatdate(self.clock.now(), usegmt=True)}
        return AWSResponse(request.url, status, headers, MockRawResponse(body))


_QUEUES = f"https://sqs.{REGION}.amazonaws.com"


class _CachedClients(boto3.Session):
    """Clients are slow to make and remember nothing but their retry quota, which is filled up at each reset."""

    def __init__(self, session: botocore.session.Session, quotas: list[Any]) -> None:
        super().__init__(botocore_session=session, region_name=REGION)
        self._made: dict[str, Any] = {}
        self._quotas = quotas

    def client(self, service: str, *args: Any, **kwargs: Any) -> Any:
        named = f"{service} {args} {vars(kwargs['config']) if 'config' in kwargs else ''}"
        if named not in self._made:
            with patch.object(quota.RetryQuota, "__init__", self._noting(quota.RetryQuota.__init__)):
                self._made[named] = super().client(service, *args, **kwargs)
        return self._made[named]

    def _noting(self, original: Callable[..., None]) -> Callable[..., None]:
        def init(one: Any, *args: Any, **kwargs: Any) -> None:
            original(one, *args, **kwargs)
            self._quotas.append(one)

        return init


def _fail(request: AWSPreparedRequest, service: str, kind: str, perform: Callable[[], AWSResponse]) -> AWSResponse:
    """The call fails in that way."""
    if kind in PARTIAL:
        return partial(kind, service, perform())
    if kind == "lost before":
        raise ConnectionClosedError(endpoint_url="the service", request=request)
    if kind == "lost after":
        perform()
        raise ReadTimeoutError(endpoint_url="the service", request=request)
    if kind == "server error after":
        perform()
        kind = "server error"
    status, of_s3, of_json = _REFUSALS[kind]
    if service == "s3":
        body = f"<?xml version='1.0'?><Error><Code>{of_s3}</Code><Message>{kind}</Message></Error>"
        return AWSResponse(request.url, status, {"content-type": "application/xml"}, MockRawResponse(body))
    body = json.dumps({"__type": of_json, "message": kind})
    return AWSResponse(request.url, status, {"content-type": "application/x-amz-json-1.0"}, MockRawResponse(body))


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


@contextmanager
def running() -> Iterator[Cloud]:
    """The cloud, with what local/ mends in moto; all of it is as it was afterwards."""
    with ExitStack() as undone:
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "POWERTOOLS_"))}
        named = {"POWERTOOLS_SERVICE_NAME": "faults", "POWERTOOLS_METRICS_NAMESPACE": "faults"}
        undone.enter_context(patch.dict(os.environ, environment | named | {"AWS_DEFAULT_REGION": REGION}, clear=True))
        undone.enter_context(mock_aws())
        for owner in _REPLACED:
            undone.callback(_restore, owner, dict(vars(owner)))
        differences.apply(_QUEUES, lambda _: None)
        undone.enter_context(caching())
        Rule.send_to_targets = lambda *_, **__: (
            None
        )  # a schedule has no pattern, and moto would match every event with it
        notifications.send_event = lambda *_: None  # the events are the tests' own
        cloud = Cloud()
        undone.enter_context(patch.object(botocore.endpoint, "time", SimpleNamespace(sleep=cloud.baton.sleep)))
        pools_take_turns(cloud.baton, undone)
        cloud.build()
        gc.freeze()  # what is there by now stays: no collection has to look at it
        undone.callback(gc.unfreeze)
        yield cloud


def _restore(owner: Any, was: dict[str, Any]) -> None:
    for name, value in was.items():
        if vars(owner).get(name) is not value:
            setattr(owner, name, value)
