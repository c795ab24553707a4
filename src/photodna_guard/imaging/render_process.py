"""The renderer's child process: looks at one object after the other, within limits of memory and time."""

import json
import os
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO

from photodna_guard.domain.errors import UnscannableError
from photodna_guard.domain.renditions import NotAPicture, RenditionSet
from photodna_guard.imaging.render_protocol import MEMORY_VARIABLE, RenderRequest, read_message, write_message

# For what is decompressed from an object.
MAX_FILE_BYTES = 220 * 1024 * 1024
# Of one object. A photograph of 100 megapixels takes one.
MAX_CPU_SECONDS = 5

Examine = Callable[[Path, RenderRequest], RenditionSet | NotAPicture]


def main() -> None:  # pragma: no cover - in the child alone, as what it calls below (tests/imaging/test_renderer.py)
    """Answer requests on standard input until its end."""
    requests, replies = _take_standard_streams()
    _set_limits()
    # The libraries are loaded within the limits, and before the first object's time begins.
    from photodna_guard.imaging import examination

    examination.prepare()
    write_message(replies, [b"{}"])
    while True:
        try:
            request = RenderRequest(**json.loads(read_message(requests)[0]))
        except EOFError:
            return
        _extend_cpu_limit()
        write_message(replies, build_reply(request, examination.examine))


def build_reply(request: RenderRequest, examine: Examine) -> list[bytes]:
    """Return the parts of the reply: a header, and the renditions. It raises nothing."""
    try:
        found = examine(Path(request.file), request)
    except UnscannableError as error:
        return [json.dumps({"kind": "unscannable", "reason": str(error)}).encode()]
    except MemoryError:
        return [json.dumps({"kind": "unscannable", "reason": "too-many-pixels"}).encode()]
    except Exception:  # noqa: BLE001 - whatever a decoder raises over hostile bytes, the object cannot be decoded
        return [json.dumps({"kind": "unscannable", "reason": "damaged"}).encode()]
    if isinstance(found, NotAPicture):
        return [json.dumps({"kind": "not-a-picture", "reason": found.reason}).encode()]
    header = {
        "kind": "renditions",
        "frames": [one.frame for one in found.renditions],
        "frames_seen": found.frames_seen,
        "frames_total": found.frames_total,
        "inconclusive": found.inconclusive,
    }
    return [json.dumps(header).encode(), *(one.content for one in found.renditions)]


def _take_standard_streams() -> tuple[IO[bytes], IO[bytes]]:  # pragma: no cover
    """Return the pipes to the parent. What a library prints goes nowhere."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    return requests, replies


def _set_limits() -> None:  # pragma: no cover
    for limit, most in (
        (resource.RLIMIT_DATA, int(os.environ[MEMORY_VARIABLE]) * 1024 * 1024),
        (resource.RLIMIT_FSIZE, MAX_FILE_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (most, most))


def _extend_cpu_limit() -> None:  # pragma: no cover
    used = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + MAX_CPU_SECONDS, hard))


if __name__ == "__main__":
    # A decoder's recursion over hostile bytes must end as an error of its own.
    sys.setrecursionlimit(500)
    main()
