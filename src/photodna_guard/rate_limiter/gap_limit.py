"""Bounds what the gaps around fresh uploads' slots cost: beyond it, an upload is left to a queue's worker.

A machine whose clock is not exact yet keeps a gap before and behind its slot. In a burst most machines are new.
"""

from photodna_guard.rate_limiter import commands
from photodna_guard.rate_limiter.commands import Steps


def is_reached(now: int) -> Steps[bool]:
    """Count one slot with gaps, unless a slot is free, which gaps cost nobody. Return whether there were enough before.

    `now`: microseconds of DynamoDB's clock. Passes on what a command raises.
    """
    state = (yield commands.Read(now)).state
    if state.tat <= now:
        return False
    # Of two that find the bucket empty one is refused, and tries once more.
    for _ in range(2):
        reply = yield commands.CountGap(now, state)
        if reply.applied:
            return False
        state = reply.state
    return True
