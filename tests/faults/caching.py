"""What moto and botocore compute anew for each call though nothing has changed is computed once here.

A call costs half as much. What a request is answered, and what refuses it, stays the same.
"""

import functools
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch
from weakref import WeakKeyDictionary

import botocore.useragent
import moto.core.responses
from aws_lambda_powertools.shared import user_agent
from botocore.awsrequest import AWSPreparedRequest
from moto import backend_index, backends
from moto.core.base_backend import BackendDict
from moto.core.models import DEFAULT_ACCOUNT_ID, botocore_stubber
from moto.core.request import normalize_request
from moto.s3 import urls as s3_urls
from moto.s3.models import S3Backend
from werkzeug.exceptions import HTTPException

from tests.faults.dynamodb_caching import dynamodb_caching

Callback = Callable[[Any, str, Any], Any]


@contextmanager
def caching() -> Iterator[None]:
    """Cache for as long as the cloud runs. Everything is as before at the end."""
    with ExitStack() as undone:
        undone.enter_context(dynamodb_caching())
        for owner, name in (
            (moto.core.responses, "method_names_from_class"),
            (botocore.useragent.UserAgentComponent, "to_string"),
        ):
            undone.enter_context(patch.object(owner, name, functools.cache(getattr(owner, name))))
        # moto loads the module again each time, since its settings might have changed.
        undone.enter_context(patch.object(S3Backend, "_url_module", s3_urls))
        undone.enter_context(patch.object(user_agent, "register_feature_to_client", _once_for_each_client()))
        undone.enter_context(patch.object(BackendDict, "__getitem__", _known_first(BackendDict.__getitem__)))
        undone.enter_context(patch.object(botocore_stubber, "process_request", _Router()))
        yield


class _Router:
    """Finds the function that answers a URL once. moto tries hundreds of patterns for each request."""

    def __init__(self) -> None:
        self._find = functools.lru_cache(maxsize=10_000)(_callback)

    def __call__(self, request: AWSPreparedRequest) -> tuple[Any, Any, Any] | None:
        callback = self._find(request.url.partition("?")[0])
        if callback is None:
            return None
        normalized = normalize_request(request)
        try:
            status, headers, body = callback(normalized, normalized.raw_url, normalized.headers)
        except HTTPException as error:
            return error.code, error.get_headers(), error.get_body()
        return status, headers, body


def _callback(url: str) -> Callback | None:
    """Return the function of the first service and pattern that match the URL, which has no query."""
    for service, pattern in backend_index.backend_url_patterns:
        if pattern.match(url):
            for path, callback in _urls(service).items():
                if re.match(path, url):
                    return callback
    return None


def _urls(service: str) -> dict[str, Callback]:
    regions = backends.get_backend(service)[DEFAULT_ACCOUNT_ID]  # type: ignore[call-overload]
    return regions["us-east-1" if "us-east-1" in regions else "aws"].urls  # type: ignore[no-any-return]


def _known_first(original: Callable[[Any, str], Any]) -> Callable[[Any, str], Any]:
    """Return known backends first. moto looks through all accounts and all services before that."""

    def get(self: Any, account: str) -> Any:
        return dict.get(self, account) or original(self, account)

    return get


def _once_for_each_client() -> Callable[..., None]:
    """Register each feature once for each client. A process has its own clients; here all processes share them."""
    registered: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()
    original: Callable[[Any, str], None] = user_agent.register_feature_to_client

    def register(client: Any, feature: str) -> None:
        features = registered.setdefault(client, set())
        if feature not in features:
            features.add(feature)
            original(client, feature)

    return register
