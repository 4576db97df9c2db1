"""Packages that only an extra installs."""

from __future__ import annotations

import importlib
from types import ModuleType

from ._checks import InputError, first_line


class MissingExtraError(InputError, ImportError):
    """A package is not installed, and the message has the command that installs it."""


def optional(module: str, extra: str) -> ModuleType:
    """Imports and returns a module that the extra `extra` of this package installs.

    Raises:
        MissingExtraError: If it cannot be imported.

    Example:
        >>> optional("json", "serve").loads("[1]")
        [1]
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise missing_extra(module, extra, error) from error


def missing_extra(module: str, extra: str, error: ImportError) -> MissingExtraError:
    """Returns the error for a module that the extra `extra` would have installed."""
    return MissingExtraError(
        f"`{module}` must be installed, as the extra `{extra}` does: "
        f"pip install {_packages(extra)}. Received: {first_line(error)}."
    )


def _packages(extra: str) -> str:
    """Returns what pip is to be asked for.

    The packages are named: `.[extra]` works only beside pyproject.toml, and
    `keras-cnn[extra]` only where a registry has this package.
    """
    from importlib.metadata import PackageNotFoundError, requires

    try:
        requirements = requires("keras-cnn") or []
    except PackageNotFoundError:
        requirements = []
    packages = [
        f"'{package}'"
        for package, _, condition in (line.partition("; ") for line in requirements)
        if condition == f"extra == '{extra}'"
    ]
    # A source tree on the path that was never installed, or an older one was.
    return " ".join(packages) or f"-e '.[{extra}]'"
