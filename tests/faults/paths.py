"""The paths that an upload can go. Each makes a world ready in which all else is delivery."""

from typing import Final

from photodna_guard.scanning.source_copier import MoveLimits
from tests.faults.calls import Outside
from tests.faults.functions import HAS_SWEEP
from tests.faults.path_steps import (
    HARDLY_PATIENT,
    OWN_TAGS,
    TEN_TAGS,
    Path,
    aws_fails,
    batch_of_all_kinds,
    decided,
    duplicates,
    given_up,
    given_up_and_redriven,
    key_changed,
    known_hash,
    no_slot,
    queue_throttled,
    rescanned,
    same_match_twice,
    service_fails,
    service_unavailable,
    several_records,
    unreadable_messages,
    upload_and_delete,
    upload_and_overwrite,
    upload_below_a_marker,
    upload_by_backfill,
    upload_by_queue,
    upload_by_sweep,
    upload_on_fast_path,
)
from tests.faults.proofs import CHECKSUM
from tests.faults.release_steps import released, released_known_hash
from tests.faults.world import World

VERSIONED: Final[dict[str, Path]] = {
    "clean, fast": upload_on_fast_path("clean"),
    "clean, retry": upload_by_queue("clean"),
    "match, fast": upload_on_fast_path("match"),
    "match, retry": upload_by_queue("match"),
    "match, backfill": upload_by_backfill("match"),
    "unscannable, fast": upload_on_fast_path("tiny"),
    "small, fast": upload_on_fast_path("small"),
    "animation, fast": upload_on_fast_path("animation"),
    "animated match, retry": upload_by_queue("animated match"),
    "animated match, service fails at a frame": service_fails("3004", 1, "animated match"),
    "too large by URL": service_fails("3208", 1, "clean"),
    "by value, fast": upload_on_fast_path("damaged"),
    "skipped, fast": upload_on_fast_path("text"),
    "document, fast": upload_on_fast_path("document"),
    "clean with ten tags": lambda world: world.upload("clean", tags=TEN_TAGS),
    "unscannable that says it is clean": upload_on_fast_path("tiny", **OWN_TAGS),
    "deleted before the head is read": upload_and_delete,
    "below a delete marker": upload_below_a_marker,
    "a match below a clean version": upload_and_overwrite,
    "throttled by the service": service_fails("429"),
    "key changed": key_changed,
    "service unavailable": service_unavailable,
    "service does not answer": service_fails("timeout", 2),
    "no slot": no_slot,
    "the table is throttled": aws_fails("dynamodb.UpdateItem", "throttled 400", 3),
    "S3 is throttled": aws_fails("s3.GetObject", "throttled", 3),
    "no secret": aws_fails("secretsmanager.GetSecretValue", "denied", 1),
    "the queue is throttled": queue_throttled,
    "clean, rescanned": rescanned,
    "clean, denied": decided("clean", is_allowed=False),
    "clean, denied, rescanned": decided("clean", is_allowed=False, is_rescanned=True),
    "unscannable, allowed": decided("tiny", is_allowed=True),
    "document, allowed": decided("document", is_allowed=True),
    "given up": given_up,
    "redriven": given_up_and_redriven,
    "known hash while the service is unavailable": known_hash,
    "match under legal hold": upload_on_fast_path("match"),
    "match with ten tags": lambda world: world.upload("match", tags=TEN_TAGS),
    "large match, fast": upload_on_fast_path("match"),
    "large match, retry": upload_by_queue("match"),
    "released match, fast": released(upload_on_fast_path("match")),
    "released match, retry": released(upload_by_queue("match"), scope="*"),
    "released match with ten tags": released(lambda world: world.upload("match", tags=TEN_TAGS)),
    "released match that says it is clean": released(upload_on_fast_path("match", **OWN_TAGS)),
    "large match that is released, retry": released(upload_by_queue("match")),
    "released known hash while the service is unavailable": released_known_hash,
    "match beside a release of another key": released(upload_on_fast_path("match"), scope="elsewhere/a.jpg"),
    "a batch of all kinds": batch_of_all_kinds,
    "an event with two records": several_records,
    "delivered three times at once": duplicates,
    "unreadable messages beside a match": unreadable_messages,
}
UNVERSIONED: Final[dict[str, Path]] = {
    "clean, without versions": upload_on_fast_path("clean"),
    "match, without versions": upload_on_fast_path("match"),
    "match, without versions, retry": upload_by_queue("match"),
    "large match, without versions": upload_on_fast_path("match"),
    "released match, without versions": released(upload_on_fast_path("match"), scope="*"),
    "unscannable, without versions": upload_on_fast_path("tiny"),
    "animated match, without versions": upload_on_fast_path("animated match"),
    "deleted, without versions": upload_and_delete,
    "overwritten, without versions": upload_and_overwrite,
    "the same match twice, without versions": same_match_twice,
    "delivered three times at once, without versions": duplicates,
}
SWEPT: Final[dict[str, Path]] = {
    "match, sweep": upload_by_sweep("match"),
    "clean, denied, its messages lost": decided("clean", is_allowed=False, is_sent=False),
    "unscannable, allowed, its messages lost": decided("tiny", is_allowed=True, is_sent=False),
}
PATHS: Final = {name: (True, path) for name, path in (VERSIONED | (SWEPT if HAS_SWEEP else {})).items()} | {
    name: (False, path) for name, path in UNVERSIONED.items()
}
SETTINGS: Final = {
    "given up": HARDLY_PATIENT,
    "redriven": HARDLY_PATIENT,
    "match under legal hold": {"LEGAL_HOLD": "on"},
}
# Every picture is a large match, for which only a run of the retry path has the time.
STREAMED: Final = MoveLimits(in_memory_bytes=100, bytes_per_second=1.0, fresh_seconds=130.0)


def begin(world: World, name: str, n: int = 0, planned: str | Outside = "", proof: str = CHECKSUM) -> None:
    """Make the world ready for a path. What is planned happens at the nth call from then on."""
    versioned, path = PATHS[name]
    world.begin(versioned, proof, **SETTINGS.get(name, {}))
    if name.startswith("large match"):
        world.functions.move_limits = STREAMED
    if n:
        world.calls.at[n] = planned
    path(world)
