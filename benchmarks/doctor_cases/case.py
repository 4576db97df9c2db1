"""What a labelled training program is, and the list of them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

CASES: dict[str, "Case"] = {}


@dataclass
class Built:
    """A program, built: a compiled model, its data, and further arguments of `fit`."""

    model: Any
    x: Any
    y: Any = None
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """A training program and what is wrong with it.

    Attributes:
        id: Its name.
        faults: Codes of what is wrong; none if it is healthy.
        build: From a seed of the initial weights to the program.
        batch_size: Of the planned training.
        epochs: Of the planned training.
        lint: Codes of mistakes that do no harm in it.
    """

    id: str
    faults: tuple[str, ...]
    build: Callable[[int], Built]
    batch_size: int = 32
    epochs: int = 10
    lint: tuple[str, ...] = ()

    @property
    def healthy(self) -> bool:
        """Whether nothing is wrong with it."""
        return not self.faults


def add(name, faults, build, *given, batch_size=32, epochs=10, lint=(), **options):
    """Adds a case that a builder makes of what it is given and some options."""

    def seeded(seed):
        import keras

        keras.backend.clear_session()
        keras.utils.set_random_seed(1000 + seed)
        return build(*given, **options)

    faults = tuple(faults.split())
    assert name not in CASES, name
    CASES[name] = Case(name, faults, seeded, batch_size, epochs, tuple(lint))
