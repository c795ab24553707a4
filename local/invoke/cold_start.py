"""Measures first invocations in new containers, and later ones (python -m local.invoke.cold_start [COUNT]).

The difference is the cost of a cold start inside the container: the runtime, the imports, and the application.
"""

import json
import statistics
import sys
from pathlib import Path

import requests

from local.aws.helper_process import HelperFailedError
from local.invoke import cases, event_uploads, invocation, sam, uploading
from local.invoke.errors import CannotRunError, SamCliError
from local.invoke.run import ContainerCloud, start_container_cloud
from local.invoke.start_lambda import start_lambda

EVENT = "s3-put.json"
FOLDER = sam.ROOT / "build/sam"


def measure(containers: ContainerCloud, count: int) -> tuple[list[float], list[float]]:
    """Return the milliseconds of `count` first invocations, each in a new container, and of `count` later ones."""
    cold = [_measure_cold_start(containers, number) for number in range(count)]
    log = containers.folder / "start-lambda.log"
    with start_lambda(containers.folder, log) as url, requests.Session() as session:
        session.trust_env = False
        for number in range(count, 2 * count + 1):
            event = json.loads(_write_event(containers, number).read_text(encoding="utf-8"))
            session.post(
                f"{url}/2015-03-31/functions/{cases.ON_UPLOAD}/invocations", json=event, timeout=120
            ).raise_for_status()
    durations = [float(ms) for ms in invocation.DURATION.findall(log.read_text(encoding="utf-8"))]
    return cold, durations[1:]


def _measure_cold_start(containers: ContainerCloud, number: int) -> float:
    event = _write_event(containers, number)
    answer = invocation.invoke_function(cases.ON_UPLOAD, event, containers.folder, event.with_suffix(".log"))
    if answer.failed:
        raise SamCliError(f"{cases.ON_UPLOAD} failed. See {event.with_suffix('.log')}")
    return answer.milliseconds


def _write_event(containers: ContainerCloud, number: int) -> Path:
    """Write the event of a new upload. An upload that is settled already would take less time."""
    event = json.loads((sam.ROOT / "events" / EVENT).read_text(encoding="utf-8"))
    bucket = containers.cloud.endpoints.upload_bucket
    objects = uploading.upload_objects(
        containers.cloud.client("s3"), bucket, cases.CASES[EVENT], event_uploads.list_uploads(event)
    )
    path = containers.folder / f"cold-start-{number}.json"
    path.write_text(json.dumps(event_uploads.replace_placeholders(event, bucket, objects.stored)), encoding="utf-8")
    return path


def main() -> int:
    """Return the exit code: 0, or 2 if the functions cannot be run."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    try:
        with start_container_cloud(FOLDER) as containers:
            cold, warm = measure(containers, count)
    except (CannotRunError, SamCliError, HelperFailedError) as error:
        print(error, file=sys.stderr)
        return 2
    for name, values in (("first", cold), ("next", warm)):
        spread = f"{min(values):.0f} to {max(values):.0f}"
        print(f"{name}: median {statistics.median(values):.0f} ms of {len(values)} ({spread})")
    print(f"cold start: {statistics.median(cold) - statistics.median(warm):.0f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
