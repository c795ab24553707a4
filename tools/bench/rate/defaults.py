"""The template's defaults, so that a benchmark measures what is deployed."""

from local.aws import template
from local.stack import TEMPLATE
from photodna_guard.rate_limiter.gcra import slot_interval

LIMIT = 10.0  # requests a second
_PARAMETERS = template.load(TEMPLATE)["Parameters"]
WORKERS = int(_PARAMETERS["Workers"]["Default"])
MARGIN_MS = float(_PARAMETERS["RateMarginMs"]["Default"])
SLOT_INTERVAL = slot_interval(LIMIT, MARGIN_MS)  # microseconds
