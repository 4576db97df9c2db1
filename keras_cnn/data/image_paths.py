"""Which image files are meant by names, folders and patterns."""

from __future__ import annotations

import glob
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .._checks import InputError
from .._files import check_file, shown
from .layout import SUFFIXES, walk


@dataclass(eq=False)
class ImagePaths:
    """The image files that were asked for.

    Attributes:
        files: The files, in the order of the names; those of a folder sorted.
        passed_over: How many files of folders are not images, by suffix.
    """

    files: list[Path] = field(default_factory=list)
    passed_over: Counter[str] = field(default_factory=Counter)


def find_images(names: Sequence[str | os.PathLike[str]]) -> ImagePaths:
    """Finds image files, and opens none.

    Args:
        names: Files; folders, whose images at any depth are meant; or patterns such as
            `photos/**/*.jpg`, where no file has that very name.

    Raises:
        InputError: Lists all that do not exist, are not files, or hold no image.
    """
    found = ImagePaths()
    wrong = []
    for name in names:
        try:
            _add(os.fspath(name), found)
        except InputError as error:
            wrong.append(str(error))
    if len(wrong) > 1:
        listed = " ".join(wrong)
        raise InputError(f"{len(wrong):,} of {len(names):,} images are wrong. {listed}")
    if wrong:
        raise InputError(wrong[0])
    return found


def _add(name: str, found: ImagePaths) -> None:
    path = Path(name)
    if path.is_dir():
        files, others = walk(path)
        if not files:
            raise InputError(
                "A folder must hold images, at any depth: "
                f"{', '.join(sorted(SUFFIXES))}. Received: {shown(path)!r} with none."
            )
        found.files += sorted(files)
        found.passed_over += others
    elif glob.has_magic(name) and not os.path.lexists(name):
        matches = sorted(glob.glob(name, recursive=True))
        if not matches:
            raise InputError(
                f"A pattern must match a file. Received: {shown(name)!r}, which "
                "matches none."
            )
        suffix = path.suffix.lower()
        for match in matches:
            kind = Path(match).suffix.lower()
            if os.path.isdir(match):
                if "**" not in name:  # which has matched what is inside, too
                    _add(match, found)
            elif kind in SUFFIXES or kind == suffix:
                check_file(Path(match), "An image file")
                found.files.append(Path(match))
            else:
                found.passed_over[kind or "without suffix"] += 1
    else:
        check_file(path, "An image file")
        found.files.append(path)
