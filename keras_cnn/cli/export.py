"""`keras-cnn export`: a trained model in other formats, proven equal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .._checks import InputError
from .._files import check_writable
from .console import out, start_tensorflow
from .options import AsJson, DataDir, Formats, ManualDir, Verify

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from ..data import ImageDataset
    from ..export import Export, ModelFacts, Parity, ParityData

# Drawn from the data set: real images to compare on, and to calibrate int8 with.
COMPARED = 2000
_LEAST = 1000
CALIBRATED = 300


def export(
    model: Annotated[
        Path,
        typer.Argument(
            help="A .keras file, or a run's folder.",
            metavar="MODEL",
            show_default=False,
        ),
    ],
    formats: Formats = "saved_model",
    out_folder: Annotated[
        Path, typer.Option("--out", help="Where exports are kept.")
    ] = Path("saved_models"),
    name: Annotated[
        str | None,
        typer.Option(help="The model's name. Defaults to its own.", show_default=False),
    ] = None,
    dataset: Annotated[
        str | None,
        typer.Option(
            help="The data set whose images to compare on and to calibrate int8 with. "
            "Defaults to the one noted beside the model, else auto.",
            show_default=False,
        ),
    ] = None,
    data_dir: DataDir = None,
    manual_dir: ManualDir = None,
    verify: Verify = True,
    as_json: AsJson = False,
) -> None:
    """Export a model for use without Keras, and prove that it is the same.

    Exits with 1, and writes nothing, if a file does not give what the model gives.
    """
    wanted = split_formats(formats)
    check_writable("out", out_folder)
    start_tensorflow()
    from ..data import load
    from ..saving import load_model
    from .datasets import noted_name, quiet_tfds

    run, path = _run_and_file(model)
    loaded = load_model(path, compile=False)
    quiet_tfds()
    images = load(
        dataset or noted_name(run.get("data", {})),
        data_dir=data_dir,
        manual_dir=manual_dir,
        image_size=loaded.input_shape[1:3],
    )
    classes = loaded.output_shape[-1]
    if len(images.class_names) != classes:
        raise InputError(
            f"The data set must have the model's {classes} classes. "
            f"Received: {images.name} with {len(images.class_names)}."
        )
    done = run_export(
        loaded,
        out_folder,
        wanted,
        _facts(name or loaded.name, run, images),
        images,
        verify,
        show=not as_json,
    )
    if as_json:
        parity = done.parity.to_dict() if done.parity else None
        print(json.dumps({"folder": str(done.folder), "parity": parity}, indent=2))
        return
    out.print(f"Exported: {done.folder}")


def _run_and_file(path: Path) -> tuple[dict[str, Any], Path]:
    """Returns what a run has noted, {} without one, and its model's file."""
    from ..runs.record import CONFIG, RESULT
    from ..saving.metadata import MODEL, read_noted

    if path.is_dir():
        path = path / MODEL
    run = path.parent
    return read_noted(run / CONFIG) | read_noted(run / RESULT), path


def _facts(name: str, run: dict[str, Any], images: ImageDataset) -> ModelFacts:
    from ..export import ModelFacts
    from ..runs import RunConfig

    told_elsewhere = ("class_names", "image_shape", "images")
    data = run.get("data", {}).items()
    return ModelFacts(
        name=name,
        class_names=images.class_names,
        data={key: value for key, value in data if key not in told_elsewhere},
        accuracy=run.get("test_accuracy"),
        test_images=run.get("test_images"),
        training=RunConfig(**run["config"]).summary() if "config" in run else {},
    )


def run_export(
    model: Any,
    folder: Path,
    formats: tuple[str, ...],
    facts: ModelFacts,
    images: ImageDataset,
    verify: bool,
    show: bool = True,
) -> Export:
    """Exports with progress on the screen, and prints how the files compare."""
    from ..export import ParityError, export

    with out.status("exporting") as status:
        try:
            done = export(
                model,
                folder,
                formats,
                facts=facts,
                data=parity_data(images) if verify else None,
                calibration=calibration(images) if "litert" in formats else None,
                verify=verify,
                progress=lambda what: status.update(f"exporting: {what}"),
            )
        except ParityError as error:
            if show:
                _print_parity(error.parity)
            raise
    if show and done.parity is not None:
        _print_parity(done.parity)
    return done


def split_formats(text: str) -> tuple[str, ...]:
    """Returns the formats named in one option.

    Raises:
        InputError: If one is not known.
    """
    from ..export.formats import FORMATS

    formats = tuple(part.strip() for part in text.split(","))
    if not set(formats) <= set(FORMATS):
        raise InputError(
            f"`format` must be some of {', '.join(FORMATS)}, with commas between. "
            f"Received: format={text!r}."
        )
    return formats


def parity_data(images: ImageDataset) -> ParityData:
    """Returns test images, and training images where there are fewer than 1,000."""
    import numpy as np

    from ..data import ArraySplit
    from ..export import ParityData

    test = images.limited(COMPARED).test
    parts = [test.images_at(range(len(test)))]
    labels = test.labels if isinstance(test, ArraySplit) else np.full(len(test), -1)
    more = max(0, _LEAST - len(test))
    if more:
        parts.append(_drawn(images, more))
    unlabelled = np.full(sum(map(len, parts)) - len(labels), -1)
    return ParityData(
        images.name, np.concatenate(parts), np.concatenate([labels, unlabelled])
    )


def calibration(images: ImageDataset) -> npt.NDArray[np.uint8]:
    """Returns training images, drawn at random."""
    return _drawn(images, CALIBRATED)


def _drawn(images: ImageDataset, count: int) -> npt.NDArray[np.uint8]:
    part = images.limited(count).train
    return part.images_at(range(len(part)))


def _print_parity(parity: Parity) -> None:
    """Prints how each file compares with the model."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("file", no_wrap=True)
    for head in ("kB", "differs by", "same", "right", "1", "256 ms"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("")
    for one in parity.artefacts:
        table.add_row(
            one.file,
            f"{one.bytes / 1000:,.0f}",
            f"{one.difference:.1e}",
            f"{one.agreement:.2%}",
            "" if one.accuracy is None else f"{one.accuracy:.2%}",
            f"{one.milliseconds_1:.2f}",
            f"{one.milliseconds_256:.1f}",
            "differs" if one.problem else "equal",
        )
    out.print(table)
    out.print(
        "Largest difference of a probability, same label, right label, and ms for 1 "
        f"and 256 images: on {parity.images:,} images of {parity.source} and "
        f"{parity.hard_images} hard ones, each file in a process without Keras."
    )
    if parity.mixed_difference is not None:
        out.print(
            "As trained, in mixed precision, the model differs from itself in float32 "
            f"by up to {parity.mixed_difference:.1e} in a probability."
        )
