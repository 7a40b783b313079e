"""Hidden tests with plain asserts, run here while the student's code is in another process."""

from __future__ import annotations

import builtins
import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vaelabs.subjects import Failure
from vaelabs.subjects.agent import start_code
from vaelabs.subjects.codec import Foreign, ProtocolError, Record, Ref, encode, receive, send
from vaelabs.subjects.proxies import CannotJudge, StudentError
from vaelabs.subjects.remote import Kernel, KernelLost, Remote

torch = pytest.importorskip("torch")
jax = pytest.importorskip("jax")
jnp = jax.numpy
from torch.autograd.gradcheck import GradcheckError  # noqa: E402

TORCH = '''
import builtins
import random
from collections import namedtuple
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

Pair = namedtuple("Pair", "mu logvar")


@dataclass
class Terms:
    elbo: torch.Tensor
    note: str


class Meter:
    def __init__(self, start):
        self.total = start

    def add(self, x):
        self.total = self.total + x
        return self.total

    def __getitem__(self, n):
        return self.total * n

    def __len__(self):
        return 7

    def __eq__(self, other):
        return True


class VAE(nn.Module):
    def __init__(self, latent, data):
        super().__init__()
        self.latent = latent
        self.encoder = nn.Sequential(nn.Linear(data, 16), nn.Tanh(), nn.Linear(16, 2 * latent))
        self.decoder = nn.Sequential(nn.Linear(latent, 16), nn.Tanh(), nn.BatchNorm1d(16), nn.Linear(16, data))

    def encode(self, x):
        return self.encoder(x).chunk(2, -1)

    def forward(self, x):
        mu, logvar = self.encode(x)
        return self.decoder(reparameterize(mu, logvar)), mu, logvar


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(3, 3, bias=False)
        self.b = nn.Linear(3, 3, bias=False)
        self.b.weight = self.a.weight

    def forward(self, x):
        return self.b(self.a(x))


def kl(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(-1)


def reparameterize(mu, logvar, generator=None):
    print("drawing")
    return mu + torch.exp(logvar / 2) * torch.randn(mu.shape, generator=generator, dtype=mu.dtype)


def loss(model, x):
    out, mu, logvar = model(x)
    return ((out - x) ** 2).sum(-1).mean() + kl(mu, logvar).mean()


def train(model, x, steps):
    optimiser = torch.optim.Adam(model.parameters(), 1e-2)
    for _ in range(steps):
        optimiser.zero_grad()
        loss(model, x).backward()
        optimiser.step()


def detached(x):
    return x.detach() * 2, x * 3


def terms(x):
    return Terms(x.sum(), "sum"), Pair(x, 2 * x), {"x": [x * 3]}


def opened(pair):
    return pair.mu + pair.logvar


def activated(x, f):
    return f(x)


def batches(x):
    for row in x:
        yield row


def forever():
    n = 0
    while True:
        yield n
        n += 1


def raises(name):
    if name == "stub":
        raise NotImplementedError
    if name == "own":
        raise type("Odd", (KeyError,), {})("mine")
    raise getattr(builtins, name)("no " + name)


def draws():
    return torch.rand(3), np.random.rand(3), random.random()


def dtype_of():
    return str(torch.zeros(1).dtype)


def data():
    return 3, 0.5, "text", None, True, [1, (2,)], {"a": 1}, {1, 2}, 1j, np.float32(2), np.arange(3)


def half(x):
    return x.bfloat16()


def everything():
    return Meter(1)


def same(x):
    return x


encoder = nn.Linear(2, 2)
samples = torch.arange(6.0).reshape(2, 3)


def through_a_global(x):
    return encoder(x).sum()
'''

JAX = '''
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np


class Out(NamedTuple):
    mu: jax.Array
    more: dict


def kl(mu, logvar):
    return 0.5 * (mu**2 + jnp.exp(logvar) - 1 - logvar).sum(-1)


def sample(key, mu, logvar):
    return mu + jnp.exp(logvar / 2) * jax.random.normal(key, mu.shape, mu.dtype)


def affine(params, x):
    return {"y": params["w"] @ x + params["b"], "n": (3, x.sum())}


def out(x):
    return Out(2 * x, {"x": x})


def opened(each):
    return each.mu.sum() + each.more["x"].sum()


def indexed(x, n):
    return x[n]


def twice(x):
    return 2 * x


def bad(x):
    raise ValueError("no such shape")


def fails_late(x):
    if isinstance(x, jax.core.Tracer):
        return x
    raise OSError("late")


def split(key):
    return jax.random.split(key)
'''

