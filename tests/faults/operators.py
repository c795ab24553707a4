"""Operators: guardctl as processes of the fault tests, of which each call may fail or be the last."""

import functools
import math
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from typing import Any

from ops.guardctl.main import main
from ops.guardctl.target import Target
from ops.stack import Stack
from photodna_guard import bootstrap
from tests.faults.calls import Death, Process
from tests.faults.observed import Uploaded
from tests.faults.users import Pending
from tests.faults.world import World

_OUTPUTS = {
    "ResultsTableName": "ResultsTable",
    "OperationsTableName": "OperationsTable",
    "QuarantineBucketName": "QuarantineBucket",
}
DIED = -1


class Operators:
    """The operators of a world. `said` is what the last command printed."""

    def __init__(self, world: World) -> None:
        self._world, self.said = world, ""

    def run(self, name: str, *arguments: str) -> int:
        """Run one command in somebody's name. Return its exit code, or DIED."""
        cloud, out = self._world.cloud, StringIO()
        process = Process("guardctl", math.inf)
        self._world.processes.append(process)
        with redirect_stdout(out), redirect_stderr(out):
            work = functools.partial(main, arguments, lambda *_: self._target(name))
            (result,) = cloud.baton.run((process, work))
        self.said = out.getvalue()
        error = result.exception()
        if isinstance(error, Death):
            return DIED
        code: int = result.result()
        return code

    def notice(self) -> list[Uploaded]:
        """Let S3 notify of what an operator put back, as of any upload. Return what was put."""
        world, known = self._world, {upload.version_id for upload in self._world.uploads}
        found = []
        for one in world.read().uploaded:
            if one.marker or one.version in known:
                continue
            # Its tags have to be those of the upload that it is.
            first = next(upload for upload in world.uploads if (upload.key, upload.sha256) == (one.key, one.sha256))
            etag = _etag_of(world, one.key, one.version)
            made = Uploaded(world.bucket, one.key, one.version, etag, one.content, first.picture, first.tags)
            world.uploads.append(made)
            world.events.append(Pending(world._event(made), world.clock.now()))
            found.append(made)
        return found

    def _target(self, name: str) -> Target:
        cloud = self._world.cloud
        outputs = {output: cloud.physical(logical_id) for output, logical_id in _OUTPUTS.items()}
        client = functools.partial(cloud.session.client, config=bootstrap.CLIENT_CONFIG)
        make: Any = lambda service: client(service)  # noqa: E731
        stack, now, sleep = Stack("faults", outputs, {}), cloud.clock.now, cloud.baton.sleep
        return Target(stack, name, make, now, sleep, clients_of=lambda _: make, is_embedded=True)


def _etag_of(world: World, key: str, version: str) -> str:
    versions = world.cloud.s3.buckets[world.bucket].keys.getlist(key)
    return str(next(one for one in versions if one.version_id == version).etag).strip('"')
