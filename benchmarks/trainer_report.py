"""The training benchmark's tables and picture, made from its JSON.

    python benchmarks/trainer_report.py

draws the picture and writes the tables of README.md anew from trainer.json.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from trainer_figures import Result
from trainer_groups import CONFIGURED, FIT, TRAINER

_BEGIN, _END = "<!-- trainer: begin -->", "<!-- trainer: end -->"
_TITLES = {
    "settings": "Keras's own settings",
    "article": "The article's network, batch 32",
    "models": "{}, batch 32",
    "batches": "Size of a batch",
    "cores": "Cores",
    "images": "Number of images, batch 100",
}
_COLOURS = {FIT: "tab:orange", TRAINER: "tab:cyan", CONFIGURED: "tab:blue"}


def as_text(report: dict[str, Any]) -> str:
    """Returns the tables in Markdown."""
    parts = [setting(report)]
    for name, title in _TITLES.items():
        chosen = [group for group in report["groups"] if group["set"] == name]
        if not chosen:
            continue
        if name in ("settings", "article", "models"):
            for group in chosen:
                head = f"### {title.format(group['name'])}"
                parts += [head, contenders_table(group), *troubles([group])]
        else:
            parts += [f"### {title}", groups_table(chosen), *troubles(chosen)]
    return "\n\n".join(parts)


def setting(report: dict[str, Any]) -> str:
    """Says where and with what the figures were taken."""
    machine = report["machine"]
    peaks = machine["peak_gflops"]
    flags = machine["flags"]
    bfloat16 = [flag for flag in flags or () if flag in ("amx_bf16", "avx512_bf16")]
    versions = ", ".join(f"{k} {v}" for k, v in machine["versions"].items())
    versions += "".join(f", torch {v}" for v in torch_versions(report))
    step = 32 * machine["operations_per_sample"]["article"] / 1e9
    quick = "A quick run, good for a look only. " if report["quick"] else ""
    return (
        f"{quick}{report['date']}, {report['minutes']} minutes, {machine['cores']} "
        f"cores of {machine['cpu']} ({machine['system']}; for bfloat16: "
        f"{', '.join(bfloat16) or 'nothing'}; TensorFlow's kernels as it is installed: "
        f"{machine.get('kernels', 'unknown')}); {versions}. Images: "
        f"{report['images']}. A large matrix product reaches {peaks['float32']:.0f} "
        f"GFLOP/s in float32 and {peaks['bfloat16']:.0f} in bfloat16; a step of the "
        f"article's network with 32 images is {step:.2f} GFLOP."
    )


def torch_versions(report: dict[str, Any]) -> set[str]:
    """Returns the version of PyTorch that took part, if one did."""
    return {
        result["says"]["version"]
        for group in report["groups"]
        for result in group["results"]
        if result["kind"] == "torch" and "says" in result
    }


def contenders_table(group: dict[str, Any]) -> str:
    """Returns a row for each contender of one group."""
    rows = [
        "| who | kernels | ms a step | samples a second | of the peak | times `fit` "
        "| times `fit` with oneDNN | memory |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for result in group["results"]:
        cells = ["", result["status"], "", "", "", "", ""]
        if result["status"] == "ok":
            to_onednn = result.get("ratio_to_onednn")
            cells = [
                result.get("says", {}).get("kernels") or "",
                f"{result['milliseconds_per_step']:.2f}",
                f"{result['images_per_second']:,.0f}",
                f"{result['share_of_peak']:.0%}",
                ratio(result),
                f"{to_onednn:.2f}x" if to_onednn else "",
                f"{result['peak_memory_mb']:,} MB",
            ]
        rows.append(f"| {shown(result['name'])} | {' | '.join(cells)} |")
    return "\n".join(rows)


def groups_table(chosen: list[dict[str, Any]]) -> str:
    """Returns a row for each group, with two columns for each contender."""
    names = [result["name"] for result in chosen[0]["results"]]
    rows = [
        "| | "
        + " | ".join(f"{shown(name)}: images a second | memory" for name in names)
        + " |",
        "| --- |" + " ---: | ---: |" * len(names),
    ]
    for group in chosen:
        cells = []
        for result in group["results"]:
            if result["status"] != "ok":
                cells += [result["status"], ""]
                continue
            times = "" if result["name"] == FIT else f" = {ratio(result)}"
            cells += [
                f"{result['images_per_second']:,.0f}{times}",
                f"{result['peak_memory_mb']:,} MB",
            ]
        rows.append(f"| {group['name']} | {' | '.join(cells)} |")
    return "\n".join(rows)


def troubles(chosen: list[dict[str, Any]]) -> list[str]:
    """Says why a contender has no figures; of a traceback, the last line."""
    return [
        f"{group['name']}, {shown(result['name'])}: {result['status']}. "
        f"{result['why'].splitlines()[-1].strip()}"
        for group in chosen
        for result in group["results"]
        if result["status"] != "ok"
    ]


def ratio(result: Result) -> str:
    """Returns the ratio to `fit` with its quartiles."""
    if "ratio" not in result:
        return "unknown"
    if "ratio_quartiles" not in result:
        return f"{result['ratio']:.2f}x"
    low, high = result["ratio_quartiles"]
    return f"{result['ratio']:.2f}x ({low:.2f}-{high:.2f})"


def shown(name: str) -> str:
    """Returns a contender's name with its code marked as such."""
    for code in ("Trainer", "configure_cpu()", "torch.compile", "channels_last", "jit"):
        name = name.replace(code, f"`{code}`")
    return f"Keras `fit`{name[len(FIT) :]}" if name.startswith(FIT) else name


