"""The model that is served, under the name and version that requests ask for."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from .._checks import InputError, check_count
from .._images import UInt8Array
from ..prediction import Predictor


@dataclass(frozen=True, eq=False)
class Heat:
    """Where in an image the network found what speaks for a class.

    Attributes:
        values: (height, width), at least 0, in any unit.
        note: Why it is 0 everywhere; "" where it is not.
    """

    values: npt.NDArray[Any]
    note: str = ""


@dataclass(frozen=True, eq=False)
class ServedModel:
    """A classifier and what the server calls it.

    Attributes:
        predictor: The classifier.
        name: What it is called in `/v1/models/NAME`.
        version: Its version, as in `/v1/models/NAME/versions/VERSION`.
        grad_cam: From one image, uint8 (height, width, channels), and a class's number
            to what spoke for that class; None where the model cannot be looked into,
            such as an exported one.
    """

    predictor: Predictor
    name: str = "model"
    version: int = 1
    grad_cam: Callable[[UInt8Array, int], Heat] | None = None

    def __post_init__(self) -> None:
        """Raises InputError for a name that could not stand in a URL."""
        if not re.fullmatch(r"[\w.-]+", self.name, re.ASCII):
            raise InputError(
                "`name` must be made of letters, digits, '_', '-' and '.'. "
                f"Received: name={self.name!r}."
            )
        check_count("version", self.version)
