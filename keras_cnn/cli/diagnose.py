"""`keras-cnn diagnose`: why a saved model's training does not learn."""

from __future__ import annotations

import json
import warnings
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .._checks import InputError
from .._files import check_writable, replaced_file, write_json
from .console import out, print_warning, start_tensorflow
from .options import AsJson, DataDir, Limit, ManualDir

if TYPE_CHECKING:
    import keras

    from ..doctor import Diagnosis, Repair

JSON = "diagnosis.json"
REPAIRED = "repaired.keras"
PATCH = "patch.json"
# What is drawn of a data set too large for memory: as much as a diagnosis gets through.
STREAMED = 10_000


def diagnose(
    model: Annotated[
        Path,
        typer.Argument(
            help="A .keras file of a compiled model.",
            metavar="MODEL",
            show_default=False,
        ),
    ],
    dataset: Annotated[
        str | None,
        typer.Option(
            help="A data set of images, as for train; scaled to [0, 1] and resized "
            "to the model.",
            show_default=False,
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            help="An .npz file with x and y, or x_train and y_train, and perhaps "
            "x_test and y_test: arrays just as they are trained on. Of a model with "
            "several inputs or outputs, one array for each, by its name.",
            show_default=False,
        ),
    ] = None,
    data_dir: DataDir = None,
    manual_dir: ManualDir = None,
    limit: Limit = None,
    batch_size: Annotated[int, typer.Option(help="As planned.")] = 32,
    epochs: Annotated[int, typer.Option(help="As planned.")] = 5,
    budget_seconds: Annotated[
        float, typer.Option(help="Seconds that the diagnosis may take, about.")
    ] = 12.0,
    seed: Annotated[int, typer.Option(help="Fixes all that is drawn.")] = 0,
    as_json: AsJson = False,
    report: Annotated[
        Path | None,
        typer.Option(help="An .html file to draw to.", show_default=False),
    ] = None,
    repair: Annotated[
        bool,
        typer.Option("--repair", help="Write a remedied model and a patch to --out."),
    ] = False,
    out_folder: Annotated[
        Path, typer.Option("--out", help="Where diagnosis.json is written.")
    ] = Path("diagnosis"),
) -> None:
    """Say whether a model's training learns, and if not, why.

    Exits with 0 if nothing is wrong, 1 if anything from a warning up is found, and 2
    if the input is bad.
    """
    if (dataset is None) == (data is None):
        raise InputError(
            "Either `dataset` or `data` must be given. "
            f"Received: dataset={dataset!r}, data={data and str(data)!r}."
        )
    if report is not None:
        if report.suffix.lower() not in (".html", ".htm"):
            raise InputError(
                f"`report` must be an .html file. Received: report={str(report)!r}."
            )
        check_writable("report", report.parent)
    check_writable("out", out_folder)
    if repair and _same(out_folder / REPAIRED, model):
        raise InputError(
            "`out` must name another folder than the model's, so that nothing is "
            f"overwritten. Received: out={str(out_folder)!r}."
        )
    start_tensorflow()
    from ..doctor import diagnose, write_report
    from ..doctor import repair as make_repair
    from ..saving import load_model

    with warnings.catch_warnings():
        # Of a model that was never trained, Keras warns that its optimizer is empty.
        warnings.simplefilter("ignore", UserWarning)
        loaded = load_model(model)
    x, y, validation = (
        _from_file(data, loaded)
        if data is not None
        else _from_dataset(str(dataset), loaded, data_dir, manual_dir, limit)
    )
    plan = {"batch_size": batch_size, "epochs": epochs}
    diagnosis = diagnose(
        loaded,
        x,
        y,
        **plan,
        validation_data=validation,
        budget_seconds=budget_seconds,
        seed=seed,
    )
    content = diagnosis.to_dict()
    write_json(out_folder / JSON, content)
    if report is not None:
        write_report(diagnosis, report, str(model))
    repaired = None
    if repair and not diagnosis.healthy:
        repaired = make_repair(diagnosis, loaded, x, y, **plan)
        if repaired is not None:
            content["repair"] = _write_repair(repaired, out_folder)
    if as_json:
        print(json.dumps(content, indent=2))
    else:
        _print(diagnosis, repaired, repair, out_folder)
    if not diagnosis.healthy:
        raise typer.Exit(1)


def _same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()


