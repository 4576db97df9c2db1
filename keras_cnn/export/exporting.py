"""A trained model in every format that is asked for, proven equal, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt

from .._checks import InputError
from .._files import publish_version, temporary_folder, write_json
from .._optional import optional
from ..saving.metadata import MODEL, Noted
from . import litert, onnx
from .artefact import Artefact
from .card import write_card
from .classifier import Classifier, read_classifier
from .errors import ParityError
from .formats import FORMATS
from .manifest import ModelFacts, write_manifest
from .parity import Parity, ParityData, check_parity
from .saved_model import Signatures, write_saved_model

PARITY = "parity.json"
# A LiteRT file by the type that it computes in.
_LITERT = {
    "float32": "model.tflite",
    "float16": "model_float16.tflite",
    "int8": "model_int8.tflite",
}
_REAL_IMAGES = 1000

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Export:
    """What an export left.

    Attributes:
        folder: The version's folder.
        parity: How its files compare with the model; None if that was not checked.
    """

    folder: Path
    parity: Parity | None


def export(
    model: keras.Model,
    folder: str | Path,
    formats: Sequence[str] = ("saved_model",),
    *,
    facts: ModelFacts | None = None,
    data: ParityData | None = None,
    calibration: npt.NDArray[np.uint8] | None = None,
    verify: bool = True,
    progress: Progress | None = None,
) -> Export:
    """Exports an image classifier to `folder/<name>/<next version>/`.

    Every file takes float32 images in [0, 1], (batch, height, width, channels), as
    `image`, and gives `logits` and `probabilities`, float32 (batch, classes), and
    `label`, int64 (batch,), in float32 whatever the model was trained in. Each is then
    run in a fresh process in which Keras and this package cannot be imported, on real
    and on hard images, and compared with the model. The version is written under a
    temporary name and renamed only if all files are equal; an existing version is never
    touched.

    Args:
        model: A Keras classifier of gray or RGB images, with logits or probabilities as
            output.
        folder: Where exports are kept.
        formats: Some of `saved_model`; `litert`, in float32, with float16 weights and,
            if `calibration` is given, in int8; `onnx`; and `keras`, the model as it is.
            Defaults to `("saved_model",)`.
        facts: The model's name, its classes, its data and its accuracy. Defaults to the
            model's name, and numbers as classes.
        data: Real images to compare on. Defaults to scikit-learn's 1,797 digits, which
            only tell whether labels agree, not how accurate they are.
        calibration: Training images for LiteRT's int8, uint8 (n, height, width,
            channels). Defaults to none: no int8.
        verify: Whether to compare. Defaults to `True`; what was not compared says so in
            its manifest.
        progress: Called with what is being done. Defaults to nothing.

    Returns:
        The version's folder, and the comparison.

    Raises:
        InputError: If the model is no such classifier, or cannot be converted; if
            `formats` names none that is known; or if a package is missing.
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
    if facts is None:
        facts = ModelFacts(model.name, Noted().names(model.output_shape[-1]))
    classifier = read_classifier(model, facts.class_names)
    if data is None and verify:
        data = _digits(classifier.image_shape)
    _check_images("data", data.images if data else None, classifier)
    _check_images("calibration", calibration, classifier)
    tell = progress or (lambda what: None)
    parent = Path(folder) / facts.name
    with temporary_folder(parent) as temporary:
        content = temporary / "version"
        content.mkdir()
        try:
            artefacts, signatures = _write(
                model, classifier, content, formats, facts.name, calibration, tell
            )
        except OSError as error:  # named by where it was to go, not by what is removed
            raise OSError(error.errno, error.strerror, str(parent)) from error
        parity = None
        if verify and data is not None:
            tell("comparing")
            parity = check_parity(model, classifier, artefacts, data, calibration)
            if parity.problems:
                raise ParityError(" ".join(parity.problems), parity)
            write_json(content / PARITY, parity.to_dict())
        files = [artefact.file for artefact in artefacts]
        write_card(content, facts, classifier, signatures, files, parity)
        write_manifest(content, facts, classifier.image_shape, signatures, parity)
        return Export(publish_version(content, parent), parity)


def _write(
    model: keras.Model,
    classifier: Classifier,
    content: Path,
    formats: Sequence[str],
    name: str,
    calibration: npt.NDArray[np.uint8] | None,
    tell: Progress,
) -> tuple[list[Artefact], Signatures]:
    """Writes the model in each format; returns the files and the signatures."""
    artefacts = []
    signatures: Signatures = {}
    if "saved_model" in formats:
        tell("saved_model")
        signatures = write_saved_model(classifier, content)
        artefacts.append(Artefact("saved_model", "float32", content))
    if "litert" in formats:
        for precision, file in _LITERT.items():
            if precision == "int8" and calibration is None:
                continue
            tell(f"litert {precision}")
            path = content / file
            path.write_bytes(litert.convert(classifier, precision, name, calibration))
            artefacts.append(Artefact("litert", precision, path))
    if "onnx" in formats:
        tell("onnx")
        path = content / "model.onnx"
        path.write_bytes(onnx.convert(classifier, name))
        artefacts.append(Artefact("onnx", "float32", path))
    if "keras" in formats:
        tell("keras")
        path = content / MODEL
        model.save(path)
        policy = "float32" if model is classifier.model else "mixed"
        artefacts.append(Artefact("keras", policy, path))
    return artefacts, signatures


def _check_formats(formats: Sequence[str], verify: bool) -> None:
    if isinstance(formats, str) or not formats or not set(formats) <= set(FORMATS):
        raise InputError(
            f"`formats` must be some of {', '.join(FORMATS)}. Received: {formats!r}."
        )
    if "litert" in formats and verify:
        optional("ai_edge_litert.interpreter", "litert")
    if "onnx" in formats:
        for module in ("tf2onnx", "onnx", *(["onnxruntime"] if verify else [])):
            optional(module, "onnx")


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
