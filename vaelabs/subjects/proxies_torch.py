"""PyTorch in the judge: gradients through the student's code, and networks of the student's as modules here."""

from __future__ import annotations

import weakref
from typing import Any

import torch

from .codec import Foreign, Ref
from .crossing import foreign, native
from .proxies import CannotJudge, Handle, Session, StudentError
from .remote import Remote


def with_gradients(session: Session, result: Any, kept: Handle, leaves: list[torch.Tensor]) -> Any:
    """What came from a call, its tensors being functions of the `leaves`, whose graph is kept in the kernel."""
    found: list[Foreign] = []
    session.received(result, lambda told: found.append(told))
    tensors = iter(_Call.apply(session, kept, [tensor(each) for each in found], *leaves))
    return session.received(result, lambda told: next(tensors))


def tensor(told: Foreign) -> torch.Tensor:
    """A tensor that may have gradients, so far without. Raises StudentError."""
    if told.kind != "t" or told.numbers.dtype.kind not in "fc" or told.dtype not in ("", "bfloat16"):
        raise StudentError("it gave gradients to what has none")
    try:
        return native(told).detach()
    except ValueError as error:
        raise StudentError(f"it gave a tensor that cannot be: {error}") from None


class _Call(torch.autograd.Function):
    """A call that has happened in the kernel; backward asks there, and is such a call itself when it has a graph."""

    @staticmethod
    def forward(ctx: Any, session: Session, kept: Handle, results: list[torch.Tensor], *leaves: torch.Tensor) -> tuple:
        ctx.set_materialize_grads(False)
        ctx.session, ctx.kept = session, kept
        ctx.save_for_backward(*leaves)
        return tuple(results)

    @staticmethod
    def backward(ctx: Any, *cotangents: torch.Tensor | None) -> tuple:
        leaves, deep = ctx.saved_tensors, torch.is_grad_enabled()
        used = [each for each in cotangents if each is not None]
        if not used:
            return (None,) * (3 + len(leaves))
        given = [None if each is None else foreign(each, deep) for each in cotangents]
        match ctx.session.ask("vjp", {}, ctx.kept.number, given, deep):
            case (list(found), kept) if len(found) == len(leaves) and (kept is None or isinstance(kept, Ref)):
                gradients = [_gradient(leaf, each) for leaf, each in zip(leaves, found)]
            case _:
                raise StudentError("it has not one gradient for each argument")
        if deep and kept is not None:
            moving = [n for n, each in enumerate(found) if each is not None and each.differentiable]
            values = [gradients[n] for n in moving]
            for n, each in zip(moving, _Call.apply(ctx.session, ctx.session.handle(kept), values, *leaves, *used)):
                gradients[n] = each
        return (None, None, None, *gradients)


def _gradient(leaf: torch.Tensor, told: Any) -> torch.Tensor | None:
    """A gradient in `leaf`, which must be of its shape and dtype: PyTorch would broadcast and round."""
    if told is None:
        return None
    found = tensor(told) if isinstance(told, Foreign) else None
    if found is None or found.shape != leaf.shape or found.dtype != leaf.dtype:
        got = "no tensor" if found is None else f"{tuple(found.shape)}, {found.dtype}"
        raise StudentError(f"its gradient is {got} where the argument is {tuple(leaf.shape)}, {leaf.dtype}")
    return found


class RemoteModule(torch.nn.Module, Remote):
    """A network in the kernel. Its parameters and buffers are here, and there before each call; it computes there.

    `isinstance` of a layer says what the kernel says, among the classes of torch.nn.
    """

    _claimed: type = torch.nn.Module

    def __init__(self, session: Session, ref: Ref, base: str):
        torch.nn.Module.__init__(self)
        self._kernel, self._ref = session.kernel, ref
        self._sent: dict[str, Any] = {}
        """What the kernel has, by name."""
        claimed = getattr(torch.nn, base, None)
        if isinstance(claimed, type) and issubclass(claimed, torch.nn.Module):
            self._claimed = claimed

    def forward(self, *args: Any, **keywords: Any) -> Any:
        return self._kernel.session.run("call", self, args, keywords)

    def __getattr__(self, name: str) -> Any:
        try:
            return torch.nn.Module.__getattr__(self, name)
        except AttributeError:
            return Remote.__getattr__(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, torch.nn.Module):
            raise CannotJudge(f"a module of the hidden test cannot become `{name}` of {self!r}")
        torch.nn.Module.__setattr__(self, name, value)

    def __getitem__(self, key: Any) -> Any:
        if self._claimed in (torch.nn.Sequential, torch.nn.ModuleList) and isinstance(key, (int, slice)):
            return list(self._modules.values())[key]
        return Remote.__getitem__(self, key)

    def __iter__(self) -> Any:
        if self._claimed in (torch.nn.Sequential, torch.nn.ModuleList):
            return iter(self._modules.values())
        return Remote.__iter__(self)

    __repr__ = Remote.__repr__
    __class__ = property(lambda self: RemoteModule if self._claimed is torch.nn.Module else self._claimed)


