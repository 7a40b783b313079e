"""What a probabilistic program did in one call, as data: its sites, their plates, shapes and log-probabilities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Array = np.ndarray


@dataclass(frozen=True)
class Plate:
    """A plate that a site stands in. `dim` counts from the right, -1 being the last; None for a loop."""

    name: str
    size: int
    dim: int | None


@dataclass(frozen=True)
class Site:
    """One statement of a program.

    `kind` is "sample", "param", "plate", "deterministic" (a value that is only noted) or another word of Pyro.
    Of a sample site `distribution` is the class's name, without what only wraps it (Independent, Expanded, ...), and
    `log_prob` has the shape that the library sees, after scales and masks; it is None where it could not be computed,
    for the reason in `problem`.
    """

    name: str
    kind: str
    observed: bool = False
    value: Array | None = None
    log_prob: Array | None = None
    distribution: str = ""
    batch_shape: tuple[int, ...] = ()
    event_shape: tuple[int, ...] = ()
    plates: tuple[Plate, ...] = ()
    size: int | None = None
    """Of a plate's own site: how many there are."""
    problem: str = ""


@dataclass(frozen=True)
class Trace:
    """The sites of one call in their order, and what the call returned (None: no numbers, see `problem`).

    `parameters` says which of the object's own parameters an optimiser would be given: name of the param site to
    name in the object, empty for a parameter that is not the object's.
    """

    sites: tuple[Site, ...]
    parameters: dict[str, str]
    result: Array | tuple[Array, ...] | None
    problem: str = ""

    @property
    def samples(self) -> tuple[Site, ...]:
        """The sample sites."""
        return tuple(site for site in self.sites if site.kind == "sample")

    @property
    def latent(self) -> tuple[Site, ...]:
        """The sample sites that are drawn."""
        return tuple(site for site in self.samples if not site.observed)

    @property
    def observed(self) -> tuple[Site, ...]:
        """The sample sites that are scored."""
        return tuple(site for site in self.samples if site.observed)

    def get(self, name: str) -> Site | None:
        """The site of this name."""
        return next((site for site in self.sites if site.name == name), None)
