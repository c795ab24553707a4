"""The application of each priority: which metric has the time to verdict of its uploads."""

import pytest

from photodna_guard import bootstrap, settings
from photodna_guard.domain.models import Status, Upload
from photodna_guard.rate_limiter.gcra import BACKFILL, LIVE, RETRY, Priority
from tests.support.environment import COMPLETE_ENVIRONMENT
from tests.support.moto_aws import SESSION

UPLOAD = Upload("uploads", "key", "etag", "v1")


@pytest.mark.parametrize(
    ("priority", "metric"), [(LIVE, "TimeToVerdict"), (RETRY, "TimeToVerdict"), (BACKFILL, "BackfillTimeToVerdict")]
)
def test_backfill_alone_has_its_own_time_to_verdict(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], priority: Priority, metric: str
) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "stack")
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "PhotoDNAGuard")
    application = bootstrap.build(settings.from_environment(COMPLETE_ENVIRONMENT), priority, SESSION)
    with application.telemetry.flushing():
        application.telemetry.log_settled(UPLOAD, Status.CLEAN, "", received=0.0, is_test=False)
    assert f'"Name":"{metric}"' in capsys.readouterr().out
