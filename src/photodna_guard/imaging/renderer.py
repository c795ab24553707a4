"""The renderer: hands an object to a child process with limits, which looks at it and makes the renditions.

A picture that breaks its decoder, or takes too much of memory or time, ends the child and nothing else. Image
libraries are loaded in the child alone, and not before the first object that needs it.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

from photodna_guard.domain.errors import RetryableError, UnscannableError
from photodna_guard.domain.renditions import NotAPicture, Rendition, RenditionSet
from photodna_guard.imaging.render_protocol import MEMORY_VARIABLE, RenderRequest, read_message, write_message

# Seconds for one object, and for the child to start.
MAX_RENDER_SECONDS = 20.0
MAX_START_SECONDS = 15.0
# Objects after which the child is replaced: what its libraries keep is given back.
OBJECTS_PER_PROCESS = 200
# What the rest of the function needs of its memory, and what the child may use at least.
_OWN_MEGABYTES, _LEAST_CHILD_MEGABYTES = 220, 280
# Outside Lambda.
_USUAL_MEGABYTES = 1024
# Variables of this process that the child gets. It has no credentials.
_INHERITED_VARIABLES = ("PATH", "LD_LIBRARY_PATH", "LANG", "TMPDIR")
_CHILD_VARIABLES = {
    "VIPS_CONCURRENCY": "1",
    "MALLOC_ARENA_MAX": "1",
    # The memory of one picture is kept for the next one: to ask for it anew takes a third of a small picture's time.
    "MALLOC_MMAP_THRESHOLD_": str(32 * 1024 * 1024),
    "MALLOC_TRIM_THRESHOLD_": str(64 * 1024 * 1024),
    "VIPS_WARNING": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
}


class Renderer:
    """Renders one object at a time in a child process. The caller sees to it that no two threads call it at once."""

    def __init__(
        self,
        max_frames: int,
        enlarge_from_pixels: int,
        seconds: float = MAX_RENDER_SECONDS,
        objects_per_process: int = OBJECTS_PER_PROCESS,
        python: str = sys.executable,
        directory: Path | None = None,
    ) -> None:
        """Create a renderer without a child.

        Args:
            max_frames: Frames of an object that are looked at.
            enlarge_from_pixels: Shorter side from which a picture is enlarged. A smaller one is unscannable.
            seconds: For one object.
            objects_per_process: After so many the child is replaced.
            python: The interpreter's path.
            directory: Where the child writes what it decompresses; by default where temporary files are.
        """
        self._max_frames, self._enlarge_from_pixels, self._seconds = max_frames, enlarge_from_pixels, seconds
        self._objects_per_process, self._python, self._directory = objects_per_process, python, directory
        self._child: _Child | None = None

    def render(self, file: Path, content_type: str, content_encoding: str) -> RenditionSet | NotAPicture:
        """Return the renditions of the object that stands in `file`, or that it is no picture.

        Raises UnscannableError, whose text says why it cannot be decoded, and RetryableError where no child starts.
        """
        request = RenderRequest(str(file), content_type, content_encoding, self._max_frames, self._enlarge_from_pixels)
        reply = self._ask(request)
        match reply[0].get("kind"):
            case "renditions":
                return _parse_renditions(*reply)
            case "not-a-picture":
                return NotAPicture(str(reply[0]["reason"]))
            case _:
                raise UnscannableError(str(reply[0]["reason"]))

    @property
    def process_id(self) -> int | None:
        """The child's process id; None where there is no child."""
        return self._child.process_id if self._child else None

    def close(self) -> None:
        """End the child, if there is one."""
        if self._child:
            self._child.kill()
            self._child = None

    def _ask(self, request: RenderRequest) -> tuple[dict[str, Any], list[bytes]]:
        """Ask the child. One that looked at other objects before may have died of those: then a new one is asked."""
        is_fresh = self._child is None
        child = self._child = self._child or _Child(self._python, self._directory)
        try:
            reply = child.ask(request, self._seconds)
        except EOFError:
            self.close()
            if not is_fresh and not child.is_late:
                return self._ask(request)
            raise UnscannableError("too-complex") from None
        if child.objects >= self._objects_per_process:
            self.close()
        return reply


class _Child:
    """A process of render_process.py."""

    def __init__(self, python: str, directory: Path | None) -> None:
        """Start it, and wait until it is ready. Raises RetryableError."""
        self.objects, self.is_late = 0, False
        # It is removed by this process: a child that is killed leaves its files behind.
        self._directory = TemporaryDirectory(prefix="photodna-guard-", dir=directory, ignore_cleanup_errors=True)
        try:
            self._process = subprocess.Popen(  # noqa: S603 - no part of it comes from an upload
                [python, "-m", "photodna_guard.imaging.render_process"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=build_environment(os.environ) | {"TMPDIR": self._directory.name},
            )
        except OSError as error:
            self._directory.cleanup()
            raise RetryableError(f"the renderer cannot be started: {type(error).__name__}") from None
        try:
            self._exchange(None, MAX_START_SECONDS)
        except EOFError:
            self.kill()
            raise RetryableError("the renderer cannot be started: it ended before its first object") from None

    @property
    def process_id(self) -> int:
        """The process id."""
        return self._process.pid

    def ask(self, request: RenderRequest, seconds: float) -> tuple[dict[str, Any], list[bytes]]:
        """Return the reply's header and its binary parts. Raises EOFError where the child ended before it replied."""
        self.objects += 1
        return self._exchange(request, seconds)

    def kill(self) -> None:
        """End the process at once, wait for its end, and remove its files."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            _close(pipe)
        self._directory.cleanup()

    def _exchange(self, request: RenderRequest | None, seconds: float) -> tuple[dict[str, Any], list[bytes]]:
        assert self._process.stdin is not None  # noqa: S101
        assert self._process.stdout is not None  # noqa: S101
        timer = threading.Timer(seconds, self._end_late)
        timer.start()
        try:
            if request:
                write_message(self._process.stdin, [json.dumps(asdict(request)).encode()])
            header, *parts = read_message(self._process.stdout)
            return json.loads(header), parts
        except (OSError, ValueError) as error:
            raise EOFError from error
        finally:
            timer.cancel()

    def _end_late(self) -> None:
        self.is_late = True
        self._process.kill()


def _close(pipe: IO[bytes] | None) -> None:
    try:
        if pipe:
            pipe.close()
    except OSError:
        # What was not written yet cannot be, as its reader has ended.
        return


def build_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the child's environment, of that of this process: no credentials, and the memory that it may allocate."""
    megabytes = int(environment.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", _USUAL_MEGABYTES)) - _OWN_MEGABYTES
    limit = {MEMORY_VARIABLE: str(max(megabytes, _LEAST_CHILD_MEGABYTES))}
    inherited = {name: environment[name] for name in _INHERITED_VARIABLES if name in environment}
    return inherited | _CHILD_VARIABLES | limit | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


def _parse_renditions(header: dict[str, Any], parts: list[bytes]) -> RenditionSet:
    renditions = tuple(Rendition(part, frame) for part, frame in zip(parts, header["frames"], strict=True))
    return RenditionSet(renditions, header["frames_seen"], header["frames_total"], header["inconclusive"])
