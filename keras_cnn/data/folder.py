"""Your own images: a folder with one sub-folder a class."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from .._checks import InputError
from .._images import UInt8Array, read_image, resize, to_gray, to_rgb
from .dataset import ImageDataset, Provenance, carve
from .split import ArraySplit

SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")

# Folders that are splits and no classes.
_SPLITS = {
    "train": "train",
    "val": "validation",
    "validation": "validation",
    "test": "test",
}

# Of a folder without a split of its own, a fifth of each class is held out.
_TEST_FRACTION = 0.2


def load_folder(
    path: Path, image_size: tuple[int, int] | None = None
) -> ImageDataset[ArraySplit]:
    """Returns the images below a folder, one sub-folder a class.

    Where the folder holds `train`, `test` and `validation` (or `val`), or `train` and
    one of the others, each with the classes' sub-folders, they are the splits. Without
    a `test` a fifth of each class is held out, always the same one. Hidden files and
    files that are no images by their suffix are passed over. If any image has colour,
    all are read as RGB.

    Args:
        path: The folder.
        image_size: (height, width) to which every image is resized; None if they all
            have one size already.

    Raises:
        InputError: If a class is empty, an image cannot be read, images differ in
            shape, or there are less than two classes.
    """
    if not path.is_dir():
        raise InputError(f"A folder of images must exist. Received: {path}.")
    parts = {folder.name: folder for folder in _subfolders(path)}
    if "train" in parts and len(parts) > 1 and parts.keys() <= _SPLITS.keys():
        class_names = _class_names(parts["train"])
        for folder in parts.values():
            if _class_names(folder) != class_names:
                raise InputError(
                    "The folders of all splits must have the same classes. Received: "
                    f"{parts['train']} with {', '.join(class_names)} and {folder} with "
                    f"{', '.join(_class_names(folder))}."
                )
        files = {_SPLITS[name]: _class_files(parts[name]) for name in parts}
    else:
        class_names = _class_names(path)
        files = {"train": _class_files(path)}
    if len(class_names) < 2:
        raise InputError(
            "A folder of images must have at least two sub-folders, one a class. "
            f"Received: {path} with {len(class_names)}."
        )

    digest = hashlib.sha256()
    splits = _read_splits(files, image_size, digest)
    if "test" not in splits:
        splits["train"], splits["test"] = carve(splits["train"], _TEST_FRACTION)
    return ImageDataset(
        name=path.resolve().name,
        address=str(path.resolve()),
        class_names=class_names,
        **splits,
        provenance=Provenance(
            source=f"folder {path.resolve().name}",
            checksum=f"sha256:{digest.hexdigest()}",
        ),
    )


def _subfolders(path: Path) -> list[Path]:
    return sorted(
        entry
        for entry in path.iterdir()
        if entry.is_dir() and not entry.name.startswith(".")
    )


def _class_names(path: Path) -> tuple[str, ...]:
    return tuple(folder.name for folder in _subfolders(path))


def _class_files(path: Path) -> list[list[Path]]:
    """Returns the image files of each class, sorted; an empty class is an error."""
    classes = []
    for folder in _subfolders(path):
        files = sorted(
            file
            for file in folder.iterdir()
            if file.suffix.lower() in SUFFIXES and not file.name.startswith(".")
        )
        if not files:
            raise InputError(
                f"Each class must have at least one image. Received: {folder}, empty."
            )
        classes.append(files)
    return classes


def _read_splits(
    files: dict[str, list[list[Path]]],
    image_size: tuple[int, int] | None,
    digest: "hashlib._Hash",
) -> dict[str, ArraySplit]:
    """Reads all images; the digest covers the classes, names and bytes of the files."""
    images: list[UInt8Array] = []
    paths: list[Path] = []
    for file in _flat(files):
        digest.update(f"{file.parent.name}/{file.name}\0".encode())
        digest.update(file.read_bytes())
        image = read_image(file)
        images.append(resize(image, image_size) if image_size else image)
        paths.append(file)
    stacked = _stack(images, paths)

    splits, start = {}, 0
    for part, classes in files.items():
        labels = np.repeat(np.arange(len(classes)), [len(names) for names in classes])
        end = start + len(labels)
        splits[part] = ArraySplit(stacked[start:end], labels.astype(np.int64))
        start = end
    return splits


def _flat(files: dict[str, list[list[Path]]]) -> Iterator[Path]:
    for classes in files.values():
        for names in classes:
            yield from names


def _stack(images: list[UInt8Array], paths: list[Path]) -> UInt8Array:
    """Stacks images to (n, height, width, channels); differing sizes are an error."""
    for image, path in zip(images, paths, strict=True):
        if image.shape[:2] != images[0].shape[:2]:
            raise InputError(
                "Images must all have one size, unless an image size is given to "
                f"resize them to. Received: {paths[0]} with "
                f"{'x'.join(map(str, images[0].shape[:2]))} and {path} with "
                f"{'x'.join(map(str, image.shape[:2]))}."
            )
    if all(_is_gray(image) for image in images):
        return np.stack([to_gray(image) for image in images])[..., np.newaxis]
    return np.stack([to_rgb(image) for image in images])


def _is_gray(image: UInt8Array) -> bool:
    """Whether an image has no colour, in whichever mode its file was saved."""
    return image.ndim == 2 or bool((image == image[..., :1]).all())
