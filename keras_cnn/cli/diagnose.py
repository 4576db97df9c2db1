"""`keras-cnn diagnose`: why a saved model's training does not learn."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .._checks import InputError, check_choice
from .._files import check_writable, replaced_file, write_json
from .console import out, print_warning, start_tensorflow
from .options import AsJson, DataDir, Limit, ManualDir

if TYPE_CHECKING:
    from ..doctor import Diagnosis, Finding, Repair
    from ..runs.program import TrainingProgram

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
        Path | None,
        typer.Argument(
            help="A .keras file of a compiled model, or the folder of a run, which "
            "knows its data and its plan.",
            metavar="MODEL",
            show_default=False,
        ),
    ] = None,
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
    batch_size: Annotated[
        int | None,
        typer.Option(help="Planned batch size.", show_default="32, or the run's"),
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(help="Planned epochs.", show_default="5, or the run's"),
    ] = None,
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
    explain: Annotated[
        str | None,
        typer.Option(
            metavar="CODE",
            help="Show what a code means, and what to change, and do nothing more.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Say whether a model's training learns, and if not, why.

    Exits with 0 if it is healthy, 1 if it is faulty, 2 if the input is bad, and 3 if it
    is undecided: too little fitted the budget, or nothing can tell what is attainable.
    """
    if explain is not None:
        _explain(explain)
        return
    if model is None:
        raise InputError("`MODEL` must be given. Received: none.")
    given = [one for one in (dataset, data) if one is not None]
    if len(given) != (0 if model.is_dir() else 1):
        raise InputError(
            "Either `dataset` or `data` must be given with a model file, and neither "
            f"with the folder of a run, which knows its data. Received: dataset="
            f"{dataset!r}, data={data and str(data)!r}."
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
    start_tensorflow(training="whole")
    from ..doctor import diagnose, write_report
    from ..doctor import repair as make_repair

    program = _read_program(
        model,
        dataset,
        data,
        fresh=fresh,
        **{"data_dir": data_dir, "manual_dir": manual_dir, "limit": limit},
    )
    arguments = (program.model, program.x, program.y)
    plan: dict[str, Any] = {
        "batch_size": program.batch_size if batch_size is None else batch_size,
        "epochs": program.epochs if epochs is None else epochs,
        # The model of a run has been built anew.
        "fresh": fresh and not model.is_dir(),
    }
    if program.y is None:  # the batches of a stream are what they are
        plan["batch_size"] = None
    diagnosis = diagnose(
        *arguments,
        **plan,
        validation_data=program.validation_data,
        budget_seconds=budget_seconds,
        seed=seed,
    )
    content = diagnosis.to_dict()
    write_json(out_folder / JSON, content)
    if report is not None:
        write_report(diagnosis, report, str(model))
    repaired = None
    if repair and diagnosis.verdict == "faulty":
        repaired = make_repair(diagnosis, *arguments, **plan)
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


def _read_program(
    model: Path, dataset: str | None, data: Path | None, *, fresh: bool, **images: Any
) -> TrainingProgram:
    """Returns the program of a run's folder, or of a model file and its data."""
    from ..doctor.datasets import read_arrays, read_images
    from ..runs.program import TrainingProgram, training_program
    from ..saving import load_model
    from .datasets import quiet_tfds

    quiet_tfds()
    with warnings.catch_warnings():
        # Of a model that was never trained, Keras warns that its optimizer is empty.
        warnings.simplefilter("ignore", UserWarning)
        if model.is_dir():
            return training_program(model, fresh=fresh, **images)
        loaded = load_model(model)
    if data is not None:
        given = read_arrays(data, loaded)
    else:
        given = read_images(str(dataset), loaded, **images)
    return TrainingProgram(loaded, given.x, given.y, given.validation)


def _explain(code: str) -> None:
    """Prints the page of a code."""
    start_tensorflow()
    from rich.markdown import Markdown

    from ..doctor.findings import FORMER_CODES
    from ..doctor.rules import RULES, pages

    former = {old: new for new, old in FORMER_CODES.items()}
    code = former.get(code, code)
    check_choice("explain", code, tuple(RULES))
    out.print(Markdown(pages.page(RULES[code])))


def _print(
    diagnosis: Diagnosis, repaired: Repair | None, asked: bool, folder: Path
) -> None:
    out.print(
        f"Skill {diagnosis.skill:.2f} of an attainable {diagnosis.attainable:.2f}, "
        f"after {diagnosis.updates:,} of {diagnosis.planned:,} planned updates "
        f"({diagnosis.seconds:.1f} s)."
    )
    for finding in diagnosis.findings:
        if finding.counts:
            _print_cause(finding)
    notes = [finding for finding in diagnosis.findings if not finding.counts]
    if notes:
        out.print("\nNotes, which do no harm by themselves:", style="dim")
    for finding in notes:
        said = f"  {finding.code} at {finding.where}: {finding.evidence}"
        out.print(said, style="dim")
    out.print()
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


def _print_cause(finding: Finding) -> None:
    """Prints one cause: what was seen, why it harms, what to change."""
    from rich.text import Text

    style = {"error": "bold red", "warning": "bold yellow"}[finding.severity]
    where = f" at {finding.where}, confidence {finding.confidence:.0%}"
    out.print()
    out.print(Text(f"{finding.severity} {finding.code}", style) + Text(where))
    for line in (finding.effect, finding.evidence, f"threshold: {finding.threshold}"):
        out.print(f"  {line}")
    for line in finding.remedy.splitlines():
        out.print(f"      {line}", style="bold")
    more = f"keras-cnn diagnose --explain {finding.code}"
    out.print(f"  More: {more}", style="dim")
