"""What a deployment costs: the table in docs/costs.md is the one that the counts and prices give."""

import pytest

from ops import costs
from ops.costs import Traffic, format_table, monthly_costs
from photodna_guard.scanning.put_back import MAX_RECEIVES
from tests.support.metrics import emitted_metrics, own_metrics
from tests.support.template import FUNCTIONS, RESOURCES, ROOT, TEMPLATE

COSTS_PAGE = ROOT / "docs/costs.md"


def test_costs_page_shows_the_current_table_and_the_date_of_its_prices() -> None:
    text = COSTS_PAGE.read_text()
    assert format_table() in text
    assert costs.format_standstill_table() in text
    assert costs.PRICES_OF in text


def test_fixed_costs_match_the_template_and_the_metrics() -> None:
    made = [resource["Type"] for resource in RESOURCES.values()]
    alarms = [r["Properties"] for r in RESOURCES.values() if r["Type"] == "AWS::CloudWatch::Alarm"]
    assert costs.FIXED["alarm"] == sum(len(own_metrics(alarm)) for alarm in alarms)
    assert costs.FIXED["dashboard"] == made.count("AWS::CloudWatch::Dashboard")
    assert costs.FIXED["key"] == made.count("AWS::KMS::Key")
    assert costs.FIXED["secret"] == made.count("AWS::SecretsManager::Secret")
    assert costs.FIXED["metric"] == len(emitted_metrics())


def test_standstill_costs_follow_the_code_that_puts_back() -> None:
    assert costs.DELIVERIES_OF_A_MESSAGE == MAX_RECEIVES
    assert RESOURCES["OnRetryFunction"]["Properties"]["Events"]["Retry"]["Properties"]["BatchSize"] == costs.BATCH


def test_costs_page_shows_what_the_reconciliation_costs_at_most() -> None:
    pages = int(TEMPLATE["Parameters"]["ReconciliationPages"]["Default"])
    assert f"${costs.reconciliation_costs(pages):.2f} a month" in COSTS_PAGE.read_text()


def test_day_without_answers_costs_less_than_a_dollar_at_ten_a_second() -> None:
    assert costs.standstill_costs(10) < 1


def test_rows_add_up_to_the_total() -> None:
    found = monthly_costs(Traffic(1e6, 0.0), rendition=False)
    assert found["in all"] == pytest.approx(sum(cost for name, cost in found.items() if name != "in all"))


def test_first_100_gigabytes_to_the_service_are_free() -> None:
    assert monthly_costs(Traffic(200_000, 0.0), rendition=False)["to the service"] == 0
    assert monthly_costs(Traffic(400_000, 0.0), rendition=False)["to the service"] == pytest.approx(9.0)


def test_status_tag_and_event_of_an_upload_are_counted() -> None:
    found = monthly_costs(Traffic(10_000, 0.0), rendition=False)
    assert found["status tags"] == pytest.approx(0.01)
    idle = monthly_costs(Traffic(0, 0.0), rendition=False)["SQS, events"]
    assert found["SQS, events"] - idle == pytest.approx(10_000 * costs.NOT_CLEAN_SHARE * 1e-6)


def test_empty_queues_are_polled_at_a_price() -> None:
    """Lambda polls less than five times at once only without MaximumConcurrency."""
    sources = [event for f in FUNCTIONS.values() for event in f["Events"].values() if event["Type"] == "SQS"]
    assert all("MaximumConcurrency" in source["Properties"]["ScalingConfig"] for source in sources)
    assert len(sources) * 5 * 3 * 60 * 24 * 30 == costs.IDLE_POLLS
    assert monthly_costs(Traffic(0, 0.0), rendition=False)["SQS, events"] == pytest.approx(0.52, abs=0.01)


def test_waiting_uploads_cost_more_and_renditions_less() -> None:
    at_once, waited = (monthly_costs(Traffic(1e6, part), rendition=False) for part in (0.0, 1.0))
    assert waited["DynamoDB"] > at_once["DynamoDB"]
    assert waited["SQS, events"] > at_once["SQS, events"]
    assert monthly_costs(Traffic(1e6, 0.0), rendition=True)["to the service"] < at_once["to the service"]


def test_table_uses_the_numbers_of_the_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    assert costs.main(["--uploads", "2", "--waiting", "0", "--picture", "50"]) == 0
    assert "2 M URL" in capsys.readouterr().out
