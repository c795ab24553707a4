"""What happens to released matches before the deliveries: two people have released them already."""

from tests.faults import pictures
from tests.faults.path_steps import Path, known_hash
from tests.faults.world import World
from tests.support.releases import confirmation_item, request_item


def release(world: World, key: str = "a.jpg", scope: str = "") -> None:
    """Let two people have released the match under this key, or wherever `scope` says."""
    content = pictures.BYTES["match"]
    table, dynamodb = world.cloud.physical("OperationsTable"), world.cloud.session.client("dynamodb")
    for make in (request_item, confirmation_item):
        item = make(content, scope or f"{world.bucket}/{key}")
        dynamodb.put_item(TableName=table, Item={name: {"S": value} for name, value in item.items()})


def released(upload: Path, scope: str = "") -> Path:
    """Do this with a match that two people have released."""

    def path(world: World) -> None:
        release(world, scope=scope)
        upload(world)

    return path


def released_known_hash(world: World) -> None:
    release(world, key="b.jpg")
    known_hash(world)
