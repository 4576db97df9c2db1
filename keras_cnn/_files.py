"""Writing without harm: to a temporary name first, then renamed into place."""

import errno
import hashlib
import json
import os
import shutil
import stat
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from ._checks import InputError, first_line

# What is being written lies in such folders; a killed process leaves one behind.
_PREFIX = ".writing-"
UNFINISHED = f"{_PREFIX}*"

# Where `zipfile` keeps the size of an archive's directory, and what one member takes
# there: 46 bytes, a name, and perhaps times and rights.
_DIRECTORY_SIZE = 5
_MEMBER_BYTES = 256


@contextmanager
def temporary_folder(parent: Path) -> Iterator[Path]:
    """Yields a new folder below `parent` and removes whatever is left of it."""
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def replaced_file(path: Path) -> Iterator[Path]:
    """Yields a temporary path beside `path`; renames it to `path` on success.

    The temporary name keeps the suffix, since writers choose a format by it. On any
    error, a full disk included, the temporary file is removed and `path` is as it was.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> with replaced_file(folder / "note.txt") as temporary:
        ...     _ = temporary.write_text("whole")
        >>> (folder / "note.txt").read_text()
        'whole'
    """
    with temporary_folder(path.parent) as folder:
        temporary = folder / path.name
        yield temporary
        os.replace(temporary, path)


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Writes a JSON file whole or not at all."""
    with replaced_file(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2) + "\n")


def publish_version(
    content: Path, parent: Path, complete: Callable[[Path], None] | None = None
) -> Path:
    """Renames the folder `content` to the next free number below `parent`.

    Versions count 1, 2, 3, ... as TensorFlow Serving expects. An existing one is
    never touched, whoever else publishes at the same time.

    Args:
        content: The folder to rename.
        parent: Where versions are kept.
        complete: Called with the path that the folder is about to get, to write into
            it what depends on its number. Defaults to nothing.

    Returns:
        The folder's new path.
    """
    while True:
        target = next_version(parent)
        if complete is not None:
            complete(target)
        try:
            # Renaming onto a folder that has content fails: nobody is overwritten.
            os.rename(content, target)
        except OSError:
            if not target.exists():
                raise
        else:
            return target


def next_version(parent: Path) -> Path:
    """Returns the folder below `parent` named one above its highest number."""
    names = [path.name for path in parent.iterdir()] if parent.is_dir() else []
    numbers = [int(name) for name in names if name.isascii() and name.isdigit()]
    return parent / str(max(numbers, default=0) + 1)


def check_writable(option: str, folder: Path) -> None:
    """Raises unless `folder` exists and is writable, or could be created.

    Raises:
        InputError: Names the option and the path that stands in the way.
    """
    nearest = folder.absolute()
    # Of a folder that may not be searched nothing is known: it does not exist to us.
    while not os.access(nearest, os.F_OK) and nearest != nearest.parent:
        nearest = nearest.parent
    if not nearest.is_dir():
        raise InputError(
            f"`{option}` must name a folder, and {nearest} is a file. "
            f"Received: {option}={str(folder)!r}."
        )
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise InputError(
            f"`{option}` must name a folder that can be written to, and {nearest} "
            f"cannot. Received: {option}={str(folder)!r}."
        )


def shown(path: str | os.PathLike[str]) -> str:
    r"""Returns a path as text that can be printed, whatever bytes its name has.

    Example:
        >>> shown("caf\udce9/1.png")
        'caf\\xe9/1.png'
    """
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def check_file(path: Path, what: str) -> None:
    """Raises unless `path` is a file with an end: reading a pipe or device has none.

    Args:
        path: The file, or a link to it.
        what: What it should be, with its article, to begin the message.

    Raises:
        InputError: Says what there is instead.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise InputError(f"{what} must exist. Received: {shown(path)!r}.") from None
    except (OSError, ValueError) as error:
        loops = getattr(error, "errno", None) == errno.ELOOP
        why = "a link that leads to itself" if loops else first_line(error)
        raise InputError(
            f"{what} must be readable. Received: {shown(path)!r}, {why}."
        ) from error
    if not stat.S_ISREG(mode):
        kinds = {stat.S_IFDIR: "folder", stat.S_IFIFO: "pipe", stat.S_IFSOCK: "socket"}
        raise InputError(
            f"{what} must be a file. Received: {shown(path)!r}, a "
            f"{kinds.get(stat.S_IFMT(mode), 'device')}."
        )


def check_directory(file: IO[bytes], max_members: int) -> None:
    """Raises if the directory of a ZIP archive is longer than so many members need.

    `zipfile` reads all of it before it tells how many members there are: a million
    take a gigabyte.

    Args:
        file: The archive; not read any further than to its end.
        max_members: How many it may have.

    Raises:
        zipfile.BadZipFile: If it has more, or is not an archive.
    """
    # Finding the end record is what `zipfile.is_zipfile` does, too; it keeps it.
    end = zipfile._EndRecData(file)  # type: ignore[attr-defined]
    file.seek(0)
    if not end:
        raise zipfile.BadZipFile("it is not a ZIP archive")
    size = end[_DIRECTORY_SIZE]
    if size > max_members * _MEMBER_BYTES:
        raise zipfile.BadZipFile(
            f"its directory has {size:,} bytes, more than {max_members:,} members need"
        )


def sha256(path: Path) -> str:
    """Returns the SHA-256 sum of a file, as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
