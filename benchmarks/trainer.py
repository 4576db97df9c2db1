"""Measures how fast `Trainer` trains beside Keras's `fit`, PyTorch and JAX.

    python benchmarks/trainer.py [--quick] [--only SET ...] [--torch-python PATH]

Each contender is a process, since threads are fixed for one. All of a group start,
compile and train a first round; then they take turns, A B C A B C, so that what the
machine does meanwhile hits all alike. A ratio is that of two rounds that were run one
after the other: `fit`'s seconds over the contender's.

A full run writes trainer.json and trainer.png beside this file and the tables of
README.md. A run of some sets, or a quick one, only prints, unless --output names a
folder. README.md there, if any, must have the two marks between which the tables go.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import trainer_groups as groups
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from trainer_data import write_stream
from trainer_figures import Result, figures
from trainer_groups import Group
from trainer_line import Contender, Failed, Process, Skipped, environment
from trainer_report import as_text, draw, write_readme

HERE = Path(__file__).parent
# Starting is mostly importing and compiling: two at a time suit two cores.
_STARTS_AT_ONCE = 2

console = Console(stderr=True)


def run(
    group: Group, data: Path, torch_python: str, progress: Progress
) -> list[Result]:
    """Lets the contenders of a group take turns; returns a result for each."""
    task = progress.add_task(group.name)
    total = max(contender.rounds for contender in group.contenders)
    progress.update(task, total=total + 1, description=f"{group.name}: warming up")
    results: list[Result] = [
        {**asdict(contender), "status": "ok", "seconds": [], "cpu_seconds": []}
        for contender in group.contenders
    ]
    processes: dict[int, Process] = {}  # of those that are still in

    def start(index: int) -> None:
        contender = group.contenders[index]
        torch = "torch" in (contender.kind, contender.options.get("backend"))
        python = torch_python if torch else sys.executable
        processes[index] = Process(contender, data, python)
        try:
            results[index]["says"] = processes[index].ready()
        except (Failed, Skipped) as error:
            leave(index, error)

    def leave(index: int, error: Exception) -> None:
        """Takes a contender out, and says so."""
        results[index]["status"] = type(error).__name__.lower()
        results[index]["why"] = str(error)
        name = results[index]["name"]
        console.print(f"{group.name}: {name}: {error}", style="yellow", markup=False)
        processes.pop(index).close()

    try:
        with ThreadPoolExecutor(_STARTS_AT_ONCE) as pool:
            list(pool.map(start, range(len(results))))
        progress.advance(task)
        for number in range(total):
            for index, result in enumerate(results):
                if index not in processes or number >= result["rounds"]:
                    continue
                progress.update(task, description=f"{group.name}: {result['name']}")
                try:
                    told = processes[index].round()
                except Failed as error:
                    leave(index, error)
                else:
                    result["seconds"].append(told["seconds"])
                    result["cpu_seconds"].append(told["cpu_seconds"])
                    result["peak_memory_mb"] = told["peak_memory_mb"]
            progress.advance(task)
    finally:
        for process in processes.values():
            process.close()
        progress.remove_task(task)
    return results


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Runs the groups that are wanted and returns all there is to write down."""
    wanted = options.only or groups.SETS
    found: list[dict[str, Any]] = []
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    begun = datetime.now(UTC)
    with (
        tempfile.TemporaryDirectory() as folder,
        Progress(*columns, console=console) as progress,
    ):
        data = Path(folder)
        task = progress.add_task("the machine's peak and the images", total=None)
        machine = json.loads(script("trainer_machine.py"))
        script("trainer_data.py", folder)
        progress.remove_task(task)

        def take(group: Group) -> None:
            if options.quick:
                group = groups.shortened(group)
            for contender in group.contenders:
                if contender.options.get("stream"):
                    write_stream(data, contender.samples)
            results = run(group, data, options.torch_python, progress)
            named = [r for r in results if r["name"] == groups.FIT_ONEDNN]
            onednn = named[0] if named else None
            for result in results:
                result.update(figures(result, results[0], machine))
                if onednn:
                    own = figures(result, onednn, machine)
                    result["ratio_to_onednn"] = own.get("ratio")
            found.append({"set": group.set, "name": group.name, "results": results})
            console.print(f"{group.name}: done", highlight=False)

        for name in groups.SETS:
            if name not in wanted:
                continue
            if name == "article":
                chosen = groups.article(best_settings(found))
            else:
                chosen = getattr(groups, name)(options.quick)
            for group in chosen:
                take(group)
        source = (data / "source.txt").read_text()
    seconds = (datetime.now(UTC) - begun).total_seconds()
    return {
        "date": begun.date().isoformat(),
        "minutes": round(seconds / 60, 1),
        "quick": options.quick,
        "images": source,
        "machine": machine,
        "groups": found,
    }


def best_settings(found: list[dict[str, Any]]) -> Contender | None:
    """Returns the fastest of Keras's settings that were measured."""
    results = [
        result
        for group in found
        if group["set"] == "settings"
        for result in group["results"][1:]
        if "images_per_second" in result
    ]
    if not results:
        return None
    best = max(results, key=lambda result: result["images_per_second"])
    return Contender(best["name"], "fit", options=best["options"])


def script(name: str, *arguments: str) -> str:
    """Runs one of the files beside this one and returns what it prints."""
    command = [sys.executable, str(HERE / name), *arguments]
    return subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True, env=environment()
    ).stdout


def main() -> int:
    """Measures, prints, and writes; returns 1 if a contender failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a look, in two minutes")
    parser.add_argument(
        "--only", nargs="+", choices=groups.SETS, metavar="SET",
        help=f"of {', '.join(groups.SETS)}",
    )  # fmt: skip
    parser.add_argument(
        "--torch-python", default=sys.executable, metavar="PATH",
        help="an interpreter that has PyTorch, where this one has not",
    )  # fmt: skip
    parser.add_argument("--output", type=Path, metavar="FOLDER")
    options = parser.parse_args()

    report = measure(options)
    print(as_text(report))
    folder = options.output
    if folder is None and not options.quick and not options.only:
        folder = HERE
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "trainer.json").write_text(json.dumps(report, indent=1) + "\n")
        draw(report, folder / "trainer.png")
        write_readme(report, folder / "README.md")
    results = [result for group in report["groups"] for result in group["results"]]
    return int(any(result["status"] == "failed" for result in results))


if __name__ == "__main__":
    sys.exit(main())
