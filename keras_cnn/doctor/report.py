"""A diagnosis drawn: one HTML file that needs nothing beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from .._html import Html, element, join, picture, table, write_page
from .findings import Diagnosis, Finding, Histogram, Snapshot
from .rules import RULES

_VERDICTS = {
    "healthy": ("Healthy", "good"),
    "faulty": ("Not healthy", "bad"),
    "undecided": ("Undecided", "muted"),
}
_SEVERITIES = {"error": "bad", "warning": "warning", "note": "muted"}
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
    write_page(
        path,
        title,
        summary(diagnosis),
        element("h2", "Remedies tried"),
        _attempts(diagnosis),
        *_pictures(diagnosis),
    )


def summary(diagnosis: Diagnosis) -> Html:
    """Returns the verdict, the causes, and the notes folded away."""
    said, color = _VERDICTS[diagnosis.verdict]
    sentence = (
        f" Skill {diagnosis.skill:.2f} of an attainable {diagnosis.attainable:.2f} "
        f"after {diagnosis.updates:,} of {diagnosis.planned:,} planned updates."
    )
    if diagnosis.reason:
        sentence += f" {diagnosis.reason[0].upper()}{diagnosis.reason[1:]}."
    verdict = element("p", element("b", f"{said}.", class_=color), sentence)
    causes = [_finding(one) for one in diagnosis.findings if one.counts]
    notes = [one for one in diagnosis.findings if not one.counts]
    parts = [verdict, *causes]
    if notes:
        rows = [(one.code, one.where, one.evidence, one.effect) for one in notes]
        heads = ("note", "where", "evidence", "what it does")
        several = f"{len(notes)} {'note' if len(notes) == 1 else 'notes'}"
        parts.append(
            element("details", element("summary", several), table(heads, rows))
        )
    return join(parts)


def _finding(finding: Finding) -> Html:
    """Returns a cause with its evidence, its change, and the page of its code."""
    entry = RULES[finding.code]
    more = [element("p", entry.meaning)]
    more.append(element("p", element("b", "How it looks: "), entry.looks))
    if entry.claim:
        command = "keras-cnn claims list"
        shown = f"The experiment {entry.claim} of the article's claims shows it: "
        more.append(element("p", shown, element("code", command)))
    return element(
        "section",
        element(
            "h3",
            element("span", finding.code, class_=_SEVERITIES[finding.severity]),
            f" at {finding.where}",
        ),
        element("p", finding.effect),
        element(
            "p",
            f"{finding.evidence}. Threshold: {finding.threshold}. Confidence "
            f"{finding.confidence:.0%}.",
        ),
        element("pre", element("code", finding.remedy)),
        element("details", element("summary", "What this code means"), *more),
    )


def _attempts(diagnosis: Diagnosis) -> Html:
    rows = [
        (
            " + ".join(one.codes),
            element("code", "; ".join(one.changes)),
            f"{one.before:.2f}",
            one.error or f"{one.after:.2f}",
        )
        for one in diagnosis.attempts
    ]
    heads = ("fault", "change", "skill before", "after")
    return table(heads, rows) if rows else element("p", "None was needed.")


def _pictures(diagnosis: Diagnosis) -> Iterator[Html]:
    if diagnosis.losses:
        yield element("h2", "Loss")
        first, last = diagnosis.losses[0], diagnosis.losses[-1]
        alt = f"Training loss of each update, from {first:.3g} to {last:.3g}."
        yield picture(_draw_loss(diagnosis), alt)
    if diagnosis.snapshots and diagnosis.snapshots[0].layers:
        yield element("h2", "Health by layer over time")
        yield picture(_draw_health(diagnosis.snapshots), _said(diagnosis.snapshots[-1]))
    if diagnosis.histograms:
        yield element("h2", "Activations and gradients")
        layers = ", ".join(dict.fromkeys(one.layer for one in diagnosis.histograms))
        alt = f"Histograms of activations and gradients at the end, of {layers}."
        yield picture(_draw_histograms(diagnosis.histograms), alt)


def _said(last: Snapshot) -> str:
    """Returns what the last column of the maps of health shows."""
    several = [
        f"{one.layer} {one.dead:.0%} dead, {one.saturated:.0%} saturated"
        for one in last.layers
        if np.isfinite(one.dead)
    ]
    return f"Maps of each layer's health; after {last.step:,} updates: " + (
        "; ".join(several) or "gradients and updates of each layer"
    )


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