NUMPY = '''
import numpy as np


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def noisy(x, rng=None):
    return x + (rng.normal(size=x.shape) if rng is not None else np.random.randn(*x.shape))


def total(a, *, scale=1):
    return scale * sum(a)


def shared(x):
    return x.astype(">f4"), x[::2], np.float64(3), np.int64(4), x > 0, "é\\ud800"


class Counter:
    step = 2

    def __init__(self, start):
        self.n = start

    def up(self):
        self.n += self.step
        return self.n


def nothing_to_say():
    return object()
'''


@contextlib.contextmanager
def serving(source: str) -> Iterator[Kernel]:
    """An agent in a process of its own, among the names that the source makes."""
    with tempfile.TemporaryDirectory() as folder:
        path, code = f"{folder}/line", Path(folder) / "kernel.py"
        code.write_text(
            f"{start_code()}\nnames = {{}}\nexec({source!r}, names)\n"
            f"from vaelabs_agent.agent import Agent\nAgent(names).serve({path!r})\n"
        )
        env = {**os.environ, "JAX_PLATFORMS": "cpu", "XLA_FLAGS": ""}
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(path)
            listening.listen(1)
            listening.settimeout(120)
            process = subprocess.Popen([sys.executable, code.name], cwd=folder, env=env)
            kernel = Kernel(listening.accept()[0], 600)
        try:
            yield kernel
        finally:
            kernel.close()
            process.wait(30)


class Names(dict):
    """The names of a hidden test: its own, and the kernel's."""

    def __init__(self, kernel: Kernel):
        super().__init__(torch=torch, jax=jax, jnp=jnp, np=np, pytest=pytest)
        self.kernel = kernel

    def __missing__(self, name: str) -> Any:
        if hasattr(builtins, name):
            raise KeyError(name)
        return self.kernel.look(name)


@pytest.fixture(scope="module")
def torch_kernel():
    with serving(TORCH) as kernel:
        yield kernel


@pytest.fixture(scope="module")
def jax_kernel():
    with serving(JAX) as kernel:
        yield kernel


@pytest.fixture(scope="module")
def numpy_kernel():
    with serving(NUMPY) as kernel:
        yield kernel


def hidden(kernel: Kernel, test: str) -> None:
    """Run a hidden test: plain Python, of which nothing is in the kernel."""
    exec(compile(test, "<hidden test>", "exec"), Names(kernel))


