"""Scores the doctor on labelled training programs, beside published rules.

    python benchmarks/doctor.py --cases FILE --json OUT [--no-published] [--seed 0]

`programs.py` beside the cases file, or the file of `--programs`, builds each program. A
finding counts from `warning` up. A faulty program is detected if any finding counts;
its cause is right at k if one of the first k codes is among its faults. A healthy
program is a false alarm if a counting finding's code is not among the mistakes known to
do no harm in it. Results are written after each case; a case that is in OUT already is
not run again.
"""

import argparse
import importlib.util
import json
import os
import platform
import statistics
import time
import warnings
from collections import defaultdict
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import doctor_published as published
import keras
import tensorflow as tf

from keras_cnn.doctor import diagnose
from keras_cnn.doctor.findings import FORMER_CODES


def imported(path):
    """Imports a file that builds programs."""
    spec = importlib.util.spec_from_file_location("programs", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def ours(case, build, seed):
    """Diagnoses one program; returns its counting codes and the seconds."""
    model, x, y = build(case, seed)
    begin = time.perf_counter()
    plan = {"batch_size": case["batch_size"], "epochs": case["epochs"]}
    diagnosis = diagnose(model, x, y, **plan, seed=seed)
    return {
        "codes": [one.code for one in diagnosis.findings if one.counts],
        "notes": [one.code for one in diagnosis.findings if not one.counts],
        "skill": diagnosis.skill,
        "attainable": diagnosis.attainable,
        "updates": [diagnosis.updates, diagnosis.planned],
        "seconds": time.perf_counter() - begin,
    }


def theirs(case, build, seed):
    """Returns the alarms of each set of published rules on one program."""
    model, x, y = build(case, seed)
    alarms = {"UMLAUT": published.umlaut(model, x)}
    log = published.record(model, x, y, case["batch_size"], case["epochs"])
    alarms["AutoTrainer"] = published.autotrainer(model, log, case["task"])
    alarms["DeepLocalize"] = published.deeplocalize(log)
    alarms["DeepLocalize, no last layer"] = published.deeplocalize(log, False)
    return alarms


def figures(cases, results):
    """Returns detection, false alarms, and causes at 1 and 3, as shares."""
    faulty = [case for case in cases if not case["healthy"]]
    healthy = [case for case in cases if case["healthy"]]
    codes = {case["id"]: results[case["id"]]["ours"]["codes"] for case in cases}

    def right_at(k):
        return mean(bool(set(codes[c["id"]][:k]) & set(c["faults"])) for c in faulty)

    alarms = [set(codes[c["id"]]) - set(c.get("lint", [])) for c in healthy]
    seconds = [results[case["id"]]["ours"]["seconds"] for case in cases]
    return {
        "faulty": len(faulty),
        "healthy": len(healthy),
        "detection": mean(bool(codes[case["id"]]) for case in faulty),
        "false_alarms": mean(map(bool, alarms)),
        "cause_at_1": right_at(1),
        "cause_at_3": right_at(3),
        "seconds_median": statistics.median(seconds),
        "seconds_longest": max(seconds),
    }


def published_figures(cases, results):
    """Returns the same of each set of published rules, the cause by its family."""
    table = {}
    for name in next(iter(results.values())).get("published", {}):
        alarms = {c["id"]: results[c["id"]]["published"][name] for c in cases}
        faulty = [case for case in cases if not case["healthy"]]
        healthy = [case for case in cases if case["healthy"]]
        meant = {
            key: set().union(*(published.FAMILIES[one] for one in said))
            for key, said in alarms.items()
        }
        table[name] = {
            "detection": mean(bool(alarms[case["id"]]) for case in faulty),
            "false_alarms": mean(bool(alarms[case["id"]]) for case in healthy),
            "cause": mean(bool(meant[c["id"]] & set(c["faults"])) for c in faulty),
        }
    return table


def by_fault(cases, results):
    """Returns for each fault: programs, detected, and named among the first three."""
    rows = defaultdict(lambda: [0, 0, 0])
    for case in cases:
        codes = results[case["id"]]["ours"]["codes"]
        for fault in case["faults"]:
            rows[fault][0] += 1
            rows[fault][1] += bool(codes)
            rows[fault][2] += fault in codes[:3]
    return dict(sorted(rows.items()))


def mean(values):
    """Returns the mean of some truths; 0 of none."""
    values = list(values)
    return sum(values) / len(values) if values else 0.0


def main():
    """Runs the cases and prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=Path, required=True)
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--programs", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--no-published", action="store_true")
    options = parser.parse_args()
    # Programs that are wrong on purpose make Keras warn; that is not what is measured.
    warnings.simplefilter("ignore")
    cases = json.loads(options.cases.read_text())
    today = {former: code for code, former in FORMER_CODES.items()}
    for case in cases:
        for key in ("faults", "lint"):
            case[key] = [today.get(code, code) for code in case.get(key, [])]
    programs = options.programs or options.cases.parent / "programs.py"
    build = imported(programs.resolve()).program
    known = json.loads(options.json.read_text()) if options.json.exists() else {}
    results = known.get("cases", {})
    content = {
        "python": platform.python_version(),
        "keras": keras.__version__,
        "tensorflow": tf.__version__,
        "cpus": os.cpu_count(),
        "seed": options.seed,
    }
    for number, case in enumerate(cases, 1):
        result = results.setdefault(case["id"], {})
        if "ours" not in result:
            result["ours"] = ours(case, build, options.seed)
        if not options.no_published and "published" not in result:
            result["published"] = theirs(case, build, options.seed)
        said = ", ".join(result["ours"]["codes"]) or "healthy"
        true = ", ".join(case["faults"]) or "healthy"
        print(f"{number:>3} {case['id']:<26} {true} -> {said}", flush=True)
        options.json.write_text(json.dumps(content | {"cases": results}, indent=1))
    content["figures"] = figures(cases, results)
    if not options.no_published:
        content["published"] = published_figures(cases, results)
    content["by_fault"] = by_fault(cases, results)
    options.json.write_text(json.dumps(content | {"cases": results}, indent=1) + "\n")
    for name, value in content["figures"].items():
        print(f"{name:<16} {value:.3g}")
    for name, row in content.get("published", {}).items():
        print(f"{name:<28}", *(f"{k} {v:.2f} " for k, v in row.items()))
    print(f"{'fault':<36} programs detected among the first three")
    for fault, row in content["by_fault"].items():
        print(f"{fault:<36} {row[0]:>8} {row[1]:>8} {row[2]:>8}")


if __name__ == "__main__":
    main()
