"""Results as records for programs and as one HTML page that needs nothing beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from .._environment import machine, versions
from .._files import write_json
from .._html import Html, element, join, picture, table, write_page
from .claim import Statement
from .running import Result
from .statistics import Comparison, estimate

JSON = "claims.json"
HTML = "claims.html"

_SIZE = (9.0, 3.4)
_DPI = 80

_EXTENTS = {
    "full": "A full run.",
    "quick": "A quick run (`--quick`: fewer seeds, images and steps than a full one).",
    "changed": "Settings stand with each claim.",
}
_CLASSES = {
    "holds": "good",
    "holds with a correction": "warning",
    "does not hold": "bad",
    "undecided": "muted",
}


def record(result: Result) -> dict[str, Any]:
    """Returns a result as JSON's types: what `claims.json` holds of it."""
    claim, verdict, measured = result.claim, result.verdict, result.measured
    found = verdict.headline.found
    return {
        "id": claim.id,
        "title": claim.title,
        "section": claim.section,
        "statement": claim.statement,
        "refuted_by": claim.refuted_by,
        "method": claim.method,
        "run": result.extent,
        "verdict": verdict.ruling,
        "correction": verdict.correction,
        "effect": found.value,
        "interval": [found.low, found.high],
        "effect_is": verdict.headline.effect,
        "seeds": measured.seeds,
        "statements": [_statement(each) for each in verdict.statements],
        "arms": {name: _arm(values) for name, values in measured.arms.items()},
        "comparisons": [asdict(each) for each in claim.compare(measured)],
        "notes": list(measured.notes),
        "data": measured.data,
        "settings": dict(result.settings),
        "seconds": round(result.seconds, 1),
        "versions": versions(),
        "machine": machine(),
    }


def write_records(results: Sequence[Result], folder: Path) -> None:
    """Writes `claims.json` into a folder."""
    write_json(folder / JSON, {"claims": [record(result) for result in results]})


def write_html(results: Sequence[Result], folder: Path) -> None:
    """Writes `claims.html` into a folder, its pictures within it."""
    write_page(
        folder / HTML,
        "The article's claims",
        element("p", about(results)),
        _overview(results),
        *(_section(result) for result in results),
    )


def about(results: Sequence[Result]) -> str:
    """Returns one paragraph on settings, data, machine, versions and time."""
    facts, host = versions(), machine()
    seconds = sum(result.seconds for result in results)
    data = sorted({result.measured.data for result in results})
    extents = {result.extent for result in results}
    extent = _EXTENTS[extents.pop() if len(extents) == 1 else "changed"]
    return (
        f"{extent} Data: {'; '.join(data)}. Keras {facts['keras']}, TensorFlow "
        f"{facts['tensorflow']}, Python {facts['python']}; {host['processor']}, "
        f"{host['cores']} cores; {seconds:,.0f} s in all. "
        "Intervals hold the mean over the seeds with 95 % confidence (bootstrap)."
    )


def draw(result: Result, path: Path) -> None:
    """Draws a result's picture as a PNG file."""
    _figure(result).savefig(path, format="png", dpi=_DPI)


def _figure(result: Result) -> Figure:
    figure = Figure(figsize=_SIZE, layout="constrained")
    result.claim.draw(result.measured, figure)
    return figure


def _statement(statement: Statement) -> dict[str, Any]:
    return {
        "statement": statement.text,
        "effect_is": statement.effect,
        "effect": statement.found.value,
        "interval": [statement.found.low, statement.found.high],
        "rule": statement.rule,
        "true": statement.outcome,
        "refutes": statement.refutes,
    }


def _arm(values: Any) -> dict[str, Any]:
    found = estimate(values)
    return {
        "mean": found.value,
        "interval": [found.low, found.high],
        "values": np.asarray(values, float).tolist(),
    }


def _verdict(result: Result) -> Html:
    ruling = result.verdict.ruling
    return element("strong", ruling, class_=_CLASSES[ruling])


def _overview(results: Sequence[Result]) -> Html:
    rows = [
        [
            element("a", str(result.claim.id), href=f"#{result.claim.slug}"),
            result.claim.statement,
            _verdict(result),
            result.verdict.correction,
        ]
        for result in results
    ]
    return table(("", "claim", "verdict", "correction"), rows)


def _section(result: Result) -> Html:
    claim, verdict, measured = result.claim, result.verdict, result.measured
    statements = [
        (each.text, each.effect, str(each.found), each.rule, each.outcome)
        for each in verdict.statements
    ]
    ending = f". {verdict.correction}"
    return join(
        [
            element("h2", f"{claim.id}. {claim.statement}", id=claim.slug),
            element("p", f"{claim.section}. Verdict: ", _verdict(result), ending),
            picture(_figure(result), _description(result), dpi=_DPI),
            table(("statement", "effect", "found", "true if", ""), statements),
            element("p", f"Would refute it: {claim.refuted_by}"),
            element("p", claim.method),
            *(element("p", note) for note in measured.notes),
            _compared(claim.compare(measured)),
            _arms(result),
        ]
    )


def _description(result: Result) -> str:
    """Returns what a result's picture shows, for those who cannot see it."""
    shown = result.verdict.headline
    return f"{result.claim.statement} {shown.effect}: {shown.found}."


def _compared(comparisons: Sequence[Comparison]) -> Html:
    if not comparisons:
        return Html()
    heads = ("arm", "effect", f"arm less {comparisons[0].base}", "p, Holm-corrected")
    rows = [
        (each.arm, each.effect, str(each.found), f"{each.p:.2g}")
        for each in comparisons
    ]
    return table(heads, rows)


def _arms(result: Result) -> Html:
    measured = result.measured
    chosen = ", ".join(f"{name}={value}" for name, value in result.settings.items())
    summary = (
        f"All {len(measured.arms)} arms, mean over {measured.seeds} seeds; {chosen}; "
        f"{measured.data}; {result.seconds:.0f} s"
    )
    rows = [(name, str(estimate(values))) for name, values in measured.arms.items()]
    return element(
        "details",
        element("summary", summary),
        table(("arm", "mean and interval"), rows),
    )
