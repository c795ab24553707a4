"""The function's environment variables, which template.yaml sets from the stack's parameters and resources."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlsplit

from photodna_guard.domain.errors import ConfigurationError
from photodna_guard.domain.models import Representation

T = TypeVar("T")

MATCH_PATH = "/photodna/v1.0/Match"
_SECONDS_PER_DAY = 86400
_NEEDS_EMBEDDED_CLOUD = (
    "sam local invoke needs the embedded cloud, because the template's tables, queues and buckets do not exist on this "
    "machine. Use make invoke EVENT=events/s3-put.json, or start make up LAMBDA=sam and add --config-env local "
    "(docs/local-development.md)"
)


@dataclass(frozen=True, slots=True)
class Settings:
    """The stack's parameters and the names of its resources, as typed values."""

    match_endpoint: str
    subscription_key_secret: str
    enhance: bool
    enable_evaluation: str | None
    queues_fresh_uploads: bool
    representation: Representation
    max_frames: int
    enlarge_from_pixels: int
    rate_per_second: float
    rate_margin_ms: float
    monthly_quota: int
    results_table: str
    rate_limiter_table: str
    operations_table: str
    retry_queue_url: str
    backfill_queue_url: str
    dead_letter_queue_url: str
    quarantine_bucket: str
    max_deletions_per_hour: int
    observe_mode: bool
    retention_days: int
    retention_mode: str
    legal_hold: bool
    retry_for_seconds: float
    clean_result_days: int
    stack_name: str


def from_environment(environment: Mapping[str, str]) -> Settings:
    """Return the settings in `environment`.

    Raises ConfigurationError, which names every faulty variable and never its value.
    """
    if _lacks_embedded_cloud(environment):
        raise ConfigurationError(_NEEDS_EMBEDDED_CLOUD)
    reader = _Reader(environment)
    settings = _read_settings(reader)
    if reader.faults:
        raise ConfigurationError(
            f"The function cannot start, because its environment is not valid: {'; '.join(reader.faults)}. "
            "Correct the stack's parameters and deploy again (docs/deploy.md)"
        )
    return settings


def _lacks_embedded_cloud(environment: Mapping[str, str]) -> bool:
    """Tell whether SAM CLI runs the function with no cloud: it replaces a reference by the resource's logical id."""
    is_local = environment.get("AWS_SAM_LOCAL") == "true" and not environment.get("AWS_ENDPOINT_URL")
    return is_local and environment.get("RESULTS_TABLE") == "ResultsTable"


def parse_match_endpoint(value: str, allow_http: bool) -> str:
    """Return the URL of the Match operation, with the operation's path if `value` has none.

    The key and the pictures' URLs travel to it. So plain HTTP is allowed within one machine only, or with `allow_http`.

    Raises ValueError if the URL is not one of these, or has a query, a fragment or a user.
    """
    url = urlsplit(value)
    http_allowed = allow_http or url.hostname in ("127.0.0.1", "localhost", "::1")
    if not url.hostname or url.query or url.fragment or url.username:
        raise ValueError
    if url.scheme != "https" and not (url.scheme == "http" and http_allowed):
        raise ValueError
    return value if url.path not in ("", "/") else value.rstrip("/") + MATCH_PATH


