"""The images of digits: the real files, a mirror that fails, files that are broken; each failure in one sentence."""

from __future__ import annotations

import functools
import gzip
import hashlib
import http.server
import os
import threading
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pooch")

SHARED = Path(__file__).parents[2] / "labs" / "shared"
PARTS = ("notebook_helpers.py", "images.py")
SIZES = {"train-images": (50, 28, 28), "train-labels": (50,), "t10k-images": (20, 28, 28), "t10k-labels": (20,)}


def inserted():
    """What the two inserted cells define."""
    names = {"__name__": "__main__"}
    for part in PARTS:
        exec((SHARED / part).read_text(), names)
    return names


def idx(array):
    """The bytes of an idx file, compressed."""
    head = bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape)
    return gzip.compress(head + array.tobytes(), mtime=0)


@pytest.fixture
def lab(monkeypatch, tmp_path):
    """The same; downloads are kept in a folder of the test's own."""
    names = inserted()
    monkeypatch.delenv("MNIST_DIR", raising=False)
    monkeypatch.setattr(names["pooch"], "os_cache", lambda name: tmp_path / "cache" / name)
    return names


@pytest.fixture
def small(lab, tmp_path):
    """A small data set in the official format, and its files declared to be the official ones."""
    rng = np.random.default_rng(0)
    arrays, folder = {}, tmp_path / "official"
    folder.mkdir()
    for name in lab["MNIST_FILES"]:
        shape = SIZES["-".join(name.split("-")[:2])]
        arrays[name] = rng.integers(0, 256 if len(shape) == 3 else 10, shape, dtype=np.uint8)
        data = idx(arrays[name])
        (folder / name).write_bytes(data)
        lab["MNIST_FILES"][name] = (len(data), hashlib.sha256(data).hexdigest())
    return folder, arrays


@pytest.fixture
def serve():
    """Start a server of a folder; gives its address."""
    running = []

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    def start(folder):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        running.append(server)
        return f"http://127.0.0.1:{server.server_port}/"

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


def problem(lab, dataset="mnist"):
    """The one sentence and the way out that a student reads."""
    with pytest.raises(lab["DataProblem"]) as caught:
        lab["load_images"](dataset)
    said = str(caught.value)
    assert "\n" not in said
    return said


@pytest.mark.skipif("MNIST_DIR" not in os.environ, reason="MNIST_DIR names no folder with the official files")
def test_the_official_files():
    """60,000 and 10,000 images with their labels; 80.9 % of the training pixels are exactly 0."""
    x_train, y_train, x_test, y_test = inserted()["load_images"]("mnist")

    assert ((60000, 784), (60000,), (10000, 784), (10000,)) == (x_train.shape, y_train.shape, x_test.shape, y_test.shape)
    assert (np.float32, np.int64) == (x_train.dtype, y_train.dtype)
    assert (0, 1) == (x_train.min(), x_train.max())
    assert [5, 0, 4, 1, 9] == y_train[:5].tolist()
    assert [7, 2, 1, 0, 4] == y_test[:5].tolist()
    assert abs((x_train == 0).mean() - 0.809) < 0.001


def test_the_digits_look_like_mnist():
    """28x28 with an empty frame of four pixels, in [0, 1], all ten classes on both sides, the same at each call."""
    x_train, y_train, x_test, y_test = inserted()["load_images"]("digits")
    images = np.concatenate([x_train, x_test]).reshape(-1, 28, 28)

    assert ((1500, 784), (297, 784)) == (x_train.shape, x_test.shape)
    assert (np.float32, np.int64) == (x_train.dtype, y_train.dtype)
    assert (0, 1) == (images.min(), images.max())
    assert not images[:, :4].any() and not images[:, :, -4:].any()
    assert images[:, 4:24, 4:24].any(axis=0).mean() > 0.95
    assert set(range(10)) == set(y_train) == set(y_test)
    assert np.array_equal(x_train, inserted()["load_images"]("digits")[0])


def test_a_label_belongs_to_its_image():
    """The nearest training image has the same label for nearly all test images."""
    x_train, y_train, x_test, y_test = inserted()["load_images"]("digits")

    distance = (x_test**2).sum(1)[:, None] - 2 * x_test @ x_train.T + (x_train**2).sum(1)

    assert (y_train[distance.argmin(1)] == y_test).mean() > 0.95


