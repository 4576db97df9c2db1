"""`keras-cnn claims`: what the article says, run as experiments."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .._checks import InputError
from .._files import check_writable
from .console import err, out, start_tensorflow

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from ..claims import Result

app = typer.Typer(help="Run the article's claims as experiments.", no_args_is_help=True)


@app.command("list")
def list_claims() -> None:
    """List the claims with their numbers, names and settings."""
    from rich.table import Table

    start_tensorflow()
    from ..claims import CLAIMS

    table = Table(show_lines=True)
    for head in ("", "name", "claim", "settings"):
        table.add_column(head, overflow="fold")
    for claim in CLAIMS:
        settings = "\n".join(f"{name}={one}" for name, one in claim.settings.items())
        table.add_row(str(claim.id), claim.slug, claim.statement, settings)
    out.print(table, soft_wrap=False)


@app.command("run")
def run_claims(
    claims: Annotated[
        list[str] | None,
        typer.Argument(
            help="Numbers or names, as `claims list` shows them.",
            metavar="[ID]...",
            show_default=False,
        ),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Run all of them.")] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="Fewer seeds, images and steps.")
    ] = False,
    seeds: Annotated[
        int | None,
        typer.Option(help="Seeds of each experiment, at least 5.", show_default=False),
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="Change a setting, as name=value; may be repeated.",
            metavar="NAME=VALUE",
            show_default=False,
        ),
    ] = None,
    out_folder: Annotated[
        Path, typer.Option("--out", help="Where claims.json and claims.html go.")
    ] = Path("."),
    markdown: Annotated[
        Path | None,
        typer.Option(
            help="Also write a page, and its pictures to images/claims beside it.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Run experiments, and say of each claim whether it holds."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    if bool(claims) == every:
        raise InputError(
            "Either claims must be named, or `--all` be given. "
            f"Received: {' '.join(claims or []) or 'neither'}{' --all' * every}."
        )
    check_writable("out", out_folder)
    if markdown is not None:
        if markdown.suffix != ".md":
            raise InputError(
                f"`markdown` must be an .md file. Received: markdown={str(markdown)!r}."
            )
        check_writable("markdown", markdown.parent)
    pairs = _pairs(changes or [])
    # Experiments run side by side in threads: each operation keeps to one core.
    start_tensorflow(training="split")
    from ..claims import CLAIMS, find_claim, run
    from ..claims.page import write_page
    from ..claims.report import HTML, JSON, write_html, write_records
    from ..claims.running import settings_of
    from .datasets import quiet_tfds

    quiet_tfds()
    named = {one.id: one for one in map(find_claim, claims or [])}
    chosen = list(CLAIMS) if every else [named[number] for number in sorted(named)]
    settings = settings_of(chosen, quick=quick, seeds=seeds, changes=pairs)
    results: list[Result] = []
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.0%}"),
        TimeElapsedColumn(),
        console=err,
        transient=True,
        disable=not err.is_terminal,
    ) as bar:
        whole = bar.add_task(f"{len(chosen)} claims", total=1)
        for claim in chosen:
            task = bar.add_task(f"{claim.id} {claim.slug}", total=1)
            show = partial(_show, bar, task)
            results.append(run(claim, settings[claim.id], show))
            bar.remove_task(task)
            bar.update(whole, completed=len(results) / len(chosen))
            err.print(
                f"{claim.id} {claim.slug}: {results[-1].verdict.ruling} "
                f"({results[-1].seconds:.0f} s)"
            )
            # After each of them: whatever happens later, it is kept.
            write_records(results, out_folder)
    write_html(results, out_folder)
    if markdown is not None:
        write_page(results, markdown)
    _print(results)
    out.print(f"Written: {out_folder / JSON}, {out_folder / HTML}")


def _show(bar: Progress, task: TaskID, share: float) -> None:
    bar.update(task, completed=share)


def _pairs(changes: list[str]) -> dict[str, str]:
    pairs = {}
    for change in changes:
        name, found, value = change.partition("=")
        if not (name and found and value):
            raise InputError(f"`set` must be name=value. Received: set={change!r}.")
        pairs[name] = value
    return pairs


def _print(results: list[Result]) -> None:
    from rich.table import Table

    table = Table(show_lines=True)
    for head in ("", "claim", "verdict", "effect", "what is true instead"):
        table.add_column(head, overflow="fold")
    for one in results:
        shown = one.verdict.headline
        effect = f"{shown.found}\n{shown.effect}; {one.measured.seeds} seeds"
        words = (one.claim.statement, one.verdict.ruling, effect)
        table.add_row(str(one.claim.id), *words, one.verdict.correction)
    out.print(table, soft_wrap=False)
    for data in sorted({one.measured.data for one in results}):
        out.print(f"Data: {data}")