def _write_repair(repaired: Repair, folder: Path) -> dict[str, Any]:
    with replaced_file(folder / REPAIRED) as temporary:
        repaired.model.save(temporary)
    content = {
        "codes": repaired.codes,
        "before": repaired.before,
        "after": repaired.after,
        "arguments": repaired.patch,
        "model": str(folder / REPAIRED),
    }
    write_json(folder / PATCH, content)
    return content


def _print(
    diagnosis: Diagnosis, repaired: Repair | None, asked: bool, folder: Path
) -> None:
    from rich.table import Table

    out.print(
        f"Skill {diagnosis.skill:.2f} of an attainable {diagnosis.attainable:.2f}, "
        f"after {diagnosis.updates:,} of {diagnosis.planned:,} planned updates "
        f"({diagnosis.seconds:.1f} s)."
    )
    if diagnosis.findings:
        table = Table(show_lines=True)
        for head in ("severity", "fault", "evidence", "what it does", "change"):
            table.add_column(head, overflow="fold")
        for one in diagnosis.findings:
            fault = f"{one.code}\n{one.where}\nconfidence {one.confidence:.0%}"
            evidence = f"{one.evidence}\nthreshold: {one.threshold}"
            table.add_row(one.severity, fault, evidence, one.effect, one.remedy)
        out.print(table, soft_wrap=False)
    if repaired is not None:
        out.print(
            f"{' and '.join(repaired.codes)} remedied: skill {repaired.before:.2f} -> "
            f"{repaired.after:.2f}. The remedied model, not trained yet, is in "
            f"{folder / REPAIRED}, what else to change in {folder / PATCH}."
        )
    elif asked and not diagnosis.healthy:
        print_warning("No single remedy restored learning.")
    out.print("Healthy." if diagnosis.healthy else "Not healthy.")


Arrays = tuple[Any, Any, tuple[Any, Any] | None]


def _from_file(path: Path, model: keras.Model) -> Arrays:
    """Reads arrays from an `.npz` file, never running what it may hold."""
    import numpy as np

    if not path.is_file() or not zipfile.is_zipfile(path):
        raise InputError(f"`data` must be an .npz file. Received: data={str(path)!r}.")
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (ValueError, OSError, zipfile.BadZipFile) as error:
        raise InputError(
            f"`data` must hold plain arrays. Received: data={str(path)!r} ({error})."
        ) from error
    for x, y in (("x_train", "y_train"), ("x", "y")):
        if x in arrays and y in arrays:
            held_out = "x_test" in arrays and "y_test" in arrays
            validation = (arrays["x_test"], arrays["y_test"]) if held_out else None
            return arrays[x], arrays[y], validation
    inputs = [tensor.name for tensor in getattr(model, "inputs", None) or []]
    outputs = list(getattr(model, "output_names", None) or [])
    if inputs and outputs and {*inputs, *outputs} <= arrays.keys():
        return [arrays[one] for one in inputs], [arrays[one] for one in outputs], None
    raise InputError(
        "`data` must hold x and y, or x_train and y_train, or one array for each of "
        f"the model's inputs and outputs ({', '.join((*inputs, *outputs))}). "
        f"Received: data={str(path)!r} with {', '.join(sorted(arrays)) or 'nothing'}."
    )


def _from_dataset(
    name: str,
    model: keras.Model,
    data_dir: str | None,
    manual_dir: str | None,
    limit: int | None,
) -> Arrays:
    """Loads images as the training command feeds them, labels as the loss wants."""
    import numpy as np

    from .._images import scale
    from ..data import ArraySplit, load
    from .datasets import quiet_tfds

    quiet_tfds()
    shape: Any = getattr(model, "input_shape", ())
    size = shape[1:3] if len(shape) == 4 and None not in shape[1:3] else None
    images = load(name, data_dir=data_dir, manual_dir=manual_dir, image_size=size)
    if limit is None and not isinstance(images.train, ArraySplit):
        limit = STREAMED
    images = images.limited(limit)
    classes = len(images.class_names)
    loss = getattr(model, "loss", None)
    words = f"{getattr(loss, 'name', loss)}{type(loss).__name__}".lower()
    one_hot = "sparse" not in words and model.output_shape[-1] > 1

    def arrays(split: Any) -> tuple[Any, Any]:
        if isinstance(split, ArraySplit):
            pixels, labels = scale(split.images), split.labels
        else:
            batches = split.batches(256).as_numpy_iterator()
            pixels, labels = map(np.concatenate, zip(*batches, strict=True))
        rows = np.eye(classes, dtype="float32")[labels]
        return pixels, rows if one_hot else labels

    return *arrays(images.train), arrays(images.test)