TORCH_TESTS = {
    "values": """
        mu, logvar = torch.randn(3, 2), torch.randn(3, 2)
        torch.testing.assert_close(kl(mu, logvar), 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(-1))
        assert kl(mu, logvar=logvar).shape == (3,) and not kl(mu, logvar).requires_grad""",
    "gradients": """
        mu, logvar = torch.randn(3, 2, requires_grad=True), torch.randn(3, 2, requires_grad=True)
        (2 * kl(mu, logvar).sum()).backward()
        torch.testing.assert_close(mu.grad, 2 * mu.detach())
        torch.testing.assert_close(logvar.grad, logvar.detach().exp() - 1)""",
    "gradcheck": """
        x = [torch.randn(4, 3, dtype=torch.float64, requires_grad=True) for _ in range(2)]
        assert torch.autograd.gradcheck(kl, x)""",
    "gradgradcheck": """
        x = [torch.randn(4, 3, dtype=torch.float64, requires_grad=True) for _ in range(2)]
        assert torch.autograd.gradgradcheck(kl, x)""",
    "third derivative": """
        x = torch.tensor([0.3], requires_grad=True)
        y = kl(torch.zeros(1), x)
        for _ in range(3):
            (y,) = torch.autograd.grad(y.sum(), x, create_graph=True)
        torch.testing.assert_close(y, x.exp() / 2)""",
    "chain through the judge": """
        x = torch.randn(3, requires_grad=True)
        same(torch.sin(same(x * 2))).sum().backward()
        torch.testing.assert_close(x.grad, 2 * torch.cos(2 * x.detach()))""",
    "the noise of a seed": """
        mu, logvar = torch.randn(4, 3), torch.randn(4, 3)
        torch.manual_seed(0); eps, more = torch.randn(4, 3), torch.randn(4, 3)
        torch.manual_seed(0); a = reparameterize(mu, logvar); b = reparameterize(mu, logvar)
        torch.manual_seed(0); c = reparameterize(mu, logvar)
        torch.testing.assert_close(a, mu + torch.exp(logvar / 2) * eps)
        torch.testing.assert_close(b, mu + torch.exp(logvar / 2) * more)
        assert torch.equal(a, c) and not torch.equal(a, b)""",
    "every generator": """
        import random
        def seeded():
            torch.manual_seed(1); np.random.seed(1); random.seed(1)
        seeded(); want = torch.rand(3), np.random.rand(3), random.random()
        seeded(); got = draws(); again = draws()
        assert torch.equal(got[0], want[0]) and (got[1] == want[1]).all() and got[2] == want[2]
        assert not torch.equal(again[0], got[0]) and (again[1] != got[1]).all() and again[2] != got[2]""",
    "draws here do not meet draws there": """
        torch.manual_seed(0)
        rows = []
        for _ in range(200):
            rows.append(torch.cat([torch.randn(20), reparameterize(torch.zeros(20), torch.zeros(20))]))
        rows = torch.stack(rows)
        there, here = rows[:-1, 20:], rows[1:, :20]
        assert not torch.isclose(there[:, :, None], here[:, None], rtol=0, atol=1e-7).any(-1).all(-1).any()
        assert abs((there * here).mean()) < 0.1""",
    "a generator of the test": """
        g = torch.Generator().manual_seed(3); eps = torch.randn(4, 3, generator=g)
        g = torch.Generator().manual_seed(3)
        a = reparameterize(torch.zeros(4, 3), torch.zeros(4, 3), generator=g)
        b = reparameterize(torch.zeros(4, 3), torch.zeros(4, 3), generator=g)
        assert torch.equal(a, eps) and not torch.equal(a, b)""",
    "no gradient through detach": """
        x = torch.randn(3, requires_grad=True)
        a, b = detached(x)
        assert not a.requires_grad and b.requires_grad
        b.sum().backward()
        assert torch.equal(x.grad, torch.full((3,), 3.0))
        with torch.no_grad():
            assert not detached(x)[1].requires_grad""",
    "structured results": """
        x = torch.randn(3, requires_grad=True)
        t, pair, d = terms(x)
        assert t.note == "sum" and pair._fields == ("mu", "logvar")
        (t.elbo + pair.logvar.sum() + d["x"][0].sum()).backward()
        assert torch.equal(x.grad, torch.full((3,), 6.0))
        assert torch.equal(opened(pair), 3 * x)""",
    "plain data": """
        got = data()
        assert got[:9] == (3, 0.5, "text", None, True, [1, (2,)], {"a": 1}, {1, 2}, 1j), got
        assert type(got[9]) is np.float32 and (got[10] == np.arange(3)).all()""",
    "bfloat16": """
        x = torch.tensor([1.0, 1.001], requires_grad=True)
        y = half(x)
        assert y.dtype == torch.bfloat16 and y.tolist() == [1, 1]
        y.float().sum().backward()
        assert x.grad.tolist() == [1, 1]""",
    "a default precision": """
        assert dtype_of() == "torch.float32"
        torch.set_default_dtype(torch.float64)
        try:
            assert dtype_of() == "torch.float64"
        finally:
            torch.set_default_dtype(torch.float32)""",
    "functions of libraries": """
        x = torch.randn(3)
        for f in (torch.relu, torch.nn.functional.softplus, torch.sin):
            torch.testing.assert_close(activated(x, f), f(x))
        assert activated(3, abs) == 3 and activated(x, torch.nn.Identity) is not None""",
    "a constant": """
        assert torch.equal(samples, torch.arange(6.0).reshape(2, 3))""",
    "generators": """
        from itertools import islice
        assert [row.tolist() for row in batches(torch.eye(2))] == [[1, 0], [0, 1]]
        assert list(islice(forever(), 4)) == [0, 1, 2, 3]""",
    "objects": """
        meter = Meter(torch.tensor(1.0))
        assert meter.add(torch.tensor(2.0)) == 3 and meter.total == 3 and len(meter) == 7 and meter[2] == 6
        meter.total = 5
        assert meter.add(1) == 6 and not hasattr(meter, "absent")""",
    "a network is made and trained here": """
        torch.manual_seed(0)
        model = VAE(2, 8)
        assert isinstance(model, torch.nn.Module) and model.latent == 2
        assert sum(p.numel() for p in model.parameters()) == 8 * 16 + 16 + 16 * 4 + 4 + 2 * 16 + 16 + 32 + 16 * 8 + 8
        assert "decoder.2.running_mean" in model.state_dict()
        optimiser, x = torch.optim.Adam(model.parameters(), 1e-2), torch.randn(64, 8)
        losses = []
        for _ in range(30):
            optimiser.zero_grad()
            value = loss(model, x)
            value.backward()
            optimiser.step()
            losses.append(value.item())
        assert losses[-1] < 0.85 * losses[0], losses
        assert model.decoder[2].num_batches_tracked == 30""",
    "its layers": """
        model = VAE(2, 8)
        assert [type(p) for p in model.encoder.parameters()] == 4 * [torch.nn.Parameter]
        assert isinstance(model.encoder[0], torch.nn.Linear) and not isinstance(model.encoder[1], torch.nn.Linear)
        x = torch.randn(5, 8)
        hidden = model.encoder[1](model.encoder[0](x))
        torch.testing.assert_close(hidden, torch.tanh(x @ model.encoder[0].weight.T + model.encoder[0].bias))
        mu, logvar = model.encode(x)
        (mu.sum() + logvar.sum()).backward()
        assert model.encoder[0].weight.grad.abs().sum() > 0 and model.decoder[0].weight.grad is None""",
    "train and eval": """
        model, z = VAE(2, 8), torch.randn(5, 2)
        before = model.decoder[2].running_mean.clone()
        model.decoder(z)
        assert not torch.equal(before, model.decoder[2].running_mean)
        model.eval()
        before = model.decoder[2].running_mean.clone()
        torch.testing.assert_close(model.decoder(z)[:2], model.decoder(z[:2]))
        assert torch.equal(before, model.decoder[2].running_mean) and not model.training""",
    "weights are set and loaded here": """
        a, b, x = VAE(2, 8), VAE(2, 8), torch.randn(5, 8)
        assert not torch.equal(a.encode(x)[0], b.encode(x)[0])
        b.load_state_dict(a.state_dict())
        assert torch.equal(a.encode(x)[0], b.encode(x)[0])
        torch.nn.init.zeros_(a.encoder[2].weight); a.encoder[2].bias.data.fill_(3.0)
        assert (a.encode(x)[0] == 3).all()
        a.double()
        assert a.encode(x.double())[0].dtype == torch.float64""",
    "trained by the student": """
        model, x = VAE(2, 8), torch.randn(64, 8)
        first, before = loss(model, x).item(), model.encoder[0].weight.clone()
        train(model, x, 40)
        assert loss(model, x).item() < first and not torch.equal(before, model.encoder[0].weight)""",
    "gradient checks of a network": """
        model = VAE(2, 3).double()
        x = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
        assert torch.autograd.gradcheck(model.encode, (x,)) and torch.autograd.gradgradcheck(model.encode, (x,))
        (g,) = torch.autograd.grad(model.encode(x)[0].sum(), model.encoder[0].weight, create_graph=True)
        assert torch.autograd.grad(g.pow(2).sum(), model.encoder[2].weight)[0].abs().sum() > 0""",
    "tied weights": """
        model = Tied()
        assert len(list(model.parameters())) == 1 and len(model.state_dict()) == 2
        x = torch.randn(5, 3)
        model(x).sum().backward()
        w = model.a.weight.detach().clone().requires_grad_()
        (x @ w.T @ w.T).sum().backward()
        torch.testing.assert_close(model.a.weight.grad, w.grad)""",
    "a network of the notebook": """
        x = torch.randn(4, 2)
        through_a_global(x).backward()                      # not mirrored yet: its gradients stay there
        optimiser = torch.optim.SGD(encoder.parameters(), 0.1)
        before = through_a_global(x)
        before.backward()
        assert encoder.weight.grad is not None              # looked up again: the same module
        optimiser.step()
        assert through_a_global(x) < before""",
    "a copy": """
        import copy
        a = VAE(2, 8); b = copy.deepcopy(a); x = torch.randn(4, 8)
        assert torch.equal(a.encode(x)[0], b.encode(x)[0])
        torch.nn.init.zeros_(b.encoder[2].weight)
        assert not torch.equal(a.encode(x)[0], b.encode(x)[0])""",
    "exceptions": """
        for kind in (ValueError, KeyError, AssertionError, ZeroDivisionError, RuntimeError, NotImplementedError):
            with pytest.raises(kind, match="no " + kind.__name__) as caught:
                raises(kind.__name__)
            assert type(caught.value) is kind
        with pytest.raises(KeyError):
            raises("own")
        with pytest.raises(NotImplementedError, match="not written yet"):
            raises("stub")
        for name in ("SystemExit", "KeyboardInterrupt", "BaseException"):
            with pytest.raises(RuntimeError, match=name):
                raises(name)
        with pytest.raises(RuntimeError, match="size"):
            kl(torch.randn(3, 2), torch.randn(4, 5))""",
}


