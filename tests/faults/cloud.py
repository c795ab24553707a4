"""The stack of template.yaml in moto, in this process. Every call of a session goes through calls.py."""

import gc
import json
import os
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from email.utils import formatdate
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import botocore.endpoint
import botocore.session
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from moto import mock_aws
from moto.cloudformation import parsing
from moto.cloudformation.models import Stack
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
from moto.sqs.responses import SQSResponse

from local.aws import stack
from local.aws.moto import current_request, differences
from local.aws.moto.cloudformation import describe_resources
from local.aws.resources import Resource
from tests.faults.aws_faults import fail_call, make_response
from tests.faults.cached_clients import REGION, CachedClients
from tests.faults.caching import caching
from tests.faults.calls import Calls
from tests.faults.interleaving import START, Baton, Clock, pools_take_turns
from tests.faults.partial_answers import reset_places
from tests.support.template import translate_template

ACCOUNT = "123456789012"
UNVERSIONED = "uploads-without-versions"
KEY = "THE-SUBSCRIPTION-KEY-THAT-NOBODY-MAY-SEE"
_REPLACED = (
    Rule,
    S3Response,
    S3Backend,
    SQSBackend,
    SQSResponse,
    Queue,
    notifications,
    sqs_models,
    Stack,
    parsing,
)


class Cloud:
    """moto's services, the resources of the stack, and a boto3 session whose calls can be made to fail."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.baton = Baton(self.clock)
        self.calls = Calls(self.clock, self.baton)
        self._quotas: list[Any] = []
        self.key = KEY
        self.resources: dict[str, Resource] = {}
        # All that was put on the event bus.
        self.events: list[dict[str, Any]] = []
        self.session = CachedClients(self._botocore_session(), self._quotas)

    def build(self) -> None:
        """Make the stack, which takes seconds."""
        mock_random.seed(0)
        body = json.dumps(translate_template())
        cloudformation = self.session.client("cloudformation")
        stack_id = cloudformation.create_stack(StackName="faults", TemplateBody=body)["StackId"]
        resources = [Resource(**described) for described in describe_resources(stack_id)]
        self.resources = {resource.logical_id: resource for resource in resources}
        stack.complete_resources(resources, self.session.client("s3"), self.session.client("dynamodb"))
        self.session.client("s3").create_bucket(Bucket=UNVERSIONED)
        self.reset()

    def physical(self, logical_id: str) -> str:
        return str(self.resources[logical_id].physical_id)

    def reset(self) -> None:
        """Empty buckets, tables and queues, which takes microseconds."""
        # Version ids are the same in each run.
        mock_random.seed(0)
        reset_places()
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
        """Put a key into the secret. `taken` says whether the service takes it."""
        self.key = key if taken else self.key
        secret = self.physical("SubscriptionKey")
        self.session.client("secretsmanager").put_secret_value(SecretId=secret, SecretString=key)

    @property
    def s3(self) -> Any:
        return s3_backends[ACCOUNT]["aws"]

    @property
    def queues(self) -> dict[str, Any]:
        """Queues of moto by their URL."""
        return {self.physical_url(name): queue for name, queue in sqs_backends[ACCOUNT][REGION].queues.items()}

    def physical_url(self, name: str) -> str:
        return f"{_QUEUES}/{ACCOUNT}/{name}"

    def items(self, logical_id: str) -> list[dict[str, Any]]:
        """Return all items of a table, in DynamoDB's own form."""
        table = dynamodb_backends[ACCOUNT][REGION].tables[self.physical(logical_id)]
        return [item.to_json()["Attributes"] for item in table.all_items()]

    def _botocore_session(self) -> botocore.session.Session:
        session = botocore.session.Session()
        session.set_credentials("AKIAFAULTS", "THE-SECRET-ACCESS-KEY", "THE-SESSION-TOKEN")
        session.unregister("before-send", botocore_stubber)  # type: ignore[arg-type]
        session.get_component("event_emitter").register_first("before-send", self._send)
        return session

    def _send(self, request: AWSPreparedRequest, event_name: str, **_: Any) -> AWSResponse:
        service, operation = event_name.split(".")[1:]
        # No process makes the call: it is a user, or a test.
        if self.baton.owner is None:
            return self._perform(request)
        name = f"{service.replace('-', '').lower()}.{operation}"
        response: AWSResponse = self.calls.make(
            name, lambda: self._perform(request, name), lambda *how: fail_call(request, service, *how)
        )
        return response

    def _perform(self, request: AWSPreparedRequest, name: str = "") -> AWSResponse:
        environ: dict[str, Any] = {
            f"HTTP_{header.upper().replace('-', '_')}": _text(value) for header, value in request.headers.items()
        }
        current_request.set_current(environ)
        # S3 takes this checksum where it asks for one. moto takes only the other header.
        if "x-amz-checksum-sha256" in request.headers and "x-amz-sdk-checksum-algorithm" not in request.headers:
            request.headers["x-amz-sdk-checksum-algorithm"] = "SHA256"
        if name == "eventbridge.PutEvents":
            self.events.extend(json.loads(str(_text(request.body)))["Entries"])
        answer = botocore_stubber.process_request(request)
        assert answer, f"moto has nothing for {request.method} {request.url.split('?')[0]}"
        status, headers, body = answer
        return make_response(request, status, {**headers, "date": formatdate(self.clock.now(), usegmt=True)}, body)


_QUEUES = f"https://sqs.{REGION}.amazonaws.com"


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


@contextmanager
def running() -> Iterator[Cloud]:
    """Run the cloud, with what local/ mends in moto. Everything is as before at the end."""
    with ExitStack() as undone:
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "POWERTOOLS_"))}
        named = {"POWERTOOLS_SERVICE_NAME": "faults", "POWERTOOLS_METRICS_NAMESPACE": "faults"}
        undone.enter_context(patch.dict(os.environ, environment | named | {"AWS_DEFAULT_REGION": REGION}, clear=True))
        undone.enter_context(mock_aws())
        for owner in _REPLACED:
            undone.callback(_restore, owner, dict(vars(owner)))
        differences.apply(_QUEUES, lambda _: None)
        undone.enter_context(caching())
        # A schedule has no pattern, and moto would match every event with it.
        undone.enter_context(patch.object(Rule, "send_to_targets", lambda *_, **__: None))
        # The tests make the events themselves.
        undone.enter_context(patch.object(notifications, "send_event", lambda *_: None))
        cloud = Cloud()
        undone.enter_context(patch.object(botocore.endpoint, "time", SimpleNamespace(sleep=cloud.baton.sleep)))
        pools_take_turns(cloud.baton, undone)
        cloud.build()
        # All that exists by now stays, so no collection has to look at it.
        gc.freeze()
        undone.callback(gc.unfreeze)
        yield cloud


def _restore(owner: Any, was: dict[str, Any]) -> None:
    for added in vars(owner).keys() - was.keys():
        delattr(owner, added)
    for name, value in was.items():
        if vars(owner).get(name) is not value:
            setattr(owner, name, value)
