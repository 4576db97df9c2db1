"""A data set as training, evaluation and export see it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Generic

import numpy as np
from typing_extensions import TypeVar

from .._checks import InputError, check_count, check_fraction
from .split import ArraySplit, Split, StreamedSplit

# What is held out does not depend on a run's seed: a test set never changes.
_SPLIT_SEED = 0

SplitT = TypeVar("SplitT", bound=Split, covariant=True, default=Split)


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
    """

    name: str
    class_names: tuple[str, ...]
    train: SplitT
    test: SplitT
    provenance: Provenance
    validation: SplitT | None = None
    address: str = ""

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
            if isinstance(split, ArraySplit):
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

    def _check_labels(self, part: str, split: ArraySplit) -> None:
        for label in (split.labels.min(), split.labels.max()):
            if not 0 <= label < len(self.class_names):
                raise InputError(
                    f"Labels must be in 0..{len(self.class_names) - 1}, one for each "
                    f"class. Received: {self.name} ({part}) with a label {label}."
                )


def carve(split: ArraySplit, fraction: float) -> tuple[ArraySplit, ArraySplit]:
    """Splits off a fraction of each class, the same images whenever it is called.

    Args:
        split: The part to divide.
        fraction: In (0, 1): the share to split off.

    Returns:
        What remains, and what was split off.

    Raises:
        InputError: If the fraction is too small or too large to leave every class an
            image on both sides.
    """
    from sklearn.model_selection import train_test_split

    check_fraction("fraction", fraction)
    try:
        kept, carved = train_test_split(
            np.arange(len(split)),
            test_size=fraction,
            stratify=split.labels,
            random_state=_SPLIT_SEED,
        )
    except ValueError as error:
        raise InputError(
            f"Each class must have images enough to split off {fraction:g} of them. "
            f"Received: {len(split):,} images, the rarest class with "
            f"{np.unique(split.labels, return_counts=True)[1].min()}."
        ) from error
    return split[np.sort(kept)], split[np.sort(carved)]


def _sample(split: Split, limit: int) -> Split:
    if limit >= len(split):
        return split
    if isinstance(split, ArraySplit):
        chosen = np.random.default_rng(_SPLIT_SEED).permutation(len(split))[:limit]
        return split[np.sort(chosen)]
    if isinstance(split, StreamedSplit):
        read = split.read
        return replace(
            split, read=lambda _, seed: read(False, seed).take(limit), size=limit
        )
    raise TypeError(
        f"A split must be an ArraySplit or a StreamedSplit. Received: {split!r}."
    )
