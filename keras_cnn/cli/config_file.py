"""`--config`: the options of a command in a file, as `--dry-run` prints them."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

from .._checks import InputError, first_line
from .._files import check_file

_MAX_BYTES = 2**20
_READERS = {".json": json.loads, ".toml": tomllib.loads}


def read_config_file(path: Path) -> dict[str, Any]:
    """Returns the options in a file: what `--dry-run` prints, or a run's config.json.

    Raises:
        InputError: If there is no such file, or it does not hold values by name.
    """
    rule = "`config` must be a .json or .toml file with a value for each option"
    check_file(path, "The file of `config`")
    reader = _READERS.get(path.suffix.lower())
    if reader is None or path.stat().st_size > _MAX_BYTES:
        raise InputError(f"{rule}. Received: config={str(path)!r}.")
    try:
        content = reader(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{rule}. Received: config={str(path)!r} ({first_line(error)})."
        ) from error
    if isinstance(content, dict) and isinstance(content.get("config"), dict):
        content = content["config"]  # a run's record
    if not isinstance(content, dict):
        raise InputError(f"{rule}. Received: config={str(path)!r}.")
    return content
