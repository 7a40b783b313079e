"""Pyro behind the subject interface: PyTorch's adapter, and traces as data."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyro
import torch
from pyro import poutine
from pyro.poutine import runtime
from pyro.poutine.subsample_messenger import _Subsample

from . import torch_adapter
from .pyro_programs import build
from .torch_adapter import array, gradients, leaves, network, numbers, parameters, precision, pullback, trainable
from .trace import Plate, Site

__all__ = [
    "array",
    "build",
    "gradients",
    "in_short",
    "leaves",
    "network",
    "numbers",
    "parameters",
    "precision",
    "pullback",
    "seed",
    "settings_restored",
    "site_part",
    "trace",
    "trainable",
]

_WRAPPERS = ("ExpandedDistribution", "Independent", "MaskedDistribution")
_LONG = 300
"""Letters of a message."""


@contextlib.contextmanager
def settings_restored() -> Iterator[None]:
    """As for PyTorch; Pyro's switches, handlers and store of parameters too.

    A call starts with an empty store and without handlers, whatever the notebook did before: parameters that an
    earlier model left under the same names would take the place of this one's.
    """
    switches = pyro.settings.get()
    stacks = [(stack, list(stack)) for stack in (runtime._PYRO_STACK, runtime._DIM_ALLOCATOR._stack)]
    for stack, _ in stacks:
        stack.clear()
    try:
        with torch_adapter.settings_restored(), pyro.get_param_store().scope():
            yield
    finally:
        for stack, before in stacks:
            stack[:] = before
        pyro.settings.set(**switches)


def seed(n: int) -> None:
    pyro.set_rng_seed(n)


def trace(
    program: Callable, args: list[Any], given: dict[str, np.ndarray], owner: Any
) -> tuple[tuple[Site, ...], dict[str, str], Any]:
    """Sites, registered parameters (see `Trace`) and result of one call under strict validation."""
    found, result, _ = _traced(program, args, given)
    sites, registered = [], {}
    names = {id(parameter): name for name, parameter in owner.named_parameters()}
    for name, node in found.nodes.items():
        if node["type"] == "param":
            registered[name] = names.get(id(node["value"].unconstrained()), "")
        sites.append(_site(found, name, node))
    return tuple(sites), registered, result


def site_part(
    program: Callable, args: list[Any], given: dict[str, np.ndarray], name: str, part: str
) -> tuple[torch.Tensor | None, dict[str, torch.Tensor]]:
    """Value or log-probability of one site, None when there is none, and the given values as leaves."""
    found, _, values = _traced(program, args, given)
    if name not in found.nodes or found.nodes[name]["type"] != "sample":
        return None, values
    if part == "log_prob":
        found.compute_log_prob(lambda each, _: each == name)
    return found.nodes[name][part], values


def in_short(message: str) -> str:
    """What Pyro or PyTorch says of shapes and supports at length, in a few words."""
    message = re.sub(r"torch\.Size\(\[([\d, ]*)\]\)", r"(\1)", message)
    message = re.sub(
        r"Expected parameter (\w+) .*? of distribution (\w+)\(.* to satisfy the constraint (.*?), but found.*",
        r"the parameter \1 of \2 must satisfy \3",
        message,
    )
    message = re.sub(
        r"Expected value argument \(Tensor of shape (.*?)\) to be within the support \((.*)\) of the distribution "
        r"(?:Independent\()?(\w+)\(.*",
        r"the values, of shape \1, are not in the support of \3, which is \2",
        message,
    )
    return message if len(message) <= _LONG else f"{message[:_LONG]} ..."


def _traced(
    program: Callable, args: list[Any], given: dict[str, np.ndarray]
) -> tuple[poutine.Trace, Any, dict[str, torch.Tensor]]:
    """Trace, result, and the given values that took the place of draws."""
    pyro.enable_validation(True)
    values = {name: array(np.asarray(value), True) for name, value in given.items()}
    replayed = poutine.Trace()
    for name, value in values.items():
        replayed.add_node(name, name=name, type="sample", is_observed=False, value=value, infer={})
    # As context managers: as functions they would add the trace's shapes to the student's own error.
    with poutine.trace() as tracer, poutine.replay(trace=replayed):
        result = program(*args)
    return tracer.trace, result, values


def _site(found: poutine.Trace, name: str, node: dict[str, Any]) -> Site:
    if node["type"] != "sample":
        return Site(name, node["type"], value=numbers(node["value"]))
    distribution = node["fn"]
    if isinstance(distribution, _Subsample):
        return Site(name, "plate", value=numbers(node["value"]), size=distribution.size)
    if node["infer"].get("_deterministic"):
        return Site(name, "deterministic", value=numbers(node["value"]))
    log_prob, problem = None, ""
    try:
        found.compute_log_prob(lambda each, _: each == name)
        log_prob = numbers(node["log_prob"])
    except (ValueError, RuntimeError, NotImplementedError) as error:
        # Pyro's own frame around a ValueError holds no more than the site's name and the shapes.
        cause = error.__cause__ or error
        problem = f"its log-probability raised {type(cause).__name__}: {in_short(str(cause).strip().splitlines()[0])}"
    return Site(
        name,
        "sample",
        observed=bool(node["is_observed"]),
        value=numbers(node["value"]),
        log_prob=log_prob,
        distribution=_base(distribution),
        batch_shape=tuple(getattr(distribution, "batch_shape", ())),
        event_shape=tuple(getattr(distribution, "event_shape", ())),
        plates=tuple(Plate(frame.name, int(frame.size), frame.dim) for frame in node["cond_indep_stack"]),
        problem=problem,
    )


def _base(distribution: Any) -> str:
    while type(distribution).__name__ in _WRAPPERS and hasattr(distribution, "base_dist"):
        distribution = distribution.base_dist
    return type(distribution).__name__
