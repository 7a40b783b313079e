"""Things a student's function takes that are neither numbers nor networks, told as data."""

from __future__ import annotations

from dataclasses import dataclass


class StandIn:
    """Data from which an adapter's `build` makes the object that the function is given.

    The object may keep a `record`, a list of what was done with it: `LocalSubject.record` reads it after the call.
    """


@dataclass(frozen=True)
class Seed(StandIn):
    """A source of random numbers seeded with n: torch.Generator in PyTorch."""

    n: int
