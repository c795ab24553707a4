"""What happens to released matches before the deliveries: two people have released them already."""

from photodna_guard.domain.releases import partition_of, release_id
from tests.faults import pictures
from tests.faults.path_steps import Path, known_hash
from tests.faults.world import World
from tests.support.releases import release_item


def release(world: World, key: str = "a.jpg", scope: str = "") -> None:
    """Let two people have released the match under this key, or wherever `scope` says."""
    content = pictures.BYTES["match"]
    item = release_item(content, scope or f"{world.bucket}/{key}")
    item |= {"partition": partition_of(len(content)), "id": release_id(item["sha256"], item["scope"])}
    values = {name: {"S": value} for name, value in item.items()}
    world.cloud.session.client("dynamodb").put_item(TableName=world.cloud.physical("OperationsTable"), Item=values)


def released(upload: Path, scope: str = "") -> Path:
    """Do this with a match that two people have released."""

    def path(world: World) -> None:
        release(world, scope=scope)
        upload(world)

    return path


def released_known_hash(world: World) -> None:
    release(world, key="b.jpg")
    known_hash(world)