JAX_TESTS = {
    "values": """
        want = 0.5 * (mu**2 + jnp.exp(logvar) - 1 - logvar).sum(-1)
        assert jnp.allclose(kl(mu, logvar), want) and jnp.allclose(jax.jit(kl)(mu, logvar), want)
        assert isinstance(kl(mu, logvar), jax.Array)""",
    "gradients": """
        g = jax.grad(lambda m, l: kl(m, l).sum(), (0, 1))(mu, logvar)
        assert jnp.allclose(g[0], mu) and jnp.allclose(g[1], (jnp.exp(logvar) - 1) / 2, atol=1e-6)
        g = jax.jit(jax.grad(lambda m: kl(m, logvar).sum()))(mu)
        assert jnp.allclose(g, mu)
        value, g = jax.value_and_grad(lambda l: kl(mu, l).sum())(logvar)
        assert jnp.allclose(value, kl(mu, logvar).sum())""",
    "vmap": """
        assert jnp.allclose(jax.vmap(kl)(mu, logvar), kl(mu, logvar))
        assert jnp.allclose(jax.jit(jax.vmap(jax.grad(kl)))(mu, logvar), mu)
        assert jax.vmap(kl, (None, 0))(mu, jnp.stack([logvar] * 4)).shape == (4, 3)""",
    "second derivative": """
        h = jax.jacrev(jax.grad(kl, 1), 1)(mu[0], logvar[0])
        assert jnp.allclose(h, jnp.diag(jnp.exp(logvar[0]) / 2), atol=1e-6)""",
    "keys": """
        key, scale = jax.random.key(1), jnp.exp(logvar / 2)
        want = mu + scale * jax.random.normal(key, mu.shape)
        assert jnp.allclose(sample(key, mu, logvar), want) and jnp.allclose(jax.jit(sample)(key, mu, logvar), want)
        draws = jax.vmap(sample, (0, None, None))(jax.random.split(key, 4), mu, logvar)
        assert draws.shape == (4, 3, 2) and not jnp.allclose(draws[0], draws[1])
        g = jax.grad(lambda l: sample(key, mu, l).sum())(logvar)
        assert jnp.allclose(g, (want - mu) / 2, atol=1e-6)
        assert (jax.random.key_data(split(key)) == jax.random.key_data(jax.random.split(key))).all()
        assert (jax.random.key_data(jax.jit(split)(key)) == jax.random.key_data(jax.random.split(key))).all()
        old = jax.random.PRNGKey(1)
        assert jnp.allclose(sample(old, mu, logvar), want)""",
    "trees": """
        params, x = {"w": jnp.ones((2, 3)), "b": jnp.zeros(2)}, jnp.arange(3.0)
        assert affine(params, x)["n"] == (3, 3.0)
        g = jax.jit(jax.grad(lambda p: affine(p, x)["y"].sum()))(params)
        assert set(g) == {"w", "b"} and jnp.allclose(g["w"], jnp.stack([x, x])) and jnp.allclose(g["b"], 1)
        made = jax.jit(out)(x)
        assert jnp.allclose(made.mu, 2 * x) and opened(out(x)) == 9
        assert jnp.allclose(jax.grad(lambda x: opened(out(x)))(x), 3)""",
    "whole numbers": """
        assert indexed(jnp.arange(4), 2) == 2
        g = jax.grad(lambda x, n: indexed(x, n))(jnp.arange(4.0), jnp.array(2))
        assert g.tolist() == [0, 0, 1, 0]
        assert jax.jit(twice)(3) == 6 and jax.grad(twice)(3.0) == 2""",
    "bfloat16": """
        x = jnp.ones(3, jnp.bfloat16)
        assert twice(x).dtype == jax.jit(twice)(x).dtype == jax.grad(lambda x: twice(x).sum())(x).dtype == jnp.bfloat16""",
    "64 bits": """
        with jax.enable_x64(True):
            m = jnp.array(np.random.randn(3, 2))
            assert kl(m, m).dtype == jax.jit(kl)(m, m).dtype == jnp.float64
            from jax.test_util import check_grads
            check_grads(kl, (m, m), order=2, modes=["rev"])
        assert kl(mu, logvar).dtype == jnp.float32""",
    "a training loop": """
        params, x = {"w": jnp.ones((2, 3)), "b": jnp.zeros(2)}, jnp.arange(3.0)
        step = jax.jit(lambda p: jax.tree.map(
            lambda a, g: a - 0.05 * g, p, jax.grad(lambda p: (affine(p, x)["y"] ** 2).sum())(p)))
        for _ in range(20):
            params = step(params)
        assert (affine(params, x)["y"] ** 2).sum() < 1e-3""",
    "exceptions": """
        for call in (bad, jax.jit(bad), jax.grad(bad), lambda x: jax.vmap(bad)(x[None])):
            with pytest.raises(ValueError, match="no such shape"):
                call(jnp.ones(()))
        with pytest.raises(TypeError, match="forward-mode"):
            jax.jvp(kl, (mu, logvar), (mu, logvar))""",
}


