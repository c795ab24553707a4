"""Access to a stack in the embedded AWS: its resources, clients, permissions and counted calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.aws.clients import Clients
from local.aws.control import Control
from local.aws.policy.authorizer import UNRESTRICTED_ACCESS_KEY

if TYPE_CHECKING:
    from local.aws.resources import Resource


class StackAccess:
    """The base of EmbeddedAws: whatever needs no function."""

    def __init__(self) -> None:
        self.aws_endpoint_url = ""
        self._resources: dict[str, Resource] = {}

    def _connect(self, endpoint: str) -> None:
        self.aws_endpoint_url = endpoint
        self._clients, self._control = Clients(endpoint), Control(endpoint)

    def resource(self, logical_id: str) -> str:
        """Return a resource's physical id. Raises KeyError if the template has no such resource."""
        return str(self._resources[logical_id].physical_id)

    def client(self, service: str) -> Any:
        """Return a boto3 client that no policy binds: for setting up, and for checks. Any thread may use it."""
        return self.client_of(UNRESTRICTED_ACCESS_KEY, service)

    def user_client(self, service: str) -> Any:
        """Return the client of a user of the account, whom the buckets' policies bind."""
        return self.client_of("user", service)

    def client_of(self, access_key: str, service: str) -> Any:
        """Return the client of an access key. That of a role is its logical id."""
        return self._clients.get(access_key, service)

    def extend_policies_to(self, bucket: str, logical_id: str) -> None:
        """Apply to `bucket`, from now on, whatever the stack's policies say of the bucket with that logical id."""
        self._control.extend_policies_to(bucket, self.resource(logical_id))

    def permissions(self) -> list[dict[str, Any]]:
        """Return each permission used or refused so far.

        Each has principal (a role's logical id, or "user"), action, allowed and count; if refused, resource and reason.
        """
        return self._control.recorded_permissions()

    def dynamodb_calls(self) -> dict[str, dict[str, int]]:
        """Return the number of DynamoDB requests so far by table and operation, including refused ones."""
        return self._control.dynamodb_calls()
