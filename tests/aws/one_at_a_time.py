"""A DynamoDB client for threads."""

from threading import Lock
from typing import Any


class OneAtATime:
    """Makes each update atomic, as DynamoDB does. moto does not, for threads of one process."""

    def __init__(self, client: Any) -> None:
        self._client, self._lock = client, Lock()

    def update_item(self, **parameters: Any) -> Any:
        with self._lock:
            return self._client.update_item(**parameters)