class Mirrors:
    """The networks of one kernel that the judge has here. They live as long as one of their parameters does."""

    def __init__(self, session: Session):
        self.session = session
        self._modules: weakref.WeakValueDictionary[int, RemoteModule] = weakref.WeakValueDictionary()

    def network(self, ref: Ref) -> RemoteModule:
        """The network of this number, mirrored now if it was not. Raises StudentError for what is no network."""
        if ref.number not in self._modules:
            told = self.session.ask("network", {}, ref.number)
            try:
                root = self._mirrored(told)
            except (TypeError, ValueError, KeyError, AttributeError):
                raise StudentError("it gave a network that cannot be") from None
            if root is None or root._ref.number != ref.number:
                raise StudentError("it gave a network that is another one")
        return self._modules[ref.number]

    def bring(self, context: dict[str, Any]) -> list[torch.Tensor]:
        """Note in `context` what has changed here since the last call; the parameters that may have gradients."""
        state, leaves, tensors = [], [], {}
        for number, module in list(self._modules.items()):
            if module.training != module._sent.get("training"):
                state.append((number, "training", module.training))
                module._sent["training"] = module.training
            for name, tensor in _tensors(module).items():
                if not _same(module._sent[name], tensor):
                    state.append((number, name, foreign(tensor)))
                    module._sent[name] = tensor.detach().clone()
                if name in module._parameters and tensor.requires_grad and id(tensor) not in tensors:
                    leaves.append((number, name))
                    tensors[id(tensor)] = tensor
        context["state"] = state
        if torch.is_grad_enabled():
            context["leaves"] = leaves
            return list(tensors.values())
        return []

    def take(self, changes: list[Any]) -> None:
        """Have here what the student's code has changed there: running means, parameters after its own training."""
        for change in changes:
            match change:
                case (int(number), "training", bool(training)) if number in self._modules:
                    self._modules[number].training = self._modules[number]._sent["training"] = training
                case (int(number), str(name), Foreign() as told) if number in self._modules:
                    module, value = self._modules[number], native(told).detach()
                    tensor = _tensors(module).get(name)
                    if tensor is None or tensor.shape != value.shape or tensor.dtype != value.dtype:
                        raise StudentError(f"it has changed the shape of `{name}` of a network")
                    with torch.no_grad():
                        tensor.copy_(value)
                    module._sent[name] = value.clone()

    def _mirrored(self, told: list[Any]) -> RemoteModule | None:
        """A tree of modules from what the kernel tells; the root is the last that is made whole, and given."""
        by_path: dict[str, RemoteModule] = {}
        shared: dict[int, torch.Tensor] = {}
        for path, ref, base, training, parts in told:
            module = self._modules.get(ref.number)
            if module is None:
                module = self._modules[ref.number] = RemoteModule(self.session, ref, base)
                self.session.finally_forgotten(module, ref.number)
                module.training = module._sent["training"] = bool(training)
                for name, number, value, trainable, kind in parts:
                    tensor = shared.get(number)
                    if tensor is None:
                        tensor = shared[number] = _part(value, bool(trainable), kind)
                    _place(module, name, tensor, kind)
            by_path[path] = module
            for tensor in module._parameters.values():
                tensor._mirror = by_path[""]  # who holds a parameter holds the network that it is trained for
            if path:
                parent, _, name = path.rpartition(".")
                by_path[parent]._modules[name] = module
        return by_path.get("")


def _part(told: Foreign, trainable: bool, kind: str) -> torch.Tensor:
    value = native(told).detach()
    if kind != "parameter":
        return value
    return torch.nn.Parameter(value, requires_grad=trainable and value.dtype.is_floating_point)


def _place(module: RemoteModule, name: str, tensor: torch.Tensor, kind: str) -> None:
    if not isinstance(name, str) or "." in name or kind not in ("parameter", "buffer", "hidden"):
        raise ValueError(name)
    (module._parameters if kind == "parameter" else module._buffers)[name] = tensor
    if kind == "hidden":
        module._non_persistent_buffers_set.add(name)
    module._sent[name] = tensor.detach().clone()


def _tensors(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: each for name, each in {**module._parameters, **module._buffers}.items() if each is not None}


def _same(before: torch.Tensor, now: torch.Tensor) -> bool:
    return before.dtype == now.dtype and before.shape == now.shape and torch.equal(before, now.detach())
