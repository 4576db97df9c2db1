"""Which files in a folder are images, and to which class and part each belongs."""

from __future__ import annotations

import os
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from .._checks import InputError, first_line
from .._files import shown
from .split_names import PARTS, part_named

# What Pillow reads as pictures; HEIC through pillow-heif.
SUFFIXES = frozenset(
    ".apng .avif .bmp .dib .gif .heic .heif .j2k .jfif .jp2 .jpe .jpeg .jpg .pbm .pgm "
    ".png .pnm .ppm .tga .tif .tiff .webp".split()
)

# What programs leave behind in folders, beside names that begin with a dot.
_LEFT_BEHIND = {"__MACOSX", "@eaDir", "Thumbs.db", "desktop.ini"}


@dataclass(eq=False)
class Layout:
    """The image files of a folder.

    Attributes:
        parts: By part (`train` and perhaps others) and class, the files, sorted.
        nested: How many images lie in sub-folders of their class.
        passed_over: How many other files there are, by suffix.
        notes: What a reader should know of what was chosen.
    """

    parts: dict[str, dict[str, list[Path]]] = field(default_factory=dict)
    nested: int = 0
    passed_over: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)


def find_layout(path: Path) -> Layout:
    """Finds the images below a folder, their classes and their parts.

    Rule: a folder whose only sub-folder has sub-folders itself stands for that one. If
    sub-folders with classes are called after parts, as `train` and `Test` are, they are
    the parts; else all sub-folders are classes. A class has the images at any depth.

    Args:
        path: The folder.

    Raises:
        InputError: If classes cannot be told from parts, parts differ in classes, a
            class is empty, or a link leads back up.
    """
    layout = Layout()
    for part, folder in _parts(_unwrapped(path), layout).items():
        layout.parts[part] = _classes(folder, layout)
    first = next(iter(layout.parts))
    for part, classes in layout.parts.items():
        if classes.keys() != layout.parts[first].keys():
            raise InputError(
                "The folders of all splits must have the same classes. Received: "
                f"{shown(path)}, {first} with {', '.join(layout.parts[first])}, and "
                f"{part} with {', '.join(classes)}."
            )
    if len(layout.parts[first]) < 2:
        raise InputError(
            "A folder of images must have at least two sub-folders, one a class. "
            f"Received: {shown(path)} with {len(layout.parts[first])}."
        )
    _note_files(layout)
    return layout


def readable_name(name: str) -> str:
    """Returns a file name as text: composed Unicode, other bytes escaped."""
    return unicodedata.normalize("NFC", shown(name))


def _unwrapped(path: Path) -> Path:
    """Goes down while a folder holds a single one, as archives unpack to."""
    while len(inner := _folders(path)) == 1:
        if not _folders(inner[0]) or _has_images(path):
            break
        path = inner[0]
    return path


def _parts(path: Path, layout: Layout) -> dict[str, Path]:
    """Returns the folder of each part, or the whole folder as `train`."""
    folders = _folders(path)
    with_classes = [folder for folder in folders if _has_classes(folder)]
    parts: dict[str, Path] = {}
    for folder in with_classes:
        part = part_named(folder.name)
        if part in parts:
            raise InputError(
                f"A split must be one folder. Received: {shown(path)} with two that "
                f"stand for {part}, one of them {shown(folder.name)}."
            )
        if part:
            parts[part] = folder
    if not parts:
        if len(folders) > 1 and all(part_named(folder.name) for folder in folders):
            raise InputError(
                "Splits must hold a sub-folder for each class. Received: "
                f"{shown(path)} with {', '.join(shown(f.name) for f in folders)}."
            )
        return {"train": path}
    rest = [folder for folder in folders if folder not in parts.values()]
    if len(with_classes) > len(parts) or ("train" not in parts and rest):
        raise InputError(
            "Sub-folders must all be classes, or all be splits that hold the classes. "
            f"Received: {shown(path)} with "
            f"{', '.join(shown(folder.name) for folder in folders)}."
        )
    layout.notes += [
        f"{shown(folder.name)} has no folders of classes and was left out."
        for folder in rest
    ]
    if "train" not in parts:  # all there is: a folder to test on, or to divide
        parts = {"train": next(iter(parts.values()))}
    return {part: _unwrapped(parts[part]) for part in PARTS if part in parts}


def _has_classes(path: Path) -> bool:
    """Whether sub-folders are classes: a lone `test/test` or `test/unknown` is none."""
    inside = _folders(_unwrapped(path))
    alone = {path.name, "unknown", "images"}
    return bool(inside) and not (len(inside) == 1 and inside[0].name in alone)


def _classes(path: Path, layout: Layout) -> dict[str, list[Path]]:
    """Returns the image files of each class, sorted; an empty class is an error."""
    classes: dict[str, list[Path]] = {}
    for folder in _folders(path):
        files, others = walk(folder)
        if not files:
            inside = ", ".join(f"{n:,} {kind}" for kind, n in others.most_common())
            raise InputError(
                "Each class must have at least one image. "
                f"Received: {shown(folder)}, {'with ' + inside if inside else 'empty'}."
            )
        layout.nested += sum(file.parent != folder for file in files)
        layout.passed_over += others
        # Two spellings of one name, as systems compose accents, are one class.
        classes.setdefault(readable_name(folder.name), []).extend(files)
    return {name: sorted(files) for name, files in classes.items()}


def walk(folder: Path) -> tuple[list[Path], Counter[str]]:
    """Returns the images below a folder, at any depth, and counts other files."""
    files: list[Path] = []
    others: Counter[str] = Counter()
    waiting = [(folder, {folder.resolve()})]
    while waiting:
        place, above = waiting.pop()
        for entry in _entries(place):
            if _is_folder(entry):
                real = entry.resolve()
                if real in above:
                    raise InputError(
                        "A folder of images must have an end. "
                        f"Received: {shown(entry)}, a link to a folder that holds it."
                    )
                waiting.append((entry, {*above, real}))
            elif entry.suffix.lower() in SUFFIXES:
                files.append(entry)
            else:
                others[entry.suffix.lower() or "without suffix"] += 1
    return files, others


def _folders(path: Path) -> list[Path]:
    return [entry for entry in _entries(path) if _is_folder(entry)]


def _has_images(path: Path) -> bool:
    return any(entry.suffix.lower() in SUFFIXES for entry in _entries(path))


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a link to itself, before Python 3.13
        return False


def _entries(path: Path) -> list[Path]:
    """Returns what is in a folder, sorted, without what programs leave behind."""
    try:
        names = sorted(os.listdir(path))
    except OSError as error:
        raise InputError(
            f"A folder of images must be readable. Received: {shown(path)} "
            f"({first_line(error)})."
        ) from error
    return [
        path / name
        for name in names
        if not name.startswith(".") and name not in _LEFT_BEHIND
    ]


def _note_files(layout: Layout) -> None:
    if layout.passed_over:
        kinds = layout.passed_over.most_common()
        total = sum(layout.passed_over.values())
        layout.notes.append(
            f"{total:,} files were passed over: "
            f"{', '.join(f'{count:,} {shown(kind)}' for kind, count in kinds)}."
        )
    if layout.nested:
        layout.notes.append(
            f"{layout.nested:,} images lie in sub-folders of their class."
        )
