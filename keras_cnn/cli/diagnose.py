"""`keras-cnn diagnose`: why a saved model's training does not learn."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .._checks import InputError
from .._files import check_writable, replaced_file, write_json
from .console import out, print_warning, start_tensorflow
from .options import AsJson, DataDir, Limit, ManualDir

if TYPE_CHECKING:
    from ..doctor import Diagnosis, Repair

_CODES = {"faulty": 1, "undecided": 3}
_VERDICTS = {
    "healthy": "Healthy.",
    "faulty": "Not healthy.",
    "undecided": "Undecided: {reason}.",
}

JSON = "diagnosis.json"
REPAIRED = "repaired.keras"
PATCH = "patch.json"


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
    batch_size: Annotated[int, typer.Option(help="Planned batch size.")] = 32,
    epochs: Annotated[int, typer.Option(help="Planned epochs.")] = 5,
    budget_seconds: Annotated[
        float, typer.Option(help="Seconds that the diagnosis may take, about.")
    ] = 12.0,
    seed: Annotated[int, typer.Option(help="Fixes all that is drawn.")] = 0,
    fresh: Annotated[
        bool,
        typer.Option(
            "--fresh", help="Begin from new weights, where the model has been trained."
        ),
    ] = False,
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

    Exits with 0 if it is healthy, 1 if it is faulty, 2 if the input is bad, and 3 if it
    is undecided: too little fitted the budget, or nothing can tell what is attainable.
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
    from ..doctor.datasets import read_arrays, read_images
    from ..saving import load_model
    from .datasets import quiet_tfds

    quiet_tfds()
    with warnings.catch_warnings():
        # Of a model that was never trained, Keras warns that its optimizer is empty.
        warnings.simplefilter("ignore", UserWarning)
        loaded = load_model(model)
    if data is not None:
        given = read_arrays(data, loaded)
    else:
        given = read_images(
            str(dataset),
            loaded,
            data_dir=data_dir,
            manual_dir=manual_dir,
            limit=limit,
        )
    plan: dict[str, Any] = {"batch_size": batch_size, "epochs": epochs}
    diagnosis = diagnose(
        loaded,
        given.x,
        given.y,
        **plan,
        validation_data=given.validation,
        budget_seconds=budget_seconds,
        fresh=fresh,
        seed=seed,
    )
    content = diagnosis.to_dict()
    write_json(out_folder / JSON, content)
    if report is not None:
        write_report(diagnosis, report, str(model))
    repaired = None
    if repair and diagnosis.verdict == "faulty":
        repaired = make_repair(diagnosis, loaded, given.x, given.y, **plan, fresh=fresh)
        if repaired is not None:
            content["repair"] = _write_repair(repaired, out_folder)
    if as_json:
        print(json.dumps(content, indent=2))
    else:
        _print(diagnosis, repaired, repair, out_folder)
    if not diagnosis.healthy:
        raise typer.Exit(_CODES[diagnosis.verdict])


def _same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()


def _write_repair(repaired: Repair, folder: Path) -> dict[str, Any]:
    if repaired.model is not None:
        with replaced_file(folder / REPAIRED) as temporary:
            repaired.model.save(temporary)
    content = {
        "codes": repaired.codes,
        "before": repaired.before,
        "after": repaired.after,
        "changes": list(repaired.changes),
        "arguments": repaired.patch,
        "model": str(folder / REPAIRED) if repaired.model is not None else None,
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
        where = f"What to change is in {folder / PATCH}"
        if repaired.model is not None:
            where = (
                f"The remedied model, not trained yet, is in {folder / REPAIRED}, what "
                f"else to change in {folder / PATCH}"
            )
        out.print(
            f"{' and '.join(repaired.codes)} remedied: skill {repaired.before:.2f} -> "
            f"{repaired.after:.2f}. {where}."
        )
    elif asked and diagnosis.verdict == "faulty":
        print_warning("No single remedy restored learning.")
    if diagnosis.trained:
        print_warning(
            "The model had been trained before: this is how its training goes on. "
            "--fresh diagnoses the program from new weights."
        )
    out.print(_VERDICTS[diagnosis.verdict].format(reason=diagnosis.reason))