NUMPY_TESTS = {
    "values": """
        x = np.random.default_rng(0).normal(size=(3, 4))
        np.testing.assert_allclose(softmax(x).sum(-1), 1)
        assert softmax(x).dtype == np.float64 and total([1, 2, 3]) == 6 and total((0.5,), scale=2) == 1.0""",
    "seeds": """
        x = np.zeros((2, 3))
        np.random.seed(0); want = np.random.randn(2, 3)
        np.random.seed(0); a = noisy(x); b = noisy(x)
        assert (a == want).all() and (a != b).all()
        a = noisy(x, np.random.default_rng(5))
        assert (a == np.random.default_rng(5).normal(size=(2, 3))).all()
        rng = np.random.default_rng(5)
        assert (noisy(x, rng) == a).all() and (noisy(x, rng) != a).all()""",
    "kinds": """
        big, view, number, whole, truth, text = shared(np.arange(-2.0, 3.0))
        assert big.tolist() == [-2, -1, 0, 1, 2] and view.tolist() == [-2, 0, 2]
        assert number == 3 and isinstance(whole, np.int64) and truth.dtype == bool and text == "é?" """,
    "classes": """
        a, b = Counter(1), Counter(n) if False else Counter(10)
        assert a.up() == 3 and a.up() == 5 and b.up() == 12 and a.n == 5 and Counter.step == 2""",
}


