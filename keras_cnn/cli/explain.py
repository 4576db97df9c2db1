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
from .models import OpenedModel, open_model
from .options import AsJson, ModelPath, check_picture

if TYPE_CHECKING:
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
OF_IMAGES = ("feature_maps",)
OF_THE_MODEL = ("kernels", "activation_maximisation")
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
            f"{', '.join(MAPS)}, or all. What the layers make of it: "
            f"{', '.join(OF_IMAGES)}. Without an image: {', '.join(OF_THE_MODEL)}.",
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
    raw: Annotated[
        bool, typer.Option("--raw", help="Only resize the images, as for predict.")
    ] = False,
    out_file: Annotated[
        Path, typer.Option("--out", help="The PNG file to write.")
    ] = Path("explanation.png"),
    as_json: AsJson = False,
) -> None:
    """Draw which parts of an image speak for a class, or what layers have learned."""
    methods, paths = _checked(method or ["grad_cam"], images or [])
    check_picture(out_file)
    start_tensorflow()
    opened = open_model(model)
    if opened.model is None:
        raise InputError(
            "A model to explain must be a .keras file or a run's folder: an export has "
            f"no layers to look into. Received: {str(model)!r}."
        )
    if methods[0] in MAPS:
        number = _class_number(class_, opened.predictor.class_names)
        _explain_maps(opened, paths, raw, methods, number, layer, out_file, as_json)
        return
    rows = _draw_layers(opened, paths, raw, methods[0], class_, layer, out_file)
    if as_json:
        print(json.dumps({"method": methods[0], "out": str(out_file), "rows": rows}))
        return
    for name, described in rows.items():
        out.print(f"{name}: {described}")
    out.print(f"Drawn: {out_file}")


def _checked(methods: list[str], images: list[str]) -> tuple[list[str], list[str]]:
    """Returns the methods, each once, and the images, if they go together."""
    for name in methods:
        check_choice("method", name, (*MAPS, *OF_IMAGES, *OF_THE_MODEL, ALL))
    chosen = list(dict.fromkeys(MAPS if ALL in methods else methods))
    if len(chosen) > 1 and not set(chosen) <= set(MAPS):
        raise InputError(
            f"Only maps of the image go into one grid: {', '.join(MAPS)}. "
            f"Received: method={methods!r}."
        )
    if chosen[0] in OF_THE_MODEL and images:
        raise InputError(
            f"{chosen[0]} looks at the model alone and takes no image. "
            f"Received: {len(images)} images."
        )
    if chosen[0] in OF_IMAGES and len(images) != 1:
        raise InputError(
            f"{chosen[0]} takes one image. Received: {len(images)} images."
        )
    if chosen[0] in MAPS and not images:
        raise InputError(f"{chosen[0]} needs an image. Received: none.")
    return chosen, images


def _class_number(given: str | None, names: Sequence[str]) -> int | None:
    """Returns a class's number from its number or its name.

    Raises:
        InputError: If it is neither.
    """
    if given is None:
        return None
    if given.isdecimal() and int(given) < len(names):
        return int(given)
    check_choice("class", given, names)
    return list(names).index(given)


def _explain_maps(
    opened: OpenedModel,
    paths: list[str],
    raw: bool,
    methods: list[str],
    number: int | None,
    layer: str | None,
    out_file: Path,
    as_json: bool,
) -> None:
    from .._images import scale
    from ..explain import METHODS
    from ..explain.pictures import draw_explanations

    images = scale(opened.predictor.read(paths, raw=raw))
    found = []
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always", UserWarning)
        for name in methods:
            chosen = {"layer": layer} if name.startswith("grad_cam") else {}
            found.append(METHODS[name](opened.model, images, number, **chosen))
    for one in warned:
        print_warning(str(one.message))
    names = opened.predictor.class_names
    draw_explanations(images, found, out_file, class_names=names)
    rows = [_row(path, one, i, names) for i, path in enumerate(paths) for one in found]
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    for row in rows:
        gap = f", sums to it within {row['gap']:.1%}" if "gap" in row else ""
        note = f". All zero: {row['note']}" if row["note"] else ""
        out.print(
            f"{row['image']}: {row['method']} of class {row['class']}, "
            f"score {row['score']:.2f}{gap}{note}"
        )
    out.print(f"Drawn: {out_file}")


def _row(path: str, one: Explanation, i: int, names: Sequence[str]) -> dict[str, Any]:
    row = {
        "image": path,
        "method": one.method,
        "class": names[int(one.classes[i])],
        "score": float(one.scores[i]),
        "note": one.notes[i],
    }
    return row if one.gaps is None else row | {"gap": float(one.gaps[i])}


def _draw_layers(
    opened: OpenedModel,
    paths: list[str],
    raw: bool,
    method: str,
    class_: str | None,
    layer: str | None,
    out_file: Path,
) -> dict[str, str]:
    """Draws what layers have learned; returns what is said of each row."""
    from .._images import scale
    from ..explain import activation_maximisation, feature_maps, kernels
    from ..explain.pictures import draw_tiles, kernel_tiles

    names = opened.predictor.class_names
    if method == "feature_maps":
        images = scale(opened.predictor.read(paths, raw=raw))
        found = feature_maps(opened.model, images, [layer] if layer else None)
        # of one image, the maps side by side
        draw_tiles(
            {name: maps[0].transpose(2, 0, 1) for name, maps in found.items()}, out_file
        )
        return {name: _sides(maps.shape[1:]) for name, maps in found.items()}
    if method == "kernels":
        found = kernels(opened.model)
        if layer is not None:
            check_choice("layer", layer, list(found))
            found = {layer: found[layer]}
        draw_tiles(kernel_tiles(found), out_file)
        return {name: _sides(kernel.shape) for name, kernel in found.items()}
    units = None if layer else _class_number(class_, names)
    best = activation_maximisation(opened.model, units, layer=layer)
    labels = [names[unit] if layer is None else str(unit) for unit in best.units]
    title = layer or "classes " + ", ".join(labels)
    draw_tiles({title: best.images}, out_file)
    said = zip(labels, best.activations, strict=True)
    return {title: ", ".join(f"{label}: {value:.2f}" for label, value in said)}


def _sides(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))