class _Reader:
    """Parses environment variables, and collects every fault instead of stopping at the first."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.faults: list[str] = []

    def parse(self, name: str, parser: Callable[[str], T], wanted: str, stand_in: T) -> T:
        """Return the parsed variable. After a fault return `stand_in`, and from_environment raises."""
        try:
            return parser(self._environment[name].strip())
        except KeyError:
            self.faults.append(f"{name} is not set: set it to {wanted}")
        except ValueError:
            self.faults.append(f"{name} is not valid: set it to {wanted}")
        return stand_in

    def name(self, name: str, wanted: str) -> str:
        """Return a variable that must not be empty."""
        return self.parse(name, _parse_name, wanted, "")

    def number(self, name: str, low: float, high: float, wanted: str) -> float:
        """Return a finite number from `low` to `high`."""
        return self.parse(name, lambda value: _parse_number(value, low, high), wanted, low)

    def choice(self, name: str, *allowed: str) -> str:
        """Return one of the allowed values."""
        wanted = f"{', '.join(allowed[:-1])} or {allowed[-1]}"
        return self.parse(name, lambda value: allowed[allowed.index(value)], wanted, allowed[0])

    def match_endpoint(self) -> str:
        """Return the URL of the Match operation. An embedded cloud may use plain HTTP, which stays on its machine."""
        allow_http = "AWS_ENDPOINT_URL" in self._environment
        wanted = "the https URL of the Match operation"
        return self.parse("MATCH_ENDPOINT", lambda value: parse_match_endpoint(value, allow_http), wanted, "")


def _read_settings(reader: _Reader) -> Settings:
    evaluation = reader.choice("ENABLE_EVALUATION", "off", "always", "afterinitialquota")
    return Settings(
        match_endpoint=reader.match_endpoint(),
        subscription_key_secret=reader.name("SUBSCRIPTION_KEY_SECRET", "the ARN of a secret"),
        enhance=reader.choice("ENHANCE", "false", "true") == "true",
        enable_evaluation=None if evaluation == "off" else evaluation,
        queues_fresh_uploads=reader.choice("FRESH_UPLOADS", "direct", "queue") == "queue",
        representation=Representation(reader.choice("REPRESENTATION", "url", "rendition")),
        max_frames=int(reader.number("MAX_FRAMES", 1, 50, "a number of frames from 1 to 50")),
        enlarge_from_pixels=int(reader.number("ENLARGE_FROM_PIXELS", 16, 160, "a number of pixels from 16 to 160")),
        rate_per_second=reader.number("RATE_PER_SECOND", 0.1, 1000, "a number of requests per second from 0.1 to 1000"),
        rate_margin_ms=reader.number("RATE_MARGIN_MS", 10, 1000, "a number of milliseconds from 10 to 1000"),
        monthly_quota=int(reader.number("MONTHLY_QUOTA", 0, 1e12, "a number of requests per month, or 0")),
        results_table=reader.name("RESULTS_TABLE", "the name of a table"),
        rate_limiter_table=reader.name("RATE_LIMITER_TABLE", "the name of a table"),
        operations_table=reader.name("OPERATIONS_TABLE", "the name of a table"),
        retry_queue_url=reader.name("RETRY_QUEUE_URL", "the URL of a queue"),
        backfill_queue_url=reader.name("BACKFILL_QUEUE_URL", "the URL of a queue"),
        dead_letter_queue_url=reader.name("DEAD_LETTER_QUEUE_URL", "the URL of a queue"),
        quarantine_bucket=reader.name("QUARANTINE_BUCKET", "the name of a bucket"),
        max_deletions_per_hour=int(reader.number("MAX_DELETIONS_PER_HOUR", 1, 1000, "a number from 1 to 1000")),
        observe_mode=reader.choice("MODE", "enforce", "observe") == "observe",
        retention_days=int(reader.number("RETENTION_DAYS", 1, 36500, "a number of days from 1 to 36500")),
        retention_mode=reader.choice("RETENTION_MODE", "GOVERNANCE", "COMPLIANCE"),
        legal_hold=reader.choice("LEGAL_HOLD", "off", "on") == "on",
        retry_for_seconds=reader.number("RETRY_FOR_DAYS", 0, 13, "a number of days from 0 to 13") * _SECONDS_PER_DAY,
        clean_result_days=int(reader.number("CLEAN_RESULT_DAYS", 1, 36500, "a number of days from 1 to 36500")),
        stack_name=reader.name("POWERTOOLS_SERVICE_NAME", "the stack's name"),
    )


def _parse_name(value: str) -> str:
    if not value:
        raise ValueError
    return value


def _parse_number(value: str, low: float, high: float) -> float:
    number = float(value)
    if not (math.isfinite(number) and low <= number <= high):
        raise ValueError
    return number
