"""Clients of boto3 that are made once for all runs."""

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import boto3
import botocore.session
from botocore.retries import quota

REGION = "us-east-1"


class CachedClients(boto3.Session):
    """A session that makes each client once: they are slow to make. Each client's retry quota goes into `quotas`.

    A client remembers nothing but that quota, which the cloud fills up at each reset.
    """

    def __init__(self, session: botocore.session.Session, quotas: list[Any]) -> None:
        super().__init__(botocore_session=session, region_name=REGION)
        self._clients: dict[str, Any] = {}
        self._quotas = quotas

    def client(self, service: str, *args: Any, **kwargs: Any) -> Any:  # type: ignore[override]
        description = f"{service} {args} {vars(kwargs['config']) if 'config' in kwargs else ''}"
        if description not in self._clients:
            with patch.object(quota.RetryQuota, "__init__", self._recording(quota.RetryQuota.__init__)):
                self._clients[description] = super().client(service, *args, **kwargs)  # type: ignore[call-overload]
        return self._clients[description]

    def _recording(self, original: Callable[..., None]) -> Callable[..., None]:
        def init(one: Any, *args: Any, **kwargs: Any) -> None:
            original(one, *args, **kwargs)
            self._quotas.append(one)

        return init
