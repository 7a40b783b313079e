# Images of digits with their labels: `load_images("mnist")`, or "digits" where there is no network.
import gzip
import os
from pathlib import Path

import numpy as np
import pooch

MIRRORS = ["https://ossci-datasets.s3.amazonaws.com/mnist/",
           "https://storage.googleapis.com/cvdf-datasets/mnist/"]
MNIST_FILES = {  # the official files: size in bytes, SHA-256
    "train-images-idx3-ubyte.gz":
        (9912422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
    "train-labels-idx1-ubyte.gz":
        (28881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
    "t10k-images-idx3-ubyte.gz":
        (1648877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
    "t10k-labels-idx1-ubyte.gz":
        (4542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
}
WAY_OUT = ('Set dataset = "digits" in the cell of parameters to go on without it, or the '
           "environment variable MNIST_DIR to a folder that holds the four official files.")


class DataProblem(Told):
    """The images cannot be had; the message says why and what to do."""


def mnist_file(name):
    """Path of an official file: from MNIST_DIR, else downloaded once and kept; SHA-256 checked."""
    size, sha256 = MNIST_FILES[name]
    if folder := os.environ.get("MNIST_DIR"):
        path = Path(folder).expanduser() / name
        if not path.is_file():
            raise DataProblem(f"MNIST_DIR: {path} does not exist. {WAY_OUT}")
        found = path.stat().st_size
        if found != size:
            raise DataProblem(f"MNIST_DIR: {path} has {found:,} bytes where the official file "
                              f"has {size:,}: copy it again. {WAY_OUT}")
        if pooch.file_hash(path) != sha256:
            raise DataProblem(f"MNIST_DIR: {path} is not the official file, its SHA-256 "
                              f"differs: copy it again. {WAY_OUT}")
        return path
    reasons = []
    for mirror in MIRRORS:
        try:
            return pooch.retrieve(mirror + name, sha256, fname=name, path=pooch.os_cache("mnist"),
                                  downloader=pooch.HTTPDownloader(timeout=20))
        except ValueError:  # pooch: the hash differs
            reasons.append(f"what {mirror} sends is not the official file (its SHA-256 differs)")
        except OSError as error:  # of requests too: no network, no such page, time out, full disk
            reasons.append(f"{mirror} could not be read ({type(error).__name__})")
    raise DataProblem(f"MNIST: {name} is not to be had: {'; '.join(reasons)}. {WAY_OUT}")


def read_idx(path):
    """The array in an idx file: two zeros, a type (8: bytes), the number of axes, sizes, data."""
    with gzip.open(path) as file:
        data = file.read()
    sizes = np.frombuffer(data, ">i4", count=data[3], offset=4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(sizes)


def load_images(dataset):
    """x_train, y_train, x_test, y_test: float32 grey values (N, 784) in [0, 1], int64 labels (N,).

    "mnist" has 60,000 + 10,000 images; "digits" is scikit-learn's small set of 8x8 images,
    enlarged to 20x20 and centred in 28x28 as MNIST's are, 1,500 + 297 of them.
    """
    if dataset == "mnist":
        parts = [read_idx(mnist_file(name)) for name in MNIST_FILES]
        images = [part.reshape(len(part), -1) / np.float32(255) for part in parts[::2]]
        labels = [part.astype(np.int64) for part in parts[1::2]]
        return images[0], labels[0], images[1], labels[1]
    if dataset == "digits":
        from scipy.ndimage import zoom
        from sklearn.datasets import load_digits
        small = load_digits()
        large = zoom(small.images / 16, (1, 2.5, 2.5), order=3, mode="nearest", grid_mode=True)
        images = np.pad(large.clip(0, 1), ((0, 0), (4, 4), (4, 4))).astype(np.float32)
        images = images.reshape(len(images), -1)
        order = np.random.default_rng(0).permutation(len(images))  # writers are on both sides
        images, labels = images[order], small.target[order].astype(np.int64)
        return images[:1500], labels[:1500], images[1500:], labels[1500:]
    raise DataProblem(f'dataset = "{dataset}" is unknown: write "mnist" or "digits".')