@pytest.mark.parametrize("test", TORCH_TESTS)
def test_a_hidden_test_in_pytorch_passes(torch_kernel, test):
    """A right answer passes what is written as if it were here."""
    hidden(torch_kernel, dedented(TORCH_TESTS[test]))


@pytest.mark.parametrize("test", JAX_TESTS)
def test_a_hidden_test_in_jax_passes(jax_kernel, test):
    """A right answer passes what is written as if it were here."""
    given = "mu = jnp.arange(6.0).reshape(3, 2) / 3\nlogvar = 0.3 * mu - 0.5\n"
    hidden(jax_kernel, given + dedented(JAX_TESTS[test]))


@pytest.mark.parametrize("test", NUMPY_TESTS)
def test_a_hidden_test_in_numpy_passes(numpy_kernel, test):
    """A right answer passes what is written as if it were here."""
    hidden(numpy_kernel, dedented(NUMPY_TESTS[test]))


def dedented(text: str) -> str:
    return "\n".join(line[8:] for line in text.splitlines())


def test_an_exception_in_a_compiled_function_is_told(jax_kernel):
    """Within `jit` JAX wraps it; what it was is in the text."""
    fails = jax_kernel.look("fails_late")

    for call in (fails, jax.vmap(fails)):
        with pytest.raises(OSError, match="late"):
            call(jnp.ones(2))
    with pytest.raises(jax.errors.JaxRuntimeError, match="OSError: late"):
        jax.jit(fails)(jnp.ones(2)).block_until_ready()


def test_graphs_are_let_go(torch_kernel):
    """What the judge does not hold any more, the kernel does not keep."""
    kl, x = torch_kernel.look("kl"), torch.randn(3, 2, requires_grad=True)
    result = kl(x, x)
    number = result.grad_fn.kept.number

    kl(x, x)
    held = is_kept(torch_kernel, number)
    del result
    kl(x, x)

    assert held
    assert not is_kept(torch_kernel, number)


def is_kept(kernel: Kernel, number: int) -> bool:
    """Whether the kernel still has the graph of a call of this number."""
    try:
        kernel.plain("vjp", {}, number, [Foreign("t", np.ones(3, "float32"))], False)
    except Failure as failure:
        assert failure.type == "KeyError"
        return False
    return True


# What cannot be asked


@pytest.mark.parametrize(
    "test",
    [
        "everything() == 3",
        "everything() != 3",
        "3 == everything()",
        "assert everything() == torch.ones(1)",
        "bool(everything())",
        "assert everything()",
        "everything() < 4",
        "np.allclose(everything(), 3)",
        "np.testing.assert_allclose(everything(), 3)",
        "torch.testing.assert_close(everything(), torch.ones(1))",
        "everything() + 1",
        "float(everything())",
    ],
)
def test_an_object_of_the_student_is_never_equal_to_anything(torch_kernel, test):
    """Its class says that it equals everything; here nobody asks it."""
    with pytest.raises((TypeError, AssertionError)):
        hidden(torch_kernel, test)


@pytest.mark.parametrize(
    ("test", "sentence"),
    [
        ("activated(1, lambda x: x)", "`<lambda>` lives in the hidden test and cannot be given to the student's code"),
        ("kl(torch.nn.Linear(2, 2), 3)", "`a Linear` lives in the hidden test and cannot be given to the student's code"),
        ("import inspect; inspect.getsource(kl)", "inspect cannot be asked of <function kl in the student's kernel>"),
        ("import inspect; inspect.signature(kl)", "inspect cannot be asked of <function kl in the student's kernel>"),
        ("isinstance(VAE(2, 8), VAE)", "isinstance cannot be asked of <class VAE in the student's kernel>"),
        ("nn.Linear(2, 3)", "the hidden test uses the module `torch.nn` without importing it"),
        ("torch.vmap(kl)(torch.ones(2, 3), torch.ones(2, 3))", "torch.func and torch.vmap cannot trace"),
    ],
)
def test_what_cannot_be_asked_is_told_to_its_author(torch_kernel, test, sentence):
    """The message names the value and says where such a test belongs."""
    with pytest.raises(CannotJudge) as caught:
        hidden(torch_kernel, test)

    assert sentence in str(caught.value)
    assert str(caught.value).endswith("move this test to vaelabs.checks or tag its cell `in-kernel`")


