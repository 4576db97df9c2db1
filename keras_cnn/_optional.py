"""Packages that only an extra installs."""

from __future__ import annotations

import importlib
from types import ModuleType

from ._checks import InputError


class MissingExtraError(InputError, ImportError):
    """A package is not installed, and the message has the command that installs it."""


def optional(module: str, extra: str) -> ModuleType:
    """Imports and returns a module that `pip install "keras-cnn[extra]"` provides.

    Raises:
        MissingExtraError: If it cannot be imported.

    Example:
        >>> optional("json", "serve").loads("[1]")
        [1]
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtraError(
            f"`{module}` must be installed: pip install 'keras-cnn[{extra}]'. "
            f"Received: {error}."
        ) from error
