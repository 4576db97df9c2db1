"""Results as records for programs and as one HTML page that needs nothing beside it."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import asdict
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from .._environment import machine, versions
from .._files import replaced_file, write_json
from .claim import Part
from .running import Result
from .statistics import estimate

JSON = "claims.json"
HTML = "claims.html"

_SIZE = (9.0, 3.4)
_DPI = 80

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>The article's claims</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 62em; margin: 2em auto;
  padding: 0 1em; color: #222; }}
table {{ border-collapse: collapse; width: 100%; font-size: 90%; }}
td, th {{ border-bottom: 1px solid #ddd; padding: .3em .5em; text-align: left;
  vertical-align: top; }}
img {{ max-width: 100%; }} summary {{ cursor: pointer; color: #555; }}
.holds {{ color: #1b7a2f; }} .corrected {{ color: #a65f00; }}
.fails {{ color: #b00020; }} .undecided {{ color: #666; }}
</style></head><body>
<h1>The article's claims</h1><p>{about}</p>{overview}{claims}</body></html>
"""
_EXTENTS = {
    "full": "A full run.",
    "quick": "A quick run (`--quick`: fewer seeds, images and steps than a full one).",
    "changed": "Settings stand with each claim.",
}
_CLASSES = {
    "holds": "holds",
    "holds with a correction": "corrected",
    "does not hold": "fails",
    "undecided": "undecided",
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
        "parts": [_part(part) for part in verdict.parts],
        "arms": {name: _arm(values) for name, values in measured.arms.items()},
        "comparisons": [asdict(one) for one in claim.compare(measured)],
        "notes": list(measured.notes),
        "data": measured.data,
        "settings": dict(result.settings),
        "seconds": round(result.seconds, 1),
        "versions": versions(),
        "machine": machine(),
    }


def write_records(results: Sequence[Result], folder: Path) -> None:
    """Writes `claims.json` into a folder."""
    write_json(folder / JSON, {"claims": [record(one) for one in results]})


def write_html(results: Sequence[Result], folder: Path) -> None:
    """Writes `claims.html` into a folder, its pictures within it."""
    page = _PAGE.format(
        about=escape(about(results)),
        overview=_overview(results),
        claims="\n".join(_section(one) for one in results),
    )
    with replaced_file(folder / HTML) as temporary:
        temporary.write_text(page, encoding="utf-8")


def about(results: Sequence[Result]) -> str:
    """Returns one paragraph on settings, data, machine, versions and time."""
    facts, host = versions(), machine()
    data = sorted({one.measured.data for one in results})
    extents = {one.extent for one in results}
    extent = _EXTENTS[extents.pop() if len(extents) == 1 else "changed"]
    return (
        f"{extent} Data: {'; '.join(data)}. Keras {facts['keras']}, TensorFlow "
        f"{facts['tensorflow']}, Python {facts['python']}; {host['processor']}, "
        f"{host['cores']} cores; {sum(one.seconds for one in results):,.0f} s in all. "
        "Intervals hold the mean over the seeds with 95 % confidence (bootstrap)."
    )


def draw(result: Result, target: Any) -> None:
    """Draws a result's picture as PNG into a file or a buffer."""
    figure = Figure(figsize=_SIZE, layout="constrained")
    result.claim.draw(result.measured, figure)
    figure.savefig(target, format="png", dpi=_DPI)


def _part(part: Part) -> dict[str, Any]:
    return {
        "statement": part.statement,
        "effect_is": part.effect,
        "effect": part.found.value,
        "interval": [part.found.low, part.found.high],
        "rule": part.rule,
        "true": part.outcome,
        "refutes": part.refutes,
    }


def _arm(values: Any) -> dict[str, Any]:
    found = estimate(values)
    return {
        "mean": found.value,
        "interval": [found.low, found.high],
        "values": np.asarray(values, float).tolist(),
    }


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    top = "".join(f"<th>{head}</th>" for head in heads)
    body = "".join(
        f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows
    )
    return f"<table><tr>{top}</tr>{body}</table>"


def _verdict(result: Result) -> str:
    ruling = result.verdict.ruling
    return f'<strong class="{_CLASSES[ruling]}">{ruling}</strong>'


def _overview(results: Sequence[Result]) -> str:
    rows = [
        [
            f'<a href="#{one.claim.slug}">{one.claim.id}</a>',
            escape(one.claim.statement),
            _verdict(one),
            escape(one.verdict.correction),
        ]
        for one in results
    ]
    return _table(("", "claim", "verdict", "correction"), rows)


def _section(result: Result) -> str:
    claim, verdict, measured = result.claim, result.verdict, result.measured
    buffer = io.BytesIO()
    draw(result, buffer)
    picture = base64.b64encode(buffer.getvalue()).decode()
    parts = [
        [
            escape(part.statement),
            escape(part.effect),
            str(part.found),
            part.rule,
            part.outcome,
        ]
        for part in verdict.parts
    ]
    arms = [
        [escape(name), str(estimate(values))] for name, values in measured.arms.items()
    ]
    notes = "".join(f"<p>{escape(note)}</p>" for note in measured.notes)
    compared = [
        [escape(one.arm), escape(one.effect), str(one.found), f"{one.p:.2g}"]
        for one in claim.compare(measured)
    ]
    if compared:
        base = claim.compare(measured)[0].base
        heads = ("arm", "effect", f"arm less {escape(base)}", "p, Holm-corrected")
        notes += _table(heads, compared)
    chosen = ", ".join(f"{name}={value}" for name, value in result.settings.items())
    return (
        f'<h2 id="{claim.slug}">{claim.id}. {escape(claim.statement)}</h2>'
        f"<p>{escape(claim.section)}. Verdict: {_verdict(result)}. "
        f"{escape(verdict.correction)}</p>"
        f'<img alt="" src="data:image/png;base64,{picture}">'
        f"{_table(('statement', 'effect', 'found', 'true if', ''), parts)}"
        f"<p>Would refute it: {escape(claim.refuted_by)}</p>"
        f"<p>{escape(claim.method)}</p>{notes}"
        f"<details><summary>All {len(arms)} arms, mean over {measured.seeds} seeds; "
        f"{escape(chosen)}; {escape(measured.data)}; {result.seconds:.0f} s</summary>"
        f"{_table(('arm', 'mean and interval'), arms)}</details>"
    )
