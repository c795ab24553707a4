"""A DynamoDB client for threads."""

from threading import Lock
from typing import Any


class OneAtATime:
    """DynamoDB updates an item as one act; moto, within one process and with threads, does not."""

    def __init__(self, client: Any) -> None:
        self._client, self._lock = client, Lock()

    def update_item(self, **asked: Any) -> Any:
        with self._lock:
            return self._client.update_item(**asked)
