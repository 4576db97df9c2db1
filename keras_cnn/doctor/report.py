"""A diagnosis drawn: one HTML file that needs nothing beside it."""

from __future__ import annotations

import base64
import io
from html import escape
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from .._files import replaced_file
from .findings import Diagnosis, Histogram, Snapshot

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 70em; margin: 2em auto;
  padding: 0 1em; color: #222; }}
table {{ border-collapse: collapse; width: 100%; }}
td, th {{ border-bottom: 1px solid #ddd; padding: .4em; text-align: left;
  vertical-align: top; }}
img {{ max-width: 100%; }} code {{ background: #f4f4f4; }}
.error {{ color: #b00020; }} .warning {{ color: #a65f00; }} .note {{ color: #666; }}
</style></head><body>
<h1>{title}</h1><p>{summary}</p>{body}</body></html>
"""
_VERDICTS = {
    "healthy": "Healthy",
    "faulty": "Not healthy",
    "undecided": "Undecided",
}
_COLUMNS = ("severity", "code", "where", "evidence", "threshold", "effect", "remedy")
_HEALTH = (
    ("dead", "dead units"),
    ("zero", "exactly zero"),
    ("saturated", "saturated"),
    ("gradient", "gradient norm, log10"),
    ("update_ratio", "update / weight, log10"),
)


def write_report(diagnosis: Diagnosis, path: Path, title: str) -> None:
    """Writes a diagnosis as one self-contained HTML file.

    Args:
        diagnosis: What to show.
        path: The file to write.
        title: What stands at its top.

    Raises:
        OSError: If the file cannot be written.
    """
    summary = (
        f"{_VERDICTS[diagnosis.verdict]}: skill "
        f"{diagnosis.skill:.2f} of an attainable {diagnosis.attainable:.2f} after "
        f"{diagnosis.updates:,} of {diagnosis.planned:,} planned updates."
    )
    if diagnosis.reason:
        summary += f" {diagnosis.reason[0].upper()}{diagnosis.reason[1:]}."
    parts = ["<h2>Findings</h2>", _findings(diagnosis), "<h2>Remedies tried</h2>"]
    parts += [_attempts(diagnosis), "<h2>Loss</h2>", _image(_draw_loss(diagnosis))]
    if diagnosis.snapshots and diagnosis.snapshots[0].layers:
        health = _draw_health(diagnosis.snapshots)
        parts += ["<h2>Health by layer over time</h2>", _image(health)]
    if diagnosis.histograms:
        histograms = _draw_histograms(diagnosis.histograms)
        parts += ["<h2>Activations and gradients</h2>", _image(histograms)]
    page = _PAGE.format(
        title=escape(title), summary=escape(summary), body="\n".join(parts)
    )
    with replaced_file(path) as temporary:
        temporary.write_text(page, encoding="utf-8")


def _table(heads: tuple[str, ...], rows: list[list[str]]) -> str:
    top = "".join(f"<th>{head}</th>" for head in heads)
    body = "".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    return f"<table><tr>{top}</tr>{body}</table>"


def _findings(diagnosis: Diagnosis) -> str:
    rows = []
    for finding in diagnosis.findings:
        cells = [escape(str(getattr(finding, name))) for name in _COLUMNS]
        cells[-1] = f"<code>{cells[-1]}</code>"
        rows.append([f'<td class="{finding.severity}">{cell}</td>' for cell in cells])
    return _table(_COLUMNS, rows) if rows else "<p>None.</p>"


def _attempts(diagnosis: Diagnosis) -> str:
    rows = [
        [
            f"<td>{escape(' + '.join(one.codes))}</td>",
            f"<td><code>{escape('; '.join(one.changes))}</code></td>",
            f"<td>{one.before:.2f}</td><td>{one.after:.2f}</td>",
        ]
        for one in diagnosis.attempts
    ]
    heads = ("fault", "change", "skill before", "after")
    return _table(heads, rows) if rows else "<p>None was needed.</p>"


def _image(figure: Figure) -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    data = base64.b64encode(buffer.getvalue()).decode()
    return f'<img alt="" src="data:image/png;base64,{data}">'


def _draw_loss(diagnosis: Diagnosis) -> Figure:
    figure = Figure(figsize=(10, 3.2), layout="constrained")
    axes = figure.subplots()
    losses = np.array(diagnosis.losses, float)
    steps = np.arange(1, len(losses) + 1)
    axes.plot(steps, losses, color="tab:blue", linewidth=1)
    broken = steps[~np.isfinite(losses)]
    if broken.size:
        axes.axvline(broken[0], color="tab:red", label="not finite")
    marks = [one.step for one in diagnosis.snapshots if one.step]
    if marks and len(losses):
        seen = [losses[min(step, len(losses)) - 1] for step in marks]
        axes.plot(marks, seen, "o", color="tab:orange", label="probed")
    finite = losses[np.isfinite(losses)]
    if finite.size and finite.min() > 0 and finite.max() > 100 * finite.min():
        axes.set_yscale("log")
    axes.set(xlabel="update", ylabel="training loss")
    if axes.get_legend_handles_labels()[0]:
        axes.legend()
    return figure


def _draw_health(snapshots: tuple[Snapshot, ...]) -> Figure:
    layers = [one.layer for one in snapshots[0].layers]
    height = max(2.5, 0.3 * len(layers) + 1.2)
    figure = Figure(figsize=(16, height), layout="constrained")
    for axes, (name, title) in zip(
        figure.subplots(1, len(_HEALTH), sharey=True), _HEALTH, strict=True
    ):
        values = np.array(
            [
                [_number(getattr(one, name)) for one in snapshot.layers]
                for snapshot in snapshots
            ]
        ).T
        limits = {"vmin": 0.0, "vmax": 1.0}
        if name in ("gradient", "update_ratio"):
            values = np.log10(np.where(values > 0, values, np.nan))
            limits = {}
        image = axes.imshow(values, aspect="auto", cmap="viridis", **limits)
        axes.set_title(title, fontsize=9)
        axes.set_xticks(range(len(snapshots)), [str(one.step) for one in snapshots])
        axes.tick_params("x", rotation=90, labelsize=7)
        axes.set_yticks(range(len(layers)), layers, fontsize=8)
        axes.set_xlabel("update")
        figure.colorbar(image, ax=axes)
    return figure


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


def _draw_histograms(histograms: tuple[Histogram, ...]) -> Figure:
    columns = min(6, len(histograms))
    rows = -(-len(histograms) // columns)
    figure = Figure(figsize=(2.6 * columns, 1.8 * rows), layout="constrained")
    grid = np.atleast_1d(figure.subplots(rows, columns)).ravel()
    for axes, one in zip(grid, histograms, strict=False):
        color = "tab:blue" if one.what == "activations" else "tab:orange"
        axes.stairs(one.counts, one.edges, fill=True, color=color)
        axes.set_title(f"{one.layer}: {one.what}", fontsize=7)
        axes.set_yscale("symlog")
        axes.tick_params(labelsize=6)
    for axes in grid[len(histograms) :]:
        axes.set_axis_off()
    return figure
