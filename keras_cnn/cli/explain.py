"""`keras-cnn explain`: why a model sees what it sees."""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .._checks import InputError, check_choice
from .console import out, print_warning, start_tensorflow
from .options import AsJson, ModelPath, check_picture
from .preparing import Pixels, Prepare, Raw, prepared

if TYPE_CHECKING:
    import keras

    from ..explain import Explanation

# Listed here so that `--help` does not start TensorFlow; a test compares the two.
MAPS = (
    "saliency",
    "gradient_x_input",
    "smooth_grad",
    "integrated_gradients",
    "grad_cam",
    "grad_cam_plus_plus",
    "occlusion",
)
OF_LAYERS = ("feature_maps", "kernels", "activation_maximization")
# Spelt so until 0.1; accepted for one release.
_FORMER_NAMES = {"activation_maximisation": "activation_maximization"}
LOOK_AT_A_LAYER = ("grad_cam", "grad_cam_plus_plus")
ALL = "all"


def explain(
    model: ModelPath,
    images: Annotated[
        list[str] | None,
        typer.Argument(
            help="PNG, JPEG or other image files of any size and colour.",
            metavar="[IMAGE]...",
            show_default=False,
        ),
    ] = None,
    method: Annotated[
        list[str] | None,
        typer.Option(
            help=f"Given several times, one grid is drawn. Maps of the image: "
            f"{', '.join(MAPS)}, or all. What layers make of it: feature_maps. Without "
            "an image, what they look for: kernels, activation_maximization.",
            show_default="grad_cam",
        ),
    ] = None,
    class_: Annotated[
        str | None,
        typer.Option(
            "--class",
            help="The class to explain, by number or name. Defaults to the one that "
            "the model sees.",
            metavar="N",
            show_default=False,
        ),
    ] = None,
    layer: Annotated[
        str | None,
        typer.Option(
            help="The layer for the methods that look at one. Defaults to the last "
            "convolution.",
            show_default=False,
        ),
    ] = None,
    prepare: Prepare = None,
    pixels: Pixels = None,
    raw: Raw = False,
    out_file: Annotated[
        Path, typer.Option("--out", help="The PNG file to write.")
    ] = Path("explanation.png"),
    as_json: AsJson = False,
) -> None:
    """Draw which parts of an image speak for a class, or what layers have learned."""
    methods = _checked_methods(method or ["grad_cam"], len(images or []), class_, layer)
    check_picture(out_file)
    start_tensorflow()
    from .._images import scale
    from ..prediction import load
    from ..saving.classifier import has_one_score
    from ..saving.loading import keras_model_of

    predictor = prepared(load(model), prepare, pixels, raw=raw)
    keras_model = keras_model_of(model)
    if keras_model is None:
        raise InputError(
            "A model to explain must be a .keras file, or a folder with a model.keras: "
            "an export without one has no layers to look into. "
            f"Received: {str(model)!r}."
        )
    names = predictor.labels[1 if has_one_score(keras_model) else 0 :]
    number = None if class_ is None else _class_number(class_, names)
    seen = predictor.read(images or [])
    values = predictor.preparation.normalize(seen)
    if methods[0] in MAPS:
        found = _explain(keras_model, values, methods, number, layer)
        rows = _draw_maps(scale(seen), found, images or [], names, out_file)
        lines = [_line(row) for row in rows]
    else:
        rows = _draw_layers(
            keras_model, names, values, methods[0], number, layer, out_file
        )
        lines = [f"{row['name']}: {row['shown']}" for row in rows]
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    for line in lines:
        out.print(line)
    out.print(f"Drawn: {out_file}")


