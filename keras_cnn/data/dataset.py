"""A data set as training, evaluation and export see it."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import Any, Generic, TypeAlias, cast

import numpy as np
from typing_extensions import TypeVar

from .._checks import InputError, check_count, check_fraction
from .._images import PIXEL_MAX
from .file_split import FileSplit
from .image_files import Progress
from .in_memory import pixels_in_memory
from .split import ArraySplit, Split, StreamedSplit

# What is held out does not depend on a run's seed: a test set never changes.
_SPLIT_SEED = 0

# Of a set without a part to test on, a fifth of each class is held out.
_TEST_FRACTION = 0.2

SplitT = TypeVar("SplitT", bound=Split, covariant=True, default=Split)

# A part of one's own images: its labels are known, wherever the images are.
LocalSplit: TypeAlias = ArraySplit | FileSplit
LocalT = TypeVar("LocalT", ArraySplit, FileSplit, LocalSplit)


@dataclass(frozen=True)
class Provenance:
    """Where a data set comes from.

    Attributes:
        source: Who provided it: `tfds`, `scikit-learn`, a folder or a file.
        version: The provider's version of the set, or `""`.
        checksum: `sha256:...` of what was read, or of what TFDS registers for it.
        note: What a reader should know, such as that a set was substituted.
    """

    source: str
    version: str = ""
    checksum: str = ""
    note: str = ""

    def to_dict(self) -> dict[str, str]:
        """Returns the fields as a dictionary of strings."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class ImageDataset(Generic[SplitT]):
    """Images with integer labels, split for training and testing.

    To a type checker `ImageDataset[ArraySplit]` is a set in memory, whose splits have
    `images` and `labels`; `ImageDataset` may be streamed.

    Attributes:
        name: The data set's name, such as `mnist`.
        class_names: One name a class, in the order of the labels.
        train: The part to train on.
        test: The part to test on; nothing is ever chosen by it.
        validation: The part carved from `train`, or None.
        provenance: Where the images come from.
        address: What `load` takes to give this set again, with version or whole path.
        white: What number white has in image files like those of the set: 255 for 8
            bits, 1023, 4095 or 65535 for more, 1 for floats. Defaults to 255.
    """

    name: str
    class_names: tuple[str, ...]
    train: SplitT
    test: SplitT
    provenance: Provenance
    validation: SplitT | None = None
    address: str = ""
    white: float = PIXEL_MAX

    def __post_init__(self) -> None:
        """Checks what every source must give, whatever it reads.

        Raises:
            InputError: If there are less than two classes, a label outside them, or
                splits whose images differ in shape.
        """
        if len(self.class_names) < 2:
            raise InputError(
                "A data set must have at least two classes. Received: "
                f"{self.name} with {len(self.class_names)}."
            )
        for part, split in self.splits.items():
            if split.image_shape != self.image_shape:
                raise InputError(
                    "The images of all splits must have one shape. Received: "
                    f"{self.name} with {self.image_shape} (train) and "
                    f"{split.image_shape} ({part})."
                )
            if isinstance(split, LocalSplit):
                self._check_labels(part, split)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of every image."""
        return self.train.image_shape

    @property
    def splits(self) -> dict[str, SplitT]:
        """The parts that exist, by name."""
        parts = {
            "train": self.train,
            "validation": self.validation,
            "test": self.test,
        }
        return {name: part for name, part in parts.items() if part is not None}

    def held_out(self) -> ImageDataset[SplitT]:
        """Returns the set with a fifth of each class of `train` as its test.

        Raises:
            InputError: If a class has too few images for that.
        """
        train, test = carve(cast(LocalSplit, self.train), _TEST_FRACTION)
        parts: dict[str, Any] = {"train": train, "test": test}
        return replace(self, **parts)

    def limited(self, limit: int | None) -> ImageDataset[SplitT]:
        """Returns a set of at most `limit` images a split, drawn at random, for a look.

        Args:
            limit: A whole number >= 1, or None for all.
        """
        if limit is None:
            return self
        check_count("limit", limit)
        parts = {name: _sample(part, limit) for name, part in self.splits.items()}
        return replace(self, **parts)  # type: ignore[arg-type]

    def _check_labels(self, part: str, split: LocalSplit) -> None:
        for label in (split.labels.min(), split.labels.max()):
            if not 0 <= label < len(self.class_names):
                raise InputError(
                    f"Labels must be in 0..{len(self.class_names) - 1}, one for each "
                    f"class. Received: {self.name} ({part}) with a label {label}."
                )


@dataclass(frozen=True)
class Reading:
    """How your own images are read.

    Attributes:
        image_size: (height, width) to resize image files to; None if they all have one
            size already.
        white: What number white has; None to decide it by all images together.
        skip_damaged: Whether to go on without image files that cannot be read.
        hold_out: Whether a set without a part to test on gives up a fifth of each
            class; else all its images are both `train` and `test`.
        memory_limit: Bytes of pixels above which image files are read anew in each
            epoch; None for `pixels_in_memory`.
        progress: Is told how many image files were looked at, and of how many.
    """

    image_size: tuple[int, int] | None = None
    white: float | None = None
    skip_damaged: bool = False
    hold_out: bool = True
    memory_limit: int | None = None
    progress: Progress | None = None

    def streams(self, pixels: int) -> bool:
        """Whether image files with so many bytes of pixels are read in each epoch."""
        if self.memory_limit is None:
            return pixels > pixels_in_memory()
        return pixels > self.memory_limit


def hold_out_test(
    splits: dict[str, LocalT], reading: Reading | None = None, **fields: Any
) -> ImageDataset[LocalT]:
    """Returns a data set of `splits`; without a test part, a fifth of each class is it.

    Raises:
        InputError: If a class has too few images for that.
    """
    if "test" in splits:
        return ImageDataset(**{**fields, **splits})
    parts = {**splits, "test": splits["train"]}
    whole: ImageDataset[LocalT] = ImageDataset(**{**fields, **parts})
    return whole.held_out() if reading is None or reading.hold_out else whole


def check_classes_in_both(train: Split, test: Split, name: str) -> None:
    """Raises if a class of a set that was divided by position is on one side alone.

    Of a set too large for memory the labels are not known: nothing is said.

    Raises:
        InputError: Says how many classes are.
    """
    if not (isinstance(train, LocalSplit) and isinstance(test, LocalSplit)):
        return
    alone = np.setxor1d(train.labels, test.labels)
    if alone.size:
        raise InputError(
            "Each class must have images to train on and to test on. "
            f"Received: {name}, of which {alone.size:,} classes have too few."
        )


def carve(split: LocalT, fraction: float) -> tuple[LocalT, LocalT]:
    """Splits off a fraction of each class, the same images whenever it is called.

    Every class has at least one image on both sides.

    Args:
        split: The part to divide.
        fraction: In (0, 1): the share to split off.

    Returns:
        What remains, and what was split off.

    Raises:
        InputError: If a class has a single image.
    """
    from sklearn.model_selection import train_test_split

    check_fraction("fraction", fraction)
    classes, counts = np.unique(split.labels, return_counts=True)
    if counts.min() < 2:
        raise InputError(
            f"Each class must have images enough to split off {fraction:g} of them. "
            f"Received: {len(split):,} images, the rarest class with {counts.min()}."
        )
    size = min(
        max(math.ceil(fraction * len(split)), len(classes)), len(split) - len(classes)
    )
    kept, carved = train_test_split(
        np.arange(len(split)),
        test_size=size,
        stratify=split.labels,
        random_state=_SPLIT_SEED,
    )
    kept, carved = _shared(kept, carved, split.labels)
    carved, kept = _shared(carved, kept, split.labels)
    return split[np.sort(kept)], split[np.sort(carved)]


def _shared(giving: Any, taking: Any, labels: Any) -> tuple[Any, Any]:
    """Moves an image of each class that `taking` lacks, the first there is."""
    lacking = np.setdiff1d(labels[giving], labels[taking])
    moved = [giving[labels[giving] == label][0] for label in lacking]
    return giving[~np.isin(giving, moved)], np.append(taking, moved).astype(int)


def _sample(split: Split, limit: int) -> Split:
    if limit >= len(split):
        return split
    if isinstance(split, LocalSplit):
        chosen = np.random.default_rng(_SPLIT_SEED).permutation(len(split))[:limit]
        return split[np.sort(chosen)]
    if isinstance(split, StreamedSplit):
        read = split.read
        return replace(
            split, read=lambda _, seed: read(False, seed).take(limit), size=limit
        )
    raise TypeError(
        "A split must be an ArraySplit, a FileSplit or a StreamedSplit. "
        f"Received: {split!r}."
    )
