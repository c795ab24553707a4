"""The subscription key in Secrets Manager, cached for the container."""

from typing import TYPE_CHECKING

from aws_lambda_powertools.utilities.parameters import SecretsProvider
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError

from photodna_guard.domain.errors import KeyUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

# An hour is short enough: after a rotation the service answers 401, and the key is fetched afresh.
MAX_AGE_SECONDS = 3600


class SubscriptionKey:
    """The subscription key of the Match service."""

    def __init__(self, client: "SecretsManagerClient", secret: str) -> None:
        """`secret`: the secret's ARN or name."""
        self._provider, self._secret = SecretsProvider(boto3_client=client), secret

    def get(self, fresh: bool = False) -> str:
        """Return the key for the request's header. Never log it.

        `fresh`: bypass the cache. Raises KeyUnavailableError if the secret cannot be read or contains no key.
        """
        try:
            value = self._provider.get(self._secret, max_age=MAX_AGE_SECONDS, force_fetch=fresh)
        except GetParameterError:
            raise KeyUnavailableError("the subscription key's secret cannot be read") from None
        key = value.strip() if isinstance(value, str) else ""
        if not (key and key.isascii() and key.isprintable()):
            raise KeyUnavailableError("the subscription key's secret holds no plain-text key")
        return key
