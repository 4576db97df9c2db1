"""Opening of whatever file or folder a user calls a model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..prediction import Predictor


@dataclass(frozen=True)
class OpenedModel:
    """A model ready to predict, and what was noted when it was made.

    Attributes:
        predictor: The model.
        class_names: The names of its classes, if they were noted, else None.
        data: Of the data set that it was trained on: name, source and so on; {} if
            nothing was noted.
    """

    predictor: Predictor
    class_names: tuple[str, ...] | None
    data: dict[str, Any]


def open_model(path: Path, *, trust: bool = False) -> OpenedModel:
    """Opens a `.keras` file, a run's folder, or an exported model in any format.

    Raises:
        InputError: If the path is none of these, or may not be trusted.
    """
    from ..prediction import load
    from ..saving.metadata import Noted, noted_in

    predictor = load(path, trust=trust)
    noted = noted_in(path if path.is_dir() else path.parent)
    known = predictor.class_names
    numbered = known == Noted().names(len(known))
    named = None if numbered and noted.class_names != known else known
    return OpenedModel(predictor, named, noted.data)
