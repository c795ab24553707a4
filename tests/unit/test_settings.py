"""Test that settings report every faulty variable at once, and never its value."""

import pytest

from photodna_guard.domain.errors import ConfigurationError
from photodna_guard.settings import from_environment
from tests.support.environment import COMPLETE_ENVIRONMENT


def test_valid_environment_becomes_settings() -> None:
    settings = from_environment(COMPLETE_ENVIRONMENT)
    assert settings.retry_for_seconds == 3 * 86400
    assert settings.enable_evaluation is None
    assert settings.enhance is False
    assert settings.monthly_quota == 10_000_000
    assert (settings.max_deletions_per_hour, settings.observe_mode, settings.legal_hold) == (100, False, False)


@pytest.mark.parametrize(
    ("mode", "hold", "want"), [("observe", "on", (True, True)), ("enforce", "off", (False, False))]
)
def test_mode_and_legal_hold_become_flags(mode: str, hold: str, want: tuple[bool, bool]) -> None:
    settings = from_environment(COMPLETE_ENVIRONMENT | {"MODE": mode, "LEGAL_HOLD": hold})
    assert (settings.observe_mode, settings.legal_hold) == want


def test_all_faults_are_reported_at_once() -> None:
    broken = {"RATE_PER_SECOND": "fast", "RETENTION_MODE": "forever", "MATCH_ENDPOINT": "ftp://x"}
    with pytest.raises(ConfigurationError) as caught:
        from_environment(broken)
    assert all(name in str(caught.value) for name in COMPLETE_ENVIRONMENT)


SAM_LOCAL = {"AWS_SAM_LOCAL": "true", "RESULTS_TABLE": "ResultsTable"}


def test_sam_local_without_embedded_cloud_says_what_to_start() -> None:
    with pytest.raises(ConfigurationError, match=r"make invoke EVENT=.* or start make up LAMBDA=sam"):
        from_environment(COMPLETE_ENVIRONMENT | SAM_LOCAL)


@pytest.mark.parametrize("given", [{"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, {"RESULTS_TABLE": "my-table"}])
def test_sam_local_with_a_cloud_starts(given: dict[str, str]) -> None:
    assert from_environment(COMPLETE_ENVIRONMENT | SAM_LOCAL | given).stack_name


def test_fault_names_the_variable_and_not_its_value() -> None:
    with pytest.raises(ConfigurationError, match="MATCH_ENDPOINT is not valid: set it to the https URL") as caught:
        from_environment(COMPLETE_ENVIRONMENT | {"MATCH_ENDPOINT": "https://user:hunter2@match.example.org/"})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RATE_PER_SECOND", "0"),
        ("RATE_PER_SECOND", "nan"),
        ("RATE_PER_SECOND", "inf"),
        ("RATE_MARGIN_MS", "-1"),
        ("ENHANCE", "yes"),
        ("ENABLE_EVALUATION", "sometimes"),
        ("RETENTION_DAYS", "0"),
        ("QUARANTINE_BUCKET", "  "),
        ("MAX_DELETIONS_PER_HOUR", "0"),
        ("MAX_DELETIONS_PER_HOUR", "1001"),
        ("MODE", "Observe"),
        ("MODE", ""),
        ("LEGAL_HOLD", "true"),
        ("POWERTOOLS_SERVICE_NAME", ""),
        ("MATCH_ENDPOINT", "https://match.example.org/Match?key=1"),
    ],
)
def test_value_out_of_range_is_a_fault(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        from_environment(COMPLETE_ENVIRONMENT | {name: value})


def test_plain_http_is_allowed_locally_only() -> None:
    plain = COMPLETE_ENVIRONMENT | {"MATCH_ENDPOINT": "http://match:8080/photodna/v1.0/Match"}
    with pytest.raises(ConfigurationError, match="MATCH_ENDPOINT"):
        from_environment(plain)
    assert from_environment(plain | {"AWS_ENDPOINT_URL": "http://cloud:5000"}).match_endpoint.startswith("http://match")
    assert (
        from_environment(COMPLETE_ENVIRONMENT | {"MATCH_ENDPOINT": "http://127.0.0.1:9/Match"}).match_endpoint
        == "http://127.0.0.1:9/Match"
    )


@pytest.mark.parametrize("base", ["https://match.example.org", "https://match.example.org/"])
def test_endpoint_without_a_path_gets_the_operations_path(base: str) -> None:
    settings = from_environment(COMPLETE_ENVIRONMENT | {"MATCH_ENDPOINT": base})
    assert settings.match_endpoint == COMPLETE_ENVIRONMENT["MATCH_ENDPOINT"]