def test_an_endless_iteration_ends(torch_kernel, monkeypatch):
    monkeypatch.setattr("vaelabs.subjects.proxies.MAX_ITEMS", 50)

    with pytest.raises(StudentError, match="more than 50 items"):
        list(torch_kernel.look("forever")())


# What an agent that is the student's may answer


class Forger:
    """An agent that answers `run`, `vjp`, `network`, `shapes` and `arrays` as it is told to."""

    def __init__(self, connection: socket.socket, answers: dict[str, Any]):
        self.connection, self.answers = connection, answers

    def serve(self) -> None:
        with self.connection, contextlib.suppress(ProtocolError):
            while (request := receive(self.connection))[0] != "bye":
                if request[0] == "look":
                    answer = ("value", Ref(1, self.answers.get("kind", "function"), "forged"), ())
                else:
                    answer = self.answers[request[3][1] if request[2] == "pure" else request[2]]
                    answer = answer(*request[3]) if isinstance(answer, Callable) else answer
                    answer = answer if isinstance(answer, bytes) else ("value", answer, ())
                send(self.connection, answer if isinstance(answer, bytes) else encode(answer))


@contextlib.contextmanager
def forged(**answers: Any) -> Iterator[Remote]:
    ours, theirs = socket.socketpair()
    thread = threading.Thread(target=Forger(theirs, answers).serve, daemon=True)
    thread.start()
    kernel = Kernel(ours, 20)
    try:
        yield kernel.look("f")
    finally:
        kernel.close()
        thread.join(10)


def tensor(*numbers: float, dtype: str = "float32", moving: bool = True) -> Foreign:
    return Foreign("t", np.array(numbers, dtype), "", moving)


KEPT = Ref(9, "object", "_Kept")


@pytest.mark.parametrize(
    "run",
    [
        None,
        3,
        (1, 2),
        (tensor(1.0), "kept", []),
        (tensor(1, dtype="int64"), KEPT, []),
        (Foreign("t", np.ones(2), "bfloat16", True), KEPT, []),
        (Foreign("t", np.ones(2, "uint8"), "generator"), None, []),
        (Foreign("n", np.ones(6, "uint64"), "generator"), None, []),
        (Foreign("j", np.ones(3, "uint32"), "key"), None, []),
        (Foreign("j", np.ones(3, "float32"), "", True), KEPT, []),
        (Record(Ref(2, "dataclass", "D"), ("__init__",), (1,)), None, []),
        (Record(Ref(2, "namedtuple", "D"), ("class",), (1,)), None, []),
        (Record(Ref(2, "namedtuple", "D"), ("_fields",), (1,)), None, []),
    ],
)
def test_a_forged_result_is_an_exception(run):
    """Whatever claims to be a result and is none ends as the student's error, not as one of the judge."""
    x = torch.ones(2, requires_grad=True)

    with forged(run=run) as f, pytest.raises(StudentError):
        f(x)


@pytest.mark.parametrize(
    "vjp",
    [
        3,
        ([], None),
        ([tensor(1.0, 1.0), tensor(1.0, 1.0)], None),
        ([tensor(1.0)], None),
        ([tensor(1.0, 1.0, dtype="float64")], None),
        ([tensor(1, 1, dtype="int64")], None),
        ([Foreign("j", np.ones(2, "float32"))], None),
        ([3.0], None),
        ([KEPT], None),
    ],
)
def test_a_forged_gradient_is_an_exception(vjp):
    """PyTorch would broadcast a gradient of another shape; here it must be of the argument's."""
    x = torch.ones(2, requires_grad=True)

    with forged(run=(tensor(1.0, 2.0), KEPT, []), vjp=vjp) as f, pytest.raises(StudentError):
        f(x).sum().backward()


