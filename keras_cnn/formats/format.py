"""What a format must say of itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from .._optional import optional
from .._preparation import Preparation
from ..saving.metadata import ModelMetadata

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from .classifier import Classifier

    Pixels = npt.NDArray[np.uint8]

# Inputs and outputs by the signature's name, as text.
Signatures = dict[str, dict[str, dict[str, str]]]

# From float32 images, (batch, height, width, channels), to outputs by name.
Runner = Callable[[Any], dict[str, Any]]


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A classifier as its runtime has loaded it.

    Attributes:
        probabilities: From float32 images, a NumPy array of shape (batch, height,
            width, channels) with at least one, to NumPy (batch, classes).
        image_shape: (height, width, channels) of its images.
        classes: How many classes it tells apart.
        metadata: What the file itself says of the model.
        preparation: How images are likely prepared for it, by its first layers; None
            where they cannot be looked at.
    """

    probabilities: Callable[[Any], Any]
    image_shape: tuple[int, int, int]
    classes: int
    metadata: ModelMetadata = ModelMetadata()
    preparation: Preparation | None = None


class Format(ABC):
    """A format: how a classifier is written, run without Keras, and loaded.

    One instance stands in `FORMATS`. Its module imports what it needs within its
    methods, so that loading one format needs no other's packages.

    Attributes:
        name: What `formats` and `--format` call it.
        suffix: How its files end; empty if it is a folder.
        files: File name by precision. Empty for a folder's own files.
        extra: The extra that installs its packages; empty if the package itself does.
        runtime: The modules that run it.
        writers: The modules, besides TensorFlow, that write it.
        without: The packages that must not be needed to run it: the comparison
            blocks them.
        needs: What runs it, for a reader.
        speed: Its place among the formats by the time of a whole `keras-cnn predict`,
            1 for the fastest, as measured in benchmarks/README.md: what a folder with
            several is loaded from first. Defaults to 10.
    """

    name: ClassVar[str]
    suffix: ClassVar[str]
    files: ClassVar[Mapping[str, str]]
    extra: ClassVar[str] = ""
    runtime: ClassVar[tuple[str, ...]] = ()
    writers: ClassVar[tuple[str, ...]] = ()
    without: ClassVar[tuple[str, ...]]
    needs: ClassVar[str]
    speed: ClassVar[int] = 10

    @abstractmethod
    def write(
        self,
        classifier: Classifier,
        path: Path,
        precision: str,
        calibration: Pixels | None = None,
    ) -> Signatures:
        """Writes a classifier.

        Args:
            classifier: What to write.
            path: The file; of a format without a suffix, the folder.
            precision: One of those that `precisions` gives.
            calibration: Training images for int8, uint8 (n, height, width, channels).

        Returns:
            What its signatures take and give; {} where there is only one, the usual.

        Raises:
            InputError: If the format has no operation for something that the model
                does.
            OSError: If the path cannot be written to, or its disk is full.
        """

    @staticmethod
    @abstractmethod
    def run(path: str) -> Runner:
        """Returns what a file does, as a function.

        Its source alone is sent to a process in which this package, Keras and whatever
        else `without` names cannot be imported: it uses nothing that it does not
        import itself.
        """

    @abstractmethod
    def load(self, path: Path, *, trust: bool = False) -> LoadedModel:
        """Loads a file.

        Args:
            path: The file, or the folder.
            trust: Whether to load it unchecked, whatever it does.

        Raises:
            InputError: If it is damaged, or holds something else.
            MissingExtraError: If its runtime is not installed.
        """

    def check_trusted(self, path: Path) -> None:  # noqa: B027
        """Raises unless a file may be loaded; only programs need a proof.

        A folder in which such a file is not the one that was exported is not loaded
        from at all.

        Raises:
            InputError: Says what differs.
        """

    def is_at(self, path: Path) -> bool:
        """Whether `path` is, by its name, a file of this format."""
        return path.suffix == self.suffix

    def content(self, path: Path) -> list[Path]:
        """Returns the files that a written `path` consists of, the main one first."""
        return [path]

    def precisions(
        self, classifier: Classifier, calibration: Pixels | None
    ) -> Mapping[str, str]:
        """Returns the files that are written, by precision."""
        return self.files

    def check_writable(self, *, verify: bool) -> None:
        """Raises unless its packages are installed.

        Args:
            verify: Whether what is written will be run, too.

        Raises:
            MissingExtraError: Names the extra.
        """
        for module in (*self.writers, *(self.runtime if verify else ())):
            optional(module, self.extra)