def write_readme(report: dict[str, Any], path: Path) -> None:
    """Replaces what stands between the two marks; a file without them is left alone."""
    text = path.read_text() if path.exists() else f"{_BEGIN}\n{_END}\n"
    if _BEGIN not in text or _END not in text:
        raise ValueError(f"{path} must have the marks {_BEGIN} and {_END}.")
    before, _, rest = text.partition(_BEGIN)
    after = rest.partition(_END)[2]
    path.write_text(f"{before}{_BEGIN}\n{as_text(report)}\n{_END}{after}")


def draw(report: dict[str, Any], path: Path) -> None:
    """Draws four pictures in one; those of sets that were not measured stay empty."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 2, figsize=(15, 9.5))
    by_set = {
        name: [group for group in report["groups"] if group["set"] == name]
        for name in _TITLES
    }
    draw_article(axes[0, 0], by_set["article"])
    draw_models(axes[0, 1], by_set["models"] + by_set["cores"])
    draw_batches(axes[1, 0], by_set["batches"])
    draw_memory(axes[1, 1], by_set["images"])
    machine = report["machine"]
    figure.suptitle(
        f"Training on {machine['cores']} cores of {machine['cpu']}, TensorFlow "
        f"{machine['versions']['tensorflow']}, {report['date']}"
        + (" (a quick run)" if report["quick"] else "")
    )
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def draw_article(axis: Any, chosen: list[dict[str, Any]]) -> None:
    """A bar for each contender, with the ratio to `fit` beside it."""
    results = [r for group in chosen for r in group["results"] if r["status"] == "ok"]
    speeds = [result["images_per_second"] for result in results]
    colours = [
        "tab:blue" if result["kind"] == "trainer"
        else "tab:orange" if result["kind"] == "fit"
        else "tab:grey"
        for result in results
    ]  # fmt: skip
    bars = axis.barh([result["name"] for result in results], speeds, color=colours)
    axis.bar_label(bars, [ratio(result) for result in results], padding=4, fontsize=9)
    axis.invert_yaxis()
    axis.set_xlim(0, 1.45 * max(speeds, default=1))
    axis.set_xlabel("images a second; beside it times fit (middle half of the rounds)")
    axis.set_title("The article's network, batch 32")


def draw_models(axis: Any, chosen: list[dict[str, Any]]) -> None:
    """Ratios to `fit`, with the middle half of the rounds as a line."""
    for offset, name in ((-0.2, TRAINER), (0.2, CONFIGURED)):
        for place, group in enumerate(chosen):
            for result in group["results"]:
                if result["name"] != name or "ratio_quartiles" not in result:
                    continue
                low, high = result["ratio_quartiles"]
                middle = result["ratio"]
                axis.bar(
                    place + offset, middle, 0.38, color=_COLOURS[name],
                    yerr=[[max(0, middle - low)], [max(0, high - middle)]],
                )  # fmt: skip
        axis.bar(0, 0, color=_COLOURS[name], label=name)  # for the legend
    axis.axhline(1, color="tab:orange", label="Keras's fit")
    axis.set_xticks(range(len(chosen)), [group["name"] for group in chosen])
    axis.tick_params(axis="x", rotation=20)
    axis.set_ylabel("times fit")
    axis.set_title("Other models, and the article's by cores")
    axis.legend(loc="upper right")


def draw_batches(axis: Any, chosen: list[dict[str, Any]]) -> None:
    """Images a second over the size of a batch."""
    for name in (FIT, CONFIGURED):
        points = [
            (result["batch"], result["images_per_second"])
            for group in chosen
            for result in group["results"]
            if result["name"] == name and result["status"] == "ok"
        ]
        sizes, speeds = zip(*points, strict=True) if points else ((), ())
        axis.plot(sizes, speeds, "o-", color=_COLOURS[name], label=name)
    axis.set_xscale("log", base=2)
    ticks = [group["results"][0]["batch"] for group in chosen]
    axis.set_xticks(ticks, [str(tick) for tick in ticks])
    axis.set_ylim(bottom=0)
    axis.grid(alpha=0.3)
    axis.set_xlabel("batch")
    axis.set_ylabel("images a second")
    axis.set_title("The article's network by size of a batch")
    axis.legend()


def draw_memory(axis: Any, chosen: list[dict[str, Any]]) -> None:
    """Peak memory over the number of images, in memory and streamed."""
    width = 0.38
    for offset, name in ((-0.2, FIT), (0.2, CONFIGURED)):
        found = [
            (place + offset, result["peak_memory_mb"])
            for place, group in enumerate(chosen)
            for result in group["results"]
            if result["name"] == name and result["status"] == "ok"
        ]
        places, memory = zip(*found, strict=True) if found else ((), ())
        bars = axis.bar(places, memory, width, color=_COLOURS[name], label=name)
        axis.bar_label(bars, fontsize=9)
    axis.set_xticks(range(len(chosen)), [group["name"] for group in chosen])
    axis.set_xlabel("images")
    axis.set_ylabel("peak memory of the process, MB")
    axis.set_title("Memory by number of images")
    axis.margins(y=0.25)
    axis.legend(loc="upper left")


if __name__ == "__main__":
    here = Path(__file__).parent
    written = json.loads((here / "trainer.json").read_text())
    draw(written, here / "trainer.png")
    write_readme(written, here / "README.md")