def test_a_right_gradient_of_a_wrong_function_fails_the_check():
    """The gradient of x²/2 with values of x² does not pass gradcheck; nor do the right values without gradient."""
    x = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)

    def run(context: dict, operation: str, number: int, args: tuple, keywords: dict) -> tuple:
        return Foreign("t", args[0].numbers ** 2, "", True), KEPT, []

    def vjp(context: dict, number: int, cotangents: list, deep: bool) -> tuple:
        return [Foreign("t", cotangents[0].numbers * x.detach().numpy())], None

    with forged(run=run, vjp=vjp) as f:
        assert f(x).tolist() == [1, 4]
        with pytest.raises(GradcheckError):
            torch.autograd.gradcheck(f, (x,))
    with forged(run=run, vjp=([None], None)) as f, pytest.raises(GradcheckError):
        torch.autograd.gradcheck(f, (x,))


@pytest.mark.parametrize(
    ("shapes", "arrays"),
    [
        (3, None),
        ((3, [tensor(1.0)]), None),
        ((Foreign("j", np.zeros(0), "", True), []), None),
        ((3, [Foreign("j", np.zeros(2, "f"))]), None),
        ((Foreign("j", np.zeros(0), "", True), [Foreign("j", np.zeros(2, "f"))]), [Foreign("j", np.zeros(3, "f"))]),
        ((Foreign("j", np.zeros(0), "", True), [Foreign("j", np.zeros(2, "f"))]), [Foreign("j", np.zeros(2, "i"))]),
        ((Foreign("j", np.zeros(0), "", True), [Foreign("j", np.zeros(2, "f"))]), []),
        ((Foreign("j", np.zeros(0), "", True), [Foreign("j", np.zeros(2, "f"))]), [np.zeros(2, "f")]),
    ],
)
def test_a_forged_array_of_jax_is_an_exception(shapes, arrays):
    """Shapes and types of numbers must be as they were said to be."""
    with forged(shapes=shapes, arrays=arrays) as f, pytest.raises((StudentError, jax.errors.JaxRuntimeError)):
        jax.block_until_ready(jax.jit(f)(jnp.ones(2)))


WEIGHT = ("weight", 3, tensor(1.0, moving=False), True, "parameter")


@pytest.mark.parametrize(
    "network",
    [
        None,
        [],
        [("", Ref(7, "network", "N"), "Linear", True, [WEIGHT])],
        [("a", Ref(1, "network", "N"), "Linear", True, [WEIGHT])],
        [("", Ref(1, "network", "N"), "Linear", True, [("a.b", *WEIGHT[1:])])],
        [("", Ref(1, "network", "N"), "Linear", True, [(*WEIGHT[:4], "odd")])],
        [("", Ref(1, "network", "N"), "Linear", True, [(*WEIGHT[:2], np.ones(1), True, "parameter")])],
        [("", 1, "Linear", True, [WEIGHT])],
        [("", Ref(1, "network", "N"), 3, True, [WEIGHT])],
        [("", Ref(1, "network", "N"), "Linear", True, [([], *WEIGHT[1:])])],
    ],
)
def test_a_forged_network_is_an_exception(network):
    with pytest.raises(StudentError), forged(kind="network", network=network):
        pass


def test_a_network_cannot_take_the_name_of_a_method():
    """Parameters called like methods of a module do not take their place."""
    parts = [("zero_grad", *WEIGHT[1:]), ("__class__", *WEIGHT[1:]), ("_kernel", *WEIGHT[1:])]

    with forged(kind="network", network=[("", Ref(1, "network", "N"), "__name__", True, parts)]) as model:
        assert isinstance(model, torch.nn.Module)
        assert callable(model.zero_grad)
        assert isinstance(model._kernel, Kernel)


@pytest.mark.parametrize(
    "answer",
    [
        encode(("value",)),
        encode(3),
        b"\xff" * 8,
        b"\x01\0\0\0\0\0\0\0{",
        encode(("failure", "odd", "x", "ValueError", "")),
        encode(("failure", "raised", 3, "ValueError", "")),
        encode(("missing", 1)),
    ],
)
def test_an_answer_that_is_none_ends_the_line(answer):
    """After it nothing is asked any more: the stream may be out of step."""
    with forged(run=answer) as f:
        with pytest.raises(KernelLost):
            f(1)
        with pytest.raises(KernelLost):
            f(1)
        assert f._kernel.lost is not None


@pytest.mark.parametrize(
    "name",
    ["CannotJudge", "KernelLost", "SystemExit", "KeyboardInterrupt", "exec", "UnicodeDecodeError", "", "x" * 100],
)
def test_a_failure_is_an_exception_of_pythons_own_or_the_student_s(name):
    """No name that a kernel sends makes an exception that means something to the judge."""
    answer = encode(("failure", "raised", f"it raised {name}: " + "x" * 5000, name, "line"))

    with forged(run=answer) as f, pytest.raises(StudentError) as caught:
        f(1)

    assert len(str(caught.value)) <= 1010
    assert caught.value.__notes__ == ["at the line `line`"]