def test_a_folder_of_official_files(lab, small, monkeypatch):
    """MNIST_DIR is read and nothing is downloaded; grey values are divided by 255, labels kept."""
    folder, arrays = small
    monkeypatch.setenv("MNIST_DIR", str(folder))
    lab["MIRRORS"].clear()

    x_train, y_train, x_test, y_test = lab["load_images"]("mnist")

    assert np.allclose(x_train, arrays["train-images-idx3-ubyte.gz"].reshape(50, 784) / 255, atol=1e-7)
    assert np.array_equal(y_test, arrays["t10k-labels-idx1-ubyte.gz"])
    assert (np.float32, np.int64) == (x_test.dtype, y_train.dtype)


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda path: path.unlink(), "does not exist"),
        (lambda path: path.write_bytes(path.read_bytes()[:-9]), "where the official file has"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1] + b"!"), "its SHA-256 differs"),
    ],
    ids=["missing", "truncated", "altered"],
)
def test_a_bad_file_in_the_folder_is_named(lab, small, monkeypatch, harm, said):
    """The file, what is wrong with it and the two ways on."""
    folder, _ = small
    monkeypatch.setenv("MNIST_DIR", str(folder))
    harm(folder / "t10k-images-idx3-ubyte.gz")

    told = problem(lab)

    assert f"{folder}/t10k-images-idx3-ubyte.gz" in told
    assert said in told
    assert 'dataset = "digits"' in told and "MNIST_DIR" in told


def test_the_second_mirror_helps_out(lab, small, serve):
    """Nobody answers at the first mirror; the files are kept, so that the next run needs no network."""
    folder, arrays = small
    lab["MIRRORS"][:] = ["http://127.0.0.1:9/", serve(folder)]

    first = lab["load_images"]("mnist")
    lab["MIRRORS"][:] = ["http://127.0.0.1:9/"]
    again = lab["load_images"]("mnist")

    assert np.array_equal(first[1], arrays["train-labels-idx1-ubyte.gz"])
    assert all(np.array_equal(a, b) for a, b in zip(first, again))


def test_a_half_written_download_is_fetched_again(lab, small, serve):
    """A file in the cache is believed only when its SHA-256 is right."""
    folder, _ = small
    lab["MIRRORS"][:] = [serve(folder)]
    lab["load_images"]("mnist")
    kept = lab["mnist_file"]("train-images-idx3-ubyte.gz")
    Path(kept).write_bytes(Path(kept).read_bytes()[:100])

    assert 50 == len(lab["load_images"]("mnist")[0])


def test_no_network(lab):
    """Both mirrors are named, and the way on without them."""
    lab["MIRRORS"][:] = ["http://127.0.0.1:9/", "http://127.0.0.1:10/"]

    told = problem(lab)

    assert "http://127.0.0.1:9/ could not be read" in told and "http://127.0.0.1:10/ could not be read" in told
    assert 'dataset = "digits"' in told and "MNIST_DIR" in told


def test_mirrors_that_send_something_else(lab, small, serve, tmp_path):
    """A wrong file at one, no file at the other: neither is used, each is told."""
    folder, _ = small
    wrong, empty = tmp_path / "wrong", tmp_path / "empty"
    empty.mkdir()
    wrong.mkdir()
    for path in folder.iterdir():
        (wrong / path.name).write_bytes(b"<html>Sign in to the network</html>")
    lab["MIRRORS"][:] = [serve(wrong), serve(empty)]

    told = problem(lab)

    assert f"what {lab['MIRRORS'][0]} sends is not the official file" in told
    assert f"{lab['MIRRORS'][1]} could not be read (HTTPError)" in told


def test_an_unknown_name(lab):
    """The two names there are."""
    assert 'dataset = "MNIST" is unknown: write "mnist" or "digits".' == problem(lab, "MNIST")


def test_the_message_comes_without_a_traceback():
    """In a notebook the student reads the sentence alone."""
    nbformat = pytest.importorskip("nbformat")
    from vaelabs.sandbox import run_notebook

    code = [(SHARED / part).read_text() for part in PARTS] + ['load_images("cifar")']
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in code])

    (error,) = run_notebook(nb, show=True).notebook.cells[-1].outputs

    assert ['dataset = "cifar" is unknown: write "mnist" or "digits".'] == error.traceback
