"""Packages that only an extra installs, and what to say where they are missing."""

from __future__ import annotations

import importlib
from types import ModuleType

from ._checks import InputError


def import_extra(module: str, extra: str) -> ModuleType:
    """Imports a module that belongs to one of this package's extras.

    Args:
        module: The module's name.
        extra: The extra that installs it, as in `pip install keras-cnn[extra]`.

    Raises:
        InputError: With the command that installs it, if it is not there.

    Example:
        >>> import_extra("json", "serve").dumps([1])
        '[1]'
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module.split(".")[0]:
            raise
        raise InputError(
            f"`{module}` is needed: pip install 'keras-cnn[{extra}]'"
        ) from error
