"""python -m ops.costs: what a deployment costs in a month, worked out from the calls that each upload makes.

The calls are those that tests/e2e/test_handlers.py and tests/ops/test_costs.py count; the prices are AWS's list prices.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

PRICES_OF = "us-east-1, list prices of June 2025, in US dollars"
PRICE: Mapping[str, float] = {
    "lambda_request": 0.20e-6,
    "lambda_gb_second": 16.6667e-6,
    "write_unit": 0.625e-6,  # DynamoDB on demand, items up to 1 KB
    "s3_get": 0.40e-6,
    "s3_put": 5.00e-6,  # and PutObjectTagging
    "sqs_request": 0.40e-6,
    "log_gb": 0.50,
    "egress_gb": 0.09,  # to the service, which fetches the picture or is sent it; 100 GB a month are free
    "metric": 0.30,
    "alarm": 0.10,
    "key": 1.00,
    "secret": 0.40,
}
MEMORY_GB = 0.5
FREE_EGRESS_GB = 100.0
# A clean upload on the fast path. begin: the item, and its entry in the index of what waits; take; settle: both.
FAST = {"lambda_request": 1, "write_unit": 5, "s3_get": 3, "s3_put": 1}  # look, the service's GET, the tags twice
# What it costs more when it has to wait for a slot: sent, received and deleted (in batches of 13); deferred (the item
# and two indexes), begun again, settled out of two indexes; looked at again.
WAITED = {"sqs_request": 1.2, "write_unit": 7, "s3_get": 1, "lambda_request": 0.1}
ANSWER_SECONDS, READ_SECONDS, REDUCE_SECONDS = 0.5, 0.15, 0.3
LOG_BYTES = 1_300  # one line, and the metrics of one invocation
FIXED = {"metric": 30, "alarm": 12, "key": 2, "secret": 1}


@dataclass(frozen=True, slots=True)
class Traffic:
    """Uploads of a month, the part of them that waits for a slot, and bytes of a picture and of its rendition."""

    uploads: float
    waiting: float
    picture: float = 500_000
    rendition: float = 60_000


def monthly_costs(traffic: Traffic, rendition: bool) -> dict[str, float]:
    """Dollars by service, and in all."""
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
        "SQS": costs["sqs_request"],
        "logs": costs["log_gb"],
        "alarms, metrics, keys": fixed,
        "to the service": costs["egress_gb"],
    }
    return rows | {"in all": sum(rows.values())}


USUAL = (Traffic(1e6, 0.02), Traffic(10e6, 0.3), Traffic(25e6, 1.0))


def format_table(cases: Sequence[Traffic] = USUAL) -> str:
    """The table of the README, in Markdown."""
    named = [(f"{traffic.uploads / 1e6:g} M {way}", traffic, way == "rendition") for traffic in cases for way in _WAYS]
    columns = [monthly_costs(traffic, rendition) for _, traffic, rendition in named]
    lines = ["| a month | " + " | ".join(name for name, _, _ in named) + " |", "| --- |" + " ---: |" * len(named)]
    lines += [f"| {row} | " + " | ".join(f"${column[row]:,.0f}" for column in columns) + " |" for row in columns[0]]
    return "\n".join(lines)


_WAYS = ("URL", "rendition")


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the table, or that of the uploads that are given."""
    parser = argparse.ArgumentParser(prog="python -m ops.costs", description=f"Costs of a month: {PRICES_OF}.")
    parser.add_argument("--uploads", type=float, help="in millions a month")
    parser.add_argument("--waiting", type=float, default=0.3, help="part of them that waits for a slot (0.3)")
    parser.add_argument("--picture", type=float, default=500, help="KB of a picture (500)")
    options = parser.parse_args(arguments)
    own = [Traffic(options.uploads * 1e6, options.waiting, options.picture * 1000)] if options.uploads else USUAL
    print(f"{PRICES_OF}.\n\n{format_table(own)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
