"""Your own images: a folder with one sub-folder a class."""

from pathlib import Path
from typing import Any

import numpy as np

from .._checks import InputError
from .._files import shown
from .dataset import (
    ImageDataset,
    LocalSplit,
    Provenance,
    Reading,
    hold_out_test,
)
from .file_split import FileSplit
from .image_files import ImagesRead, read_images
from .in_memory import decoded_bytes
from .layout import find_layout, readable_name
from .split import ArraySplit


def load_folder(path: Path, reading: Reading) -> ImageDataset[LocalSplit]:
    """Returns the images below a folder, one sub-folder a class.

    `find_layout` has the rule for what is a class and what a part, `read_images` the
    one for the pixels. Without a part to test on, a fifth of each class is held out,
    always the same one.

    Args:
        path: The folder.
        reading: How the images are read.

    Raises:
        InputError: If a class is empty, an image cannot be read, images differ in
            shape, or there are less than two classes.
    """
    if not path.is_dir():
        raise InputError(f"A folder of images must exist. Received: {shown(path)}.")
    layout = find_layout(path)
    classes = tuple(next(iter(layout.parts.values())))
    rows = [
        (part, label, file)
        for part, by_class in layout.parts.items()
        for label, name in enumerate(classes)
        for file in by_class[name]
    ]
    return dataset_of_files(path, rows, classes, reading, layout.notes)


def dataset_of_files(
    path: Path,
    rows: list[tuple[str, int, Path]],
    classes: tuple[str, ...],
    reading: Reading,
    notes: list[str],
) -> ImageDataset[LocalSplit]:
    """Returns the data set of image files whose parts and labels are known.

    Args:
        path: What the set is called after and loaded from again.
        rows: The part, label and file of each image.
        classes: The classes' names, in the order of the labels.
        reading: How the images are read.
        notes: What a reader should know already.

    Raises:
        InputError: As `load_folder`.
    """
    files = [file for _, _, file in rows]
    size = decoded_bytes(files, reading.image_size)
    read = read_images(
        files,
        image_size=reading.image_size,
        skip_damaged=reading.skip_damaged,
        white=reading.white,
        keep=not reading.streams(size),
        progress=reading.progress,
    )
    parts = np.array([part for part, _, _ in rows])[read.kept]
    labels = np.array([label for _, label, _ in rows], np.int64)[read.kept]
    if not (parts == "train").any():
        parts[:] = "train"  # the set is one part of another: all there is
    seen = set(labels[parts == "train"].tolist())
    absent = [name for label, name in enumerate(classes) if label not in seen]
    if absent:
        raise InputError(
            "Each class must have an image to train on that can be read. Received: "
            f"{shown(path)} with none of {', '.join(absent)}."
        )
    whole = _split(files, labels, read)
    splits = {part: whole[parts == part] for part in dict.fromkeys(parts.tolist())}
    name = readable_name(path.resolve().name)
    return hold_out_test(
        splits,
        reading,
        name=name,
        address=str(path.resolve()),
        class_names=classes,
        white=read.white,
        provenance=Provenance(
            source=f"{'folder' if path.is_dir() else 'table'} {name}",
            checksum=read.checksum,
            note=" ".join([*notes, *_read_notes(read, size)]),
        ),
    )


def _split(files: list[Path], labels: Any, read: ImagesRead) -> LocalSplit:
    """Returns all images as one part, in memory or to be read in each epoch."""
    texts = np.array([str(files[position]) for position in read.kept], object)
    if read.images is not None:
        return ArraySplit(read.images, labels, texts)
    return FileSplit(texts, labels, read.digests, read.reader)


def _read_notes(read: ImagesRead, size: int) -> list[str]:
    """Returns what a reader should know of how the files were read."""
    notes = []
    if read.images is None:
        notes.append(
            f"The images are read from their files in each epoch: {size / 1e9:,.3g} GB "
            "of pixels are not held in memory."
        )
    if read.damaged:
        notes.append(
            f"{len(read.damaged):,} of {len(read.kept) + len(read.damaged):,} image "
            f"files could not be read and were left out, the first: {read.damaged[0]}"
        )
    if read.first_of_several:
        notes.append(
            f"{read.first_of_several:,} files hold several images: only the first of "
            "each was read."
        )
    if read.white != 255:
        notes.append(
            f"In the image files of more than 8 bits white is {read.white:,g}."
        )
    return notes
