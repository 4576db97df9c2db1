"""Loading of an exported SavedModel; of all runtimes it needs TensorFlow alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .._checks import InputError, first_line
from .._files import sha256
from ..saving.metadata import MANIFEST, Noted, read_noted
from .predictor import Predictor

# What TensorFlow reads of a folder.
_FILES = ("saved_model.pb", "saved_model.pbtxt", "fingerprint.pb")
_FOLDERS = ("variables", "assets", "assets.extra")


def open_saved_model(path: Path, *, trust: bool) -> Predictor:
    """Loads an exported model.

    Args:
        path: A version's folder.
        trust: Whether to load it whatever its manifest says.

    Raises:
        InputError: If the manifest does not match and `trust` is not given, or the
            folder holds no SavedModel with this package's signatures.
    """
    if not trust:
        _check_manifest(path)
    import tensorflow as tf

    try:
        model = tf.saved_model.load(str(path))
        serve = model.signatures["serving_default"]
        image = serve.structured_input_signature[1]["image"]
        probabilities = serve.structured_outputs["probabilities"]
        given = model.signatures["class_names"]()["class_names"].numpy().tolist()
    except (OSError, KeyError, ValueError, tf.errors.OpError) as error:
        raise InputError(
            "An exported model must be a SavedModel with an input `image`, an output "
            f"`probabilities` and `class_names`. Received: {path} "
            f"({first_line(error)})."
        ) from error
    inside = Noted(tuple(name.decode() for name in given))

    def classify(images: Any) -> Any:
        # Through the model each time: its weights live only as long as it does.
        serve = model.signatures["serving_default"]
        return serve(image=tf.constant(images, tf.float32))["probabilities"].numpy()

    height, width, channels = image.shape[1:]
    names = inside.names(probabilities.shape[-1])
    return Predictor(classify, (height, width, channels), names)


def _check_manifest(folder: Path) -> None:
    """Raises unless what TensorFlow would read is what the manifest lists."""
    listed = read_noted(folder / MANIFEST).get("files")
    reason = "it has no manifest.json that lists files"
    if isinstance(listed, dict):
        named = {name for name in listed if _is_read(name)}
        there = {
            name
            for path in folder.rglob("*")
            if not path.is_dir()
            and _is_read(name := path.relative_to(folder).as_posix())
        }
        reason = _difference(folder, listed, named, there)
    if reason:
        raise InputError(
            "A SavedModel is a program that may read and write files: it is loaded "
            "only if its manifest lists its files with their sums, or with --trust "
            f"(trust=True). Received: {str(folder)!r} ({reason})."
        )


def _difference(
    folder: Path, listed: dict[str, Any], named: set[str], there: set[str]
) -> str:
    for name in sorted(named | there):
        if name not in there:
            return f"{name} is missing"
        if name not in named:
            return f"{name} is not listed"
        noted = listed[name]
        path = folder / name
        if not isinstance(noted, dict) or noted.get("bytes") != path.stat().st_size:
            return f"{name} has another size than is listed"
        if noted.get("sha256") != sha256(path):
            return f"{name} has another SHA-256 than is listed"
    return ""


def _is_read(name: str) -> bool:
    return name in _FILES or name.split("/")[0] in _FOLDERS
