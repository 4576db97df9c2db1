"""A trained model in every format that is asked for, proven equal, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic, Literal, overload

import keras
import numpy as np
import numpy.typing as npt
from typing_extensions import TypeVar

from .._checks import InputError
from .._files import publish_version, temporary_folder, write_json
from .._preparation import Preparation
from ..data import ImageDataset
from ..formats import FORMATS as FORMATS
from ..formats.classifier import Classifier, read_classifier
from ..formats.format import Signatures
from ..saving.metadata import ModelMetadata
from ..saving.rehearsal import remember
from .artifact import Artifact
from .card import write_card
from .dataset_images import calibration_images, parity_images
from .errors import ParityError
from .manifest import write_manifest
from .parity import Parity, ParityData, check_parity

PARITY = "parity.json"
_REAL_IMAGES = 1000

Progress = Callable[[str], None]

ParityT = TypeVar("ParityT", bound=Parity | None, covariant=True, default=Parity | None)


@dataclass(frozen=True)
class Export(Generic[ParityT]):
    """What an export left.

    To a type checker `Export[Parity]` is an export that was compared.

    Attributes:
        folder: The version's folder.
        parity: How its files compare with the model; None if that was not checked.
    """

    folder: Path
    parity: ParityT


@overload
def export(
    model: keras.Model,
    folder: str | Path,
    formats: Sequence[str] = ("saved_model",),
    *,
    class_names: Sequence[str] | None = None,
    name: str | None = None,
    metadata: ModelMetadata | None = None,
    data: ImageDataset | ParityData | None = None,
    calibration: npt.NDArray[np.uint8] | None = None,
    verify: Literal[True] = True,
    progress: Progress | None = None,
) -> Export[Parity]: ...


@overload
def export(
    model: keras.Model,
    folder: str | Path,
    formats: Sequence[str] = ("saved_model",),
    *,
    class_names: Sequence[str] | None = None,
    name: str | None = None,
    metadata: ModelMetadata | None = None,
    data: ImageDataset | ParityData | None = None,
    calibration: npt.NDArray[np.uint8] | None = None,
    verify: bool,
    progress: Progress | None = None,
) -> Export: ...


def export(
    model: keras.Model,
    folder: str | Path,
    formats: Sequence[str] = ("saved_model",),
    *,
    class_names: Sequence[str] | None = None,
    name: str | None = None,
    metadata: ModelMetadata | None = None,
    preparation: Preparation | None = None,
    data: ImageDataset | ParityData | None = None,
    calibration: npt.NDArray[np.uint8] | None = None,
    verify: bool = True,
    progress: Progress | None = None,
) -> Export:
    """Exports an image classifier to `folder/<name>/<next version>/`.

    Every file takes float32 images, (batch, height, width, channels), with the values
    that the model takes, as `image`, and gives `logits` and `probabilities`, float32
    (batch, classes), and `label`, int64 (batch,), in float32 whatever the model was
    trained in. Each is then run in a fresh process in which Keras and this package
    cannot be imported, on real images and on stress images, and compared with the
    model. The version is written under a temporary name and renamed only if all files
    are equal; an existing version is never touched.

    Args:
        model: A Keras classifier of gray or RGB images, with logits or probabilities as
            output.
        folder: Where exports are kept.
        formats: Some of `saved_model`; `litert`, in float32, with float16 weights and,
            if there are images to calibrate it with, in int8; `onnx`; and `keras`, the
            model as it is. Defaults to `("saved_model",)`.
        class_names: One name a class, in the order of the outputs. Defaults to those
            of `metadata`, else numbers.
        name: The model's name. Defaults to that of `metadata`, else the model's own.
        metadata: What else the export should say of the model: its data, its accuracy.
            Defaults to nothing.
        preparation: How images are prepared for the model, which its files then say and
            do. Defaults to that of `metadata`, else to resizing, with the values that
            the model's first layers take where that can be told, else 0..1.
        data: A data set, whose test images are compared on and whose training images
            calibrate int8; or `ParityData`, to compare on images of your choice.
            Defaults to scikit-learn's 1,797 digits, which only tell whether labels
            agree, not how accurate they are.
        calibration: Training images for LiteRT's int8, uint8 (n, height, width,
            channels). Defaults to those of the data set; without one there is no int8.
        verify: Whether to compare. Defaults to `True`; what was not compared says so in
            its manifest.
        progress: Called with what is being done. Defaults to nothing.

    Returns:
        The version's folder, and the comparison.

    Raises:
        InputError: If the model is not such a classifier, or cannot be converted; if
            `formats` names one that is not known.
        MissingExtraError: If a package is missing.
        ParityError: If a file in float32 differs by more than 1e-5 in a probability, or
            one in int8 loses more than half a point of accuracy.
        OSError: If the folder cannot be written to, or its disk is full.

    Example:
        >>> import tempfile
        >>> from keras_cnn.models import article_cnn
        >>> done = export(article_cnn(), tempfile.mkdtemp(), verify=False)
        >>> done.folder.parts[-2:]
        ('article_cnn', '1')
    """
    _check_formats(formats, verify)
    metadata = metadata or ModelMetadata()
    classifier = read_classifier(
        model,
        name or metadata.name or model.name,
        class_names or metadata.class_names,
        preparation or metadata.preparation,
    )
    metadata = replace(
        metadata,
        name=classifier.name,
        class_names=classifier.class_names,
        preparation=classifier.preparation,
    )
    if isinstance(data, ImageDataset):
        if calibration is None and any(
            "int8" in FORMATS[name].files for name in formats
        ):
            calibration = calibration_images(data)
        data = parity_images(data) if verify else None
    if data is None and verify:
        data = _digits(classifier.image_shape)
    _check_images("data", data.images if data else None, classifier)
    _check_images("calibration", calibration, classifier)
    tell = progress or (lambda what: None)
    parent = Path(folder) / classifier.name
    with temporary_folder(parent) as temporary:
        content = temporary / "version"
        content.mkdir()
        try:
            artifacts, signatures = _write(
                classifier, content, formats, calibration, tell
            )
        except OSError as error:  # named by where it was to go, not by what is removed
            raise OSError(error.errno, error.strerror, str(parent)) from error
        for artifact in artifacts:
            remember(FORMATS[artifact.kind].content(artifact.path))
        parity = None
        if verify and data is not None:
            tell("comparing")
            parity = check_parity(classifier, artifacts, data, calibration)
            if parity.problems:
                raise ParityError(" ".join(parity.problems), parity)
            write_json(content / PARITY, parity.to_dict())

        def complete(version: Path) -> None:
            """Writes the files that name the version and list the others."""
            write_card(
                content, version, metadata, classifier, signatures, artifacts, parity
            )
            write_manifest(
                content, metadata, classifier.image_shape, signatures, parity
            )

        return Export(publish_version(content, parent, complete), parity)


def _write(
    classifier: Classifier,
    content: Path,
    formats: Sequence[str],
    calibration: npt.NDArray[np.uint8] | None,
    tell: Progress,
) -> tuple[list[Artifact], Signatures]:
    """Writes the model in each format; returns the files and the signatures."""
    artifacts = []
    signatures: Signatures = {}
    for format in FORMATS.values():
        if format.name not in formats:
            continue
        for precision, file in format.precisions(classifier, calibration).items():
            tell(f"{format.name} {precision}")
            path = content / file
            signatures |= format.write(classifier, path, precision, calibration)
            artifacts.append(Artifact(format.name, precision, path))
    return artifacts, signatures


def _check_formats(formats: Sequence[str], verify: bool) -> None:
    if isinstance(formats, str) or not formats or not set(formats) <= set(FORMATS):
        raise InputError(
            f"`formats` must be some of {', '.join(FORMATS)}. Received: {formats!r}."
        )
    for name in formats:
        FORMATS[name].check_writable(verify=verify)


def _check_images(
    name: str, images: npt.NDArray[np.uint8] | None, classifier: Classifier
) -> None:
    if images is None:
        return
    if images.dtype != np.uint8 or images.shape[1:] != classifier.image_shape:
        raise InputError(
            f"`{name}` must hold uint8 images of the model's shape, "
            f"{classifier.image_shape}. Received: {images.dtype} of shape "
            f"{images.shape}."
        )
    if not len(images):
        raise InputError(f"`{name}` must hold at least one image. Received: none.")


def _digits(image_shape: tuple[int, int, int]) -> ParityData:
    """Returns scikit-learn's digits in the form of a model's images, unlabelled."""
    from ..data import load

    height, width, channels = image_shape
    digits = load("digits", image_size=(height, width)).train
    images = digits.images_at(range(_REAL_IMAGES))
    return ParityData(
        "scikit-learn's digits, whose classes the model may not know",
        np.repeat(images, channels, axis=-1),
    )
