"""`python -m local.invoke.cold_start [COUNT]`: a function's first invocation in a new container, and the next ones.

The difference is what a cold start costs inside the container: the runtime, the imports, and what is built once.
"""

import json
import statistics
import sys
from pathlib import Path

import requests

from local.aws.helper_process import HelperFailed
from local.invoke import cases, invocation, sam, spoken_of, uploading
from local.invoke.errors import NotPossible, SamFailed
from local.invoke.run import Bench, bench
from local.invoke.start_lambda import start_lambda

EVENT = "s3-put.json"
FOLDER = sam.ROOT / "build/sam"


def measure(here: Bench, count: int) -> tuple[list[float], list[float]]:
    """Milliseconds of `count` first invocations, each in its container, and of as many in one that is warm."""
    cold = [_invoked(here, number) for number in range(count)]
    log = here.folder / "start-lambda.log"
    with start_lambda(here.folder, log) as url, requests.Session() as session:
        session.trust_env = False
        for number in range(count, 2 * count + 1):
            event = json.loads(_event(here, number).read_text(encoding="utf-8"))
            session.post(
                f"{url}/2015-03-31/functions/{cases.ON_UPLOAD}/invocations", json=event, timeout=120
            ).raise_for_status()
    durations = [float(ms) for ms in invocation.DURATION.findall(log.read_text(encoding="utf-8"))]
    return cold, durations[1:]


def _invoked(here: Bench, number: int) -> float:
    event = _event(here, number)
    answer = invocation.invoke(cases.ON_UPLOAD, event, here.folder, event.with_suffix(".log"))
    if answer.failed:
        raise SamFailed(f"{cases.ON_UPLOAD} failed. See {event.with_suffix('.log')}")
    return answer.milliseconds


def _event(here: Bench, number: int) -> Path:
    """The event of a new upload: what is settled already would cost less."""
    event = json.loads((sam.ROOT / "events" / EVENT).read_text(encoding="utf-8"))
    bucket = here.cloud.endpoints.upload_bucket
    laid = uploading.lay(here.cloud.client("s3"), bucket, cases.CASES[EVENT], spoken_of.uploads(event))
    path = here.folder / f"cold-start-{number}.json"
    path.write_text(json.dumps(spoken_of.filled(event, bucket, laid.stored)), encoding="utf-8")
    return path


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    try:
        with bench(FOLDER) as here:
            cold, warm = measure(here, count)
    except (NotPossible, SamFailed, HelperFailed) as error:
        print(error, file=sys.stderr)
        return 2
    for name, values in (("first", cold), ("next", warm)):
        spread = f"{min(values):.0f} to {max(values):.0f}"
        print(f"{name}: median {statistics.median(values):.0f} ms of {len(values)} ({spread})")
    print(f"cold start: {statistics.median(cold) - statistics.median(warm):.0f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
