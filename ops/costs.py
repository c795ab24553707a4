"""Calculates a deployment's monthly costs from the calls that each upload makes (python -m ops.costs).

tests/e2e/test_handlers.py and tests/ops/test_costs.py check the counts of the calls. The prices are AWS's list prices.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

PRICES_OF = "us-east-1, list prices of June 2025, in US dollars"
PRICE: Mapping[str, float] = {
    "lambda_request": 0.20e-6,
    "lambda_gb_second": 16.6667e-6,
    # DynamoDB on demand, for items up to 1 KB.
    "write_unit": 0.625e-6,
    "read_unit": 0.125e-6,
    "s3_get": 0.40e-6,
    # PutObjectTagging and ListObjectVersions cost the same.
    "s3_put": 5.00e-6,
    # A tag of an object, for each month that the object stays.
    "tag_month": 0.01 / 10_000,
    "sqs_request": 0.40e-6,
    # An event of the application's own on the default event bus. Its rules and their targets cost nothing.
    "event": 1.00e-6,
    "log_gb": 0.50,
    # Pictures that the service fetches, or that it is sent. The first 100 GB a month are free.
    "egress_gb": 0.09,
    "metric": 0.30,
    # Of each metric that an alarm watches. One on an expression watches several.
    "alarm": 0.10,
    # The first three of an account are free, if they have at most 50 metrics.
    "dashboard": 3.00,
    "key": 1.00,
    "secret": 0.40,
}
# The default of the parameter MemorySize.
MEMORY_GB = 1.0
FREE_EGRESS_GB = 100.0
# The calls for a clean upload on the fast path. Writes: the claim writes the item and its entry in the index of
# unsettled records, the lease writes the item, and settling writes both, and the entries in two
# of the indexes by which results are listed. S3: the head, the whole
# object (by the service, or to be rendered), the tags read and written. The status is one tag. Each upload that is not
# clean is one event.
NOT_CLEAN_SHARE = 0.05
FAST = {"tag_month": 1, "event": NOT_CLEAN_SHARE, "lambda_request": 1, "write_unit": 7, "s3_get": 3, "s3_put": 1}
# The additional calls for an upload that waits for a slot. Its message is sent, received and deleted, in batches of 13.
# Writes: the record is deferred and claimed again, each time the item and its entry in the index of unsettled records,
# and a slot is asked for once in vain. S3: the head is read again.
WAITED = {"sqs_request": 1.2, "write_unit": 5, "s3_get": 1, "lambda_request": 0.1}
# The calls for a batch of 13 that is put back into its queue while the service answers nobody. It is received by two
# calls, hidden by two, and one counts the queue. Reads: the rate limiter's item, and half a unit for each record.
BATCH = 13
PUT_BACK = {"lambda_request": 1, "lambda_gb_second": 0.1, "sqs_request": 5, "read_unit": 1 + BATCH / 2}
# A message that was delivered so often goes the usual way once, and is sent anew.
DELIVERIES_OF_A_MESSAGE = 100
# A rendition of a photograph of 12 megapixels takes 0.1 to 0.2 s of a whole processor (make bench BENCH=renditions),
# and a function of 1 GB has 0.58 of one.
ANSWER_SECONDS, READ_SECONDS, REDUCE_SECONDS = 0.5, 0.15, 0.35
# One log line, and the metrics of one invocation.
LOG_BYTES = 1_300
# Lambda polls each of the two queues with at least five readers, each for up to 20 s, also while it is empty: a maximum
# of concurrency keeps it from polling less (Lambda Developer Guide, "Configuring scaling behavior for SQS").
IDLE_POLLS = 2 * 5 * 3 * 60 * 24 * 30
FIXED = {"metric": 33, "alarm": 26, "dashboard": 1, "key": 2, "secret": 1}


@dataclass(frozen=True, slots=True)
class Traffic:
    """The uploads of a month, the share of them that waits for a slot, and the bytes of a picture and a rendition."""

    uploads: float
    waiting: float
    picture: float = 500_000
    rendition: float = 130_000


def monthly_costs(traffic: Traffic, rendition: bool) -> dict[str, float]:
    """Calculate the dollars of a month by service, and in all."""
    counts = {name: FAST.get(name, 0) + traffic.waiting * WAITED.get(name, 0) for name in {*FAST, *WAITED}}
    seconds = ANSWER_SECONDS + READ_SECONDS + (REDUCE_SECONDS if rendition else 0)
    counts["lambda_gb_second"] = seconds * MEMORY_GB
    counts["log_gb"] = LOG_BYTES / 1e9
    costs = {name: traffic.uploads * count * PRICE[name] for name, count in counts.items()}
    sent_gb = traffic.uploads * (traffic.rendition if rendition else traffic.picture) / 1e9
    costs["egress_gb"] = max(0.0, sent_gb - FREE_EGRESS_GB) * PRICE["egress_gb"]
    fixed = sum(count * PRICE[name] for name, count in FIXED.items())
    rows = {
        "Lambda": costs["lambda_request"] + costs["lambda_gb_second"],
        "DynamoDB": costs["write_unit"],
        "S3 requests": costs["s3_get"] + costs["s3_put"],
        "status tags": costs["tag_month"],
        "SQS, events": costs["sqs_request"] + costs["event"] + IDLE_POLLS * PRICE["sqs_request"],
        "logs": costs["log_gb"],
        "dashboard, alarms, keys": fixed,
        "to the service": costs["egress_gb"],
    }
    return rows | {"in all": sum(rows.values())}


def standstill_costs(rate: float) -> float:
    """Calculate the dollars of a day on which the service answers nobody, and more uploads wait than `rate` x 30.

    A message comes back after N / `rate` / 2 seconds on average, so N messages make twice `rate` deliveries a second.
    """
    deliveries = 2 * rate * 86400
    a_batch = sum(count * PRICE[name] for name, count in PUT_BACK.items())
    usual = {**WAITED, "lambda_gb_second": READ_SECONDS * MEMORY_GB}
    a_message = sum(count * PRICE[name] for name, count in usual.items())
    return deliveries / BATCH * a_batch + deliveries / DELIVERIES_OF_A_MESSAGE * a_message


def format_standstill_table(rates: Sequence[float] = (1, 10, 200)) -> str:
    """Format the table of docs/costs.md of a day without answers in Markdown."""
    lines = ["| requests a second | a day without answers |", "| ---: | ---: |"]
    return "\n".join([*lines, *(f"| {rate:g} | ${standstill_costs(rate):,.2f} |" for rate in rates)])


def reconciliation_costs(pages: int) -> float:
    """Calculate the most dollars that the reconciliation costs a month: if its passes never end.

    A page is one LIST request, and takes 0.25 s of a function of 0.5 GB. Each version is looked up twice at most.
    """
    listed = pages * 12 * 24 * 30.4
    return listed * (PRICE["s3_put"] + 0.25 * 0.5 * PRICE["lambda_gb_second"])


USUAL = (Traffic(1e6, 0.02), Traffic(10e6, 0.3), Traffic(25e6, 1.0))


def format_table(cases: Sequence[Traffic] = USUAL) -> str:
    """Format the table of docs/costs.md in Markdown."""
    named = [(f"{traffic.uploads / 1e6:g} M {way}", traffic, way == "rendition") for traffic in cases for way in _WAYS]
    columns = [monthly_costs(traffic, rendition) for _, traffic, rendition in named]
    lines = ["| a month | " + " | ".join(name for name, _, _ in named) + " |", "| --- |" + " ---: |" * len(named)]
    lines += [f"| {row} | " + " | ".join(f"${column[row]:,.0f}" for column in columns) + " |" for row in columns[0]]
    return "\n".join(lines)


_WAYS = ("URL", "rendition")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table, for the uploads of the arguments if they are given."""
    parser = argparse.ArgumentParser(prog="python -m ops.costs", description=f"Costs of a month: {PRICES_OF}.")
    parser.add_argument("--uploads", type=float, help="millions of uploads a month")
    parser.add_argument("--waiting", type=float, default=0.3, help="the share of them that waits for a slot (0.3)")
    parser.add_argument("--picture", type=float, default=500, help="the KB of a picture (500)")
    options = parser.parse_args(arguments)
    own = [Traffic(options.uploads * 1e6, options.waiting, options.picture * 1000)] if options.uploads else USUAL
    print(f"{PRICES_OF}.\n\n{format_table(own)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
