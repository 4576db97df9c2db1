"""What there is to know of a data set without reading or downloading its images."""

from __future__ import annotations

from dataclasses import dataclass

from .catalogue import Location, class_names, find_builder, image_shape, state
from .dataset import ImageDataset
from .image_files import Progress
from .loading import is_path, load

# Sets of small images that suit the article's network; TFDS has many more.
WELL_KNOWN = (
    "digits",
    "mnist",
    "fashion_mnist",
    "kmnist",
    "emnist/letters",
    "emnist/balanced",
    "cifar10",
    "cifar100",
    "svhn_cropped",
)


@dataclass(frozen=True)
class Description:
    """A data set's outside.

    Attributes:
        name: Its name.
        state: Where it would come from, in words.
        image_shape: (height, width, channels); None for a side that varies.
        class_names: One name a class.
        images: The number of images by split; empty where it is not known yet.
        version: The provider's version, or `""`.
        note: What a reader should know, such as which files were passed over.
    """

    name: str
    state: str
    image_shape: tuple[int | None, ...]
    class_names: tuple[str, ...]
    images: dict[str, int]
    version: str
    note: str = ""


def describe(
    name: str,
    *,
    data_dir: str | None = None,
    manual_dir: str | None = None,
    image_size: tuple[int, int] | None = None,
    white: float | None = None,
    skip_damaged: bool = False,
    progress: Progress | None = None,
) -> Description:
    """Describes a data set; nothing is downloaded or prepared for it.

    Args:
        name: As `load` takes it, but for `auto`.
        data_dir: As `load` takes it.
        manual_dir: As `load` takes it.
        image_size: As `load` takes it, for images of your own.
        white: Likewise.
        skip_damaged: Likewise.
        progress: Likewise.

    Raises:
        InputError: If there is no such set, or its files break a rule.

    Example:
        >>> describe("digits").images
        {'train': 1437, 'test': 360}
    """
    if name == "digits" or is_path(name):
        dataset = load(
            name,
            image_size=image_size,
            white=white,
            skip_damaged=skip_damaged,
            progress=progress,
        )
        return _described(dataset, "bundled" if name == "digits" else "local")
    location = Location(data_dir, manual_dir)
    builder = find_builder(name, location)
    splits = builder.info.splits.items()
    return Description(
        name=name,
        state=state(builder, location),
        image_shape=image_shape(builder),
        class_names=class_names(builder),
        images={split: info.num_examples for split, info in splits},
        version=str(builder.version),
    )


def _described(dataset: ImageDataset, state: str) -> Description:
    return Description(
        name=dataset.name,
        state=state,
        image_shape=dataset.image_shape,
        class_names=dataset.class_names,
        images={name: len(part) for name, part in dataset.splits.items()},
        version=dataset.provenance.version,
        note=dataset.provenance.note,
    )
