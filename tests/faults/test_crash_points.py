"""Each call of each path is the last of its process, which dies before or after it; then delivery goes on.

The calls are found by running: a new one is covered without anyone listing it.
"""

import pytest

from tests.faults import paths
from tests.faults.calls import DEATHS
from tests.faults.counts import Counts
from tests.faults.enumeration import everywhere
from tests.faults.world import World


@pytest.mark.parametrize("dies", DEATHS)
@pytest.mark.parametrize("path", paths.PATHS)
def test_process_that_dies_at_any_call_loses_nothing(world: World, counts: Counts, path: str, dies: str) -> None:
    everywhere(world, counts, path, dies, dies)