def _checked_methods(
    methods: list[str], images: int, class_: str | None, layer: str | None
) -> list[str]:
    """Returns the methods, each once, if they go together and with the rest.

    Raises:
        InputError: If they do not.
    """
    methods = [_FORMER_NAMES.get(name, name) for name in methods]
    for name in methods:
        check_choice("method", name, (*MAPS, *OF_LAYERS, ALL))
    chosen = list(dict.fromkeys(MAPS if ALL in methods else methods))
    first = chosen[0]
    if len(chosen) > 1 and not set(chosen) <= set(MAPS):
        raise InputError(
            f"Only maps of the image go into one grid: {', '.join(MAPS)}. "
            f"Received: method={methods!r}."
        )
    least, most, rule = {
        "feature_maps": (1, 1, "takes one image"),
        "kernels": (0, 0, "looks at the model alone and takes no image"),
        "activation_maximization": (
            0,
            0,
            "looks at the model alone and takes no image",
        ),
    }.get(first, (1, images, "needs an image"))
    if not least <= images <= most:
        raise InputError(f"{first} {rule}. Received: {images} images.")
    if class_ is not None and (
        first in ("feature_maps", "kernels") or (layer and first not in MAPS)
    ):
        raise InputError(
            f"{first} of a layer has no class. Received: class={class_!r}."
        )
    if layer is not None and not set(chosen) & {*LOOK_AT_A_LAYER, *OF_LAYERS}:
        raise InputError(
            f"`layer` is for {', '.join((*LOOK_AT_A_LAYER, *OF_LAYERS))}. "
            f"Received: layer={layer!r} with method={methods!r}."
        )
    return chosen


def _class_number(given: str, names: Sequence[str]) -> int:
    """Returns a class's number from its number or its name.

    Raises:
        InputError: If it is neither.
    """
    if given.isdecimal() and int(given) < len(names):
        return int(given)
    check_choice("class", given, names)
    return list(names).index(given)


def _explain(
    model: keras.Model,
    images: Any,
    methods: Sequence[str],
    number: int | None,
    layer: str | None,
) -> list[Explanation]:
    """Returns what each method finds; prints what it warns of."""
    from ..explain import METHODS

    found = []
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always", UserWarning)
        for name in methods:
            chosen = {"layer": layer} if name in LOOK_AT_A_LAYER else {}
            found.append(METHODS[name](model, images, number, **chosen))
    for one in warned:
        print_warning(str(one.message))
    return found


def _draw_maps(
    images: Any,
    found: Sequence[Explanation],
    paths: Sequence[str],
    names: Sequence[str],
    out_file: Path,
) -> list[dict[str, Any]]:
    """Draws the maps; returns what there is to say of each."""
    from ..explain.pictures import draw_explanations

    draw_explanations(images, found, out_file, class_names=names)
    return [
        {
            "image": path,
            "method": one.method,
            "class": names[int(one.classes[i])],
            "score": float(one.scores[i]),
            "note": one.notes[i],
            "gap": None
            if one.convergence_delta is None
            else float(one.convergence_delta[i]),
        }
        for i, path in enumerate(paths)
        for one in found
    ]


def _line(row: dict[str, Any]) -> str:
    gap = "" if row["gap"] is None else f", complete within {row['gap']:.1%}"
    note = f". All zero: {row['note']}" if row["note"] else ""
    return (
        f"{row['image']}: {row['method']} of class {row['class']}, "
        f"score {row['score']:.2f}{gap}{note}"
    )


def _draw_layers(
    model: keras.Model,
    names: tuple[str, ...],
    images: Any,
    method: str,
    number: int | None,
    layer: str | None,
    out_file: Path,
) -> list[dict[str, str]]:
    """Draws what layers have learned; returns what there is to say of each row."""
    from ..explain import activation_maximization, feature_maps, kernels
    from ..explain.pictures import draw_tiles, kernel_tiles

    if method == "activation_maximization":
        best = activation_maximization(model, number, layer=layer)
        labels = [str(unit) if layer else names[unit] for unit in best.units]
        draw_tiles({layer or "classes": best.images}, out_file)
        return [
            {"name": label, "shown": f"{value:.2f}"}
            for label, value in zip(labels, best.activations, strict=True)
        ]
    if method == "feature_maps":
        found = feature_maps(model, images, [layer] if layer else None)
        tiles = {name: maps[0].transpose(2, 0, 1) for name, maps in found.items()}
        shapes = {name: maps.shape[1:] for name, maps in found.items()}
    else:
        found = kernels(model)
        if layer is not None:
            check_choice("layer", layer, list(found))
            found = {layer: found[layer]}
        tiles = kernel_tiles(found)
        shapes = {name: kernel.shape for name, kernel in found.items()}
    draw_tiles(tiles, out_file)
    return [
        {"name": name, "shown": "x".join(map(str, shape))}
        for name, shape in shapes.items()
    ]
