"""The simulation and RateLimiter perform the core's commands alike."""

from email.utils import formatdate
from random import Random
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from photodna_guard.aws.table import ConditionFailedError, Table
from photodna_guard.rate_limiter.core import LimiterCore
from photodna_guard.rate_limiter.gcra import MICROSECONDS, RETRY
from photodna_guard.rate_limiter.limiter import RateLimiter
from tests.unit.simulated_item import Item, SimulatedItem
from tests.unit.simulation import DEFAULT, MS, Machine, Process, Simulation, World

# How often other workers reserve slots.
OTHERS = 700 * MS + 1  # microseconds


def others_reserve(item: SimulatedItem, now: int) -> None:
    """Reserve five slots in every other ten seconds."""
    if now // MICROSECONDS % 20 < 10:
        item.attributes["tat"] = max(item.attributes.get("tat", 0), now) + 5 * DEFAULT.interval


class Client:
    """The item behind a DynamoDB client, on a clock of its own. Others move the item too."""

    def __init__(self, world: World, seed: int) -> None:
        self.now, self._item, self._world, self.random = 0.0, SimulatedItem(), world, Random(seed)
        self._others = 0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def get_item(self, **_: Any) -> dict[str, Any]:
        self._travel()
        response = self._response("Item", self._item.read({}))
        self._travel()
        return response

    def update_item(self, **call: Any) -> dict[str, Any]:
        self._travel()
        values = {name: int(value["N"]) for name, value in call.get("ExpressionAttributeValues", {}).items()}
        names = call.get("ExpressionAttributeNames", {})
        try:
            item = self._item.update({}, call["UpdateExpression"], call.get("ConditionExpression"), values, names)
        except ConditionFailedError as refused:
            response = self._response("Item", refused.item) | {"Error": {"Code": "ConditionalCheckFailedException"}}
            self._travel()
            raise ClientError(cast(Any, response), "UpdateItem") from None
        response = self._response("Attributes", item)
        self._travel()
        return response

    def _response(self, part: str, item: Item) -> dict[str, Any]:
        date = formatdate(int(self.now + 1e-6), usegmt=True)
        attributes = {name: {"N": str(value)} for name, value in item.items()}
        return {part: attributes, "ResponseMetadata": {"HTTPHeaders": {"date": date}}}

    def _travel(self) -> None:
        fastest, slowest = self._world.round_trip
        self.now += round(self.random.triangular(fastest, slowest, fastest) / 2) / MICROSECONDS
        while self._others * OTHERS <= self.now * MICROSECONDS:
            others_reserve(self._item, self._others * OTHERS)
            self._others += 1


def slots_of_rate_limiter(world: World, seed: int) -> list[float]:
    client, slots = Client(world, seed), list[float]()
    table = Table(cast(Any, client), "limiter", now=lambda: client.now)
    limiter = RateLimiter(table, 10, 25, RETRY, sleep=client.sleep, uniform=client.random.uniform)
    for _ in range(100):
        slots += limiter.reserve(3)
        client.sleep(0.4)
    return slots


def slots_of_simulation(world: World, seed: int) -> list[float]:
    sim, item, slots = Simulation(seed), SimulatedItem(), list[float]()
    machine = Machine(sim, item, world, RETRY, LimiterCore)
    # The machine's skew has used a random number.
    sim.random.seed(seed)

    def others() -> Process[None]:
        while True:
            others_reserve(item, sim.now)
            yield OTHERS

    def reserve() -> Process[None]:
        for _ in range(100):
            slots.extend((yield from machine.run(machine.core.reserve(3))))
            yield 400 * MS

    sim.spawn(others())
    sim.spawn(reserve())
    sim.run(120 * MICROSECONDS)
    return slots


def test_simulation_reserves_the_slots_that_rate_limiter_does() -> None:
    real = slots_of_rate_limiter(World(), seed=7)
    assert len(real) == 300
    assert slots_of_simulation(World(), seed=7) == pytest.approx(real, abs=1e-4)
