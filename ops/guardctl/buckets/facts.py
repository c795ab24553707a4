"""How a bucket is set up, as S3 tells it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from ops.errors import CannotProceedError
from ops.guardctl.target import Target

EVENT_BRIDGE = "EventBridgeConfiguration"
_DENIED = ("AccessDenied", "403")
# What S3 answers where nothing is set.
_NOTHING = (
    "NoSuchBucketPolicy",
    "ServerSideEncryptionConfigurationNotFoundError",
    "NoSuchLifecycleConfiguration",
    "OwnershipControlsNotFoundError",
    "ReplicationConfigurationNotFoundError",
    "NoSuchPublicAccessBlockConfiguration",
)


@dataclass(frozen=True)
class BucketFacts:
    """A bucket's set-up. What is not set is empty, and a missing policy is None."""

    name: str
    region: str
    # Enabled, Suspended, or empty where there never were any.
    versions: str
    notification: dict[str, Any]
    policy: str | None
    encryption: list[dict[str, Any]]
    lifecycle: list[dict[str, Any]]
    ownership: str
    replication: list[dict[str, Any]]
    public_access: dict[str, bool]

    @property
    def has_event_bridge(self) -> bool:
        """Whether S3 sends the bucket's events to EventBridge."""
        return EVENT_BRIDGE in self.notification


class BucketReader:
    """Reads one bucket with the first client that may. Methods raise CannotProceedError and botocore's errors."""

    def __init__(self, clients: Sequence[Any], bucket: str, owner: dict[str, str]) -> None:
        """`owner`: the argument by which S3 refuses a bucket of another account; empty where the account is unknown."""
        self._clients, self._bucket, self._owner = clients, bucket, owner

    def read_region(self) -> str:
        """Return the Region of the bucket."""
        place = self._read("get_bucket_location").get("LocationConstraint")
        return {"EU": "eu-west-1"}.get(place, str(place)) if place else "us-east-1"

    def read(self) -> BucketFacts:
        """Return how the bucket is set up."""
        owners = self._read("get_bucket_ownership_controls").get("OwnershipControls", {}).get("Rules", [])
        encryption = self._read("get_bucket_encryption").get("ServerSideEncryptionConfiguration", {})
        return BucketFacts(
            name=self._bucket,
            region=self.read_region(),
            versions=self._read("get_bucket_versioning").get("Status", ""),
            notification=self._read("get_bucket_notification_configuration"),
            policy=self._read("get_bucket_policy").get("Policy"),
            encryption=encryption.get("Rules", []),
            lifecycle=self._read("get_bucket_lifecycle_configuration").get("Rules", []),
            ownership=owners[0]["ObjectOwnership"] if owners else "",
            replication=self._read("get_bucket_replication").get("ReplicationConfiguration", {}).get("Rules", []),
            public_access=self._read("get_public_access_block").get("PublicAccessBlockConfiguration", {}),
        )

    def _read(self, operation: str) -> dict[str, Any]:
        for client in self._clients:
            try:
                answer: dict[str, Any] = getattr(client, operation)(Bucket=self._bucket, **self._owner)
            except ClientError as error:
                if _code_of(error) in _NOTHING:
                    return {}
                if _code_of(error) == "NoSuchBucket":
                    raise CannotProceedError(f"There is no bucket {self._bucket}. Check its name") from None
                if _code_of(error) not in _DENIED:
                    raise
            else:
                return {name: value for name, value in answer.items() if name != "ResponseMetadata"}
        raise CannotProceedError(
            f"You may not read how {self._bucket} is set up ({operation}), or it belongs to another account than the "
            f"stack. Use the credentials of its owner, in the stack's account; see also whether its policy denies you"
        )


def owner_argument(target: Target) -> dict[str, str]:
    """Return the argument by which S3 refuses a bucket of another account than the stack's."""
    role = target.stack.outputs.get("OperatorRoleArn", "").split(":")
    return {"ExpectedBucketOwner": role[4]} if len(role) > 4 and role[4].isdigit() else {}


def make_reader(target: Target, bucket: str) -> BucketReader:
    """Return a reader with the operator role's rights, and the caller's own where the role has none."""
    makers = [target.client, *([target.own_client] if target.own_client else [])]
    return BucketReader([make("s3") for make in makers], bucket, owner_argument(target))


def _code_of(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])
