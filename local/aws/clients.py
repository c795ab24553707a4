"""boto3 clients of the embedded AWS."""

from __future__ import annotations

from typing import Any

from local.aws.policy.authorizer import UNRESTRICTED_ACCESS_KEY

REGION = "us-east-1"
# moto's own account.
ACCOUNT = "123456789012"
# Signatures are not verified: any secret will do.
SECRET = "embedded-aws"  # noqa: S105
CREDENTIALS = (UNRESTRICTED_ACCESS_KEY, SECRET)


class Clients:
    """Clients of one endpoint, made once for each access key and service. Any thread may use them."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._made: dict[tuple[str, str], Any] = {}

    def get(self, access_key: str, service: str) -> Any:
        """Return the client of a service for the owner of the access key."""
        if (access_key, service) not in self._made:
            self._made[access_key, service] = create_client(service, self._endpoint, access_key)
        return self._made[access_key, service]


def create_client(service: str, endpoint: str, access_key: str = UNRESTRICTED_ACCESS_KEY, **options: Any) -> Any:
    """Create a client; `options` are botocore's."""
    # boto3 is slow to import: that is to happen while the services start.
    import boto3
    from botocore.config import Config

    session = boto3.session.Session(access_key, SECRET, region_name=REGION)
    # A retry would only hide a fault: an embedded AWS that does not respond has ended.
    config = Config(max_pool_connections=50, retries={"total_max_attempts": 1}, proxies={}, **options)
    return session.client(service, endpoint_url=endpoint, config=config)  # type: ignore[call-overload]
