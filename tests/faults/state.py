"""Reads what is in buckets, tables, queues and logs at a moment from moto itself, for the invariants."""

import json
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer

from tests.faults.observed import Item, Object, State

if TYPE_CHECKING:
    from tests.faults.world import World

_plain = TypeDeserializer().deserialize


def read_state(world: "World") -> State:
    """Read the whole world without making a call."""
    cloud = world.cloud
    events = [event | {"Detail": json.loads(event["Detail"])} for event in cloud.events]
    return State(
        now=world.clock.now(),
        versioned=world.versioned,
        uploads=world.uploads,
        markers=world.markers,
        uploaded=_objects(cloud, world.bucket),
        quarantined=_objects(cloud, cloud.physical("QuarantineBucket")),
        items=[_item(item) for item in cloud.items("ResultsTable")],
        limiter=[_item(item) for item in cloud.items("RateLimiterTable")],
        queued=[message.body for queue in world.queues.values() for message in queue],
        dead_letters=[json.loads(message.body) for message in world.dead_letters()],
        requests=world.service.requests,
        arrived=world.service.arrived,
        largest_window=world.service.window.largest,
        events=events,
        releases=_releases([_item(item) for item in cloud.items("OperationsTable")]),
        log=world.functions.log.getvalue(),
        secrets=world.secrets,
        disturbed=world.calls.disturbed,
        crashed=any(process.dead for process in world.processes),
        redriven=world.redriven,
    )


def _releases(items: list[Item]) -> list[Item]:
    """Return each request with its confirmation, where there is one of that request."""
    by_key = {(item["partition"], item["id"]): item for item in items}
    found = []
    for (partition, wanted), request in by_key.items():
        if partition.startswith("release-request#"):
            other = by_key.get((partition.replace("request", "confirmation"), wanted), {})
            is_of_it = other.get("request_id") == request["request_id"]
            is_asked = request["state"] == "requested"
            found.append(
                (other if is_of_it else {}) | request | ({"state": other["state"]} if is_of_it and is_asked else {})
            )
    return found


def _objects(cloud: Any, bucket: str) -> list[Object]:
    """Return every version of every key, delete markers too."""
    found = []
    for key, versions in cloud.s3.buckets[bucket].keys.lists():
        for place, version in enumerate(versions):
            marker = not hasattr(version, "value")
            found.append(
                Object(
                    key=key,
                    version=version.version_id,
                    current=place == len(versions) - 1,
                    marker=marker,
                    content=b"" if marker else version.value,
                    tags={} if marker else cloud.s3.tagger.get_tag_dict_for_resource(version.arn),
                    lock_mode=None if marker else version.lock_mode,
                    lock_until=None if marker else version.lock_until,
                )
            )
    return found


def _item(item: dict[str, Any]) -> Item:
    return {name: _plain(value) for name, value in item.items()}
