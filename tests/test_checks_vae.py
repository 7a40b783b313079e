"""How the check of the class `VAE` judges what students do to it."""

from __future__ import annotations

import pytest

from vaelabs.checks.vae import check_vae

torch = pytest.importorskip("torch")


def model(**methods):
    """A right class, with some of its methods replaced."""

    def init(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0):
        torch.nn.Module.__init__(self)
        nn = torch.nn
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)))
        self.encoder = nn.Sequential(nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

    right = {
        "__init__": init,
        "encode": lambda self, x: self.encoder(x).chunk(2, -1),
        "decode": lambda self, z: self.decoder(z),
        "reconstruct": lambda self, x: self.decode(self.encode(x)[0]),
        "sample": sample,
    }
    return type("VAE", (torch.nn.Module,), right | methods)


def earned(score) -> list[float]:
    return [each.points for each in score.verdict.properties]


def unanswered(self, *args, **named):
    raise NotImplementedError


def test_a_right_class_earns_everything():
    """One hidden layer is enough for the points."""
    assert [1, 1, 1] == earned(check_vae(model(), seed=1))


@pytest.mark.parametrize("method", ["reconstruct", "sample"])
def test_a_missing_method_costs_its_own_point(method):
    """What is written is graded, what is not is said to be missing."""
    score = check_vae(model(**{method: unanswered}), seed=1)

    lost = {"reconstruct": [1, 0, 1], "sample": [1, 1, 0]}[method]
    assert lost == earned(score)
    assert "it is not written yet" in [each.message for each in score.verdict.properties if not each.points]


def test_nothing_written_is_missing():
    """A constructor that raises NotImplementedError is a stub."""
    assert "missing" == check_vae(model(__init__=unanswered), seed=1).verdict.status


def test_a_plain_class_is_told_to_be_a_module():
    """Without nn.Module there are no parameters."""

    class Plain:
        def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0):
            pass

    verdict = check_vae(Plain, seed=1).verdict

    assert 0 == verdict.points
    assert "VAE has no parameters(): derive it from nn.Module and call super().__init__()" == verdict.properties[0].message


def test_the_variance_of_the_noise_is_in_the_message():
    """The student's variance and ours."""

    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * torch.exp(2 * self.log_sigma) * torch.randn_like(x_mean)

    verdict = check_vae(model(sample=sample), seed=1).verdict

    assert [1, 1, 0] == [each.points for each in verdict.properties]
    assert "variance of a coordinate: got" in verdict.properties[2].message
    assert "V3" == verdict.diagnosis.id
