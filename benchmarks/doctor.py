"""Scores the doctor on labelled training programs, beside published rules.

    python benchmarks/doctor.py --json OUT [--only REGEX] [--seed 0] [--repair]
    python benchmarks/doctor.py --json OUT --cases FILE [--no-published]

Without a cases file the programs are those of `doctor_cases`; with one, `programs.py`
beside it, or the file of `--programs`, builds them. A finding counts from `warning` up.
A faulty program is detected if any finding counts; its cause is right at k if one of
the first k codes is among its faults. A healthy program is a false alarm if a counting
finding's code is not among the mistakes known to do no harm in it; the same is asked of
`lint` alone. With `--repair` what is found is remedied, and the remedied program is
trained as planned by `Model.fit`, beside the program as it was. Results are written
after each case; a case that is in OUT already is not run again.
"""

import argparse
import importlib.util
import json
import os
import platform
import re
import statistics
import time
import traceback
import warnings
from collections import defaultdict
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import doctor_published as published
import keras
import numpy as np
import tensorflow as tf

from keras_cnn.doctor import diagnose, lint, repair
from keras_cnn.doctor.findings import FORMER_CODES
from keras_cnn.doctor.reading import read_plan
from keras_cnn.doctor.trials.score import skill_of_all


def imported(path):
    """Imports a file that builds programs."""
    spec = importlib.util.spec_from_file_location("programs", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def ours(case, build, seed, budget, repairs):
    """Diagnoses one program; returns what was said, and the seconds."""
    model, x, y, further = build(case, seed)
    plan = {"batch_size": case["batch_size"], "epochs": case["epochs"], **further}
    begin = time.perf_counter()
    try:
        diagnosis = diagnose(model, x, y, **plan, budget_seconds=budget, seed=seed)
    except Exception as error:
        traceback.print_exc()
        return {"crash": repr(error), "codes": [], "seconds": 0.0}
    result = {
        "verdict": diagnosis.verdict,
        "reason": diagnosis.reason,
        "codes": [one.code for one in diagnosis.findings if one.counts],
        "notes": [one.code for one in diagnosis.findings if not one.counts],
        "skill": diagnosis.skill,
        "attainable": diagnosis.attainable,
        "updates": [diagnosis.updates, diagnosis.planned],
        "attempts": [[*one.codes, one.after, one.error] for one in diagnosis.attempts],
        "seconds": time.perf_counter() - begin,
        "lint": linted(build(case, seed), plan),
    }
    if repairs and diagnosis.verdict == "faulty":
        result["repair"] = repaired(diagnosis, build, case, seed, plan)
    return result


def linted(program, plan):
    """Returns the codes of what `lint` warns of."""
    plan = {name: plan[name] for name in LINT_PLAN if name in plan}
    return [one.code for one in lint(*program[:3], **plan) if one.counts]


def repaired(diagnosis, build, case, seed, plan):
    """Returns skill without and with the repair, each trained by `fit` as planned.

    None where there is no repair, or where it changes the data, which is said as code.
    """
    model, x, y, _ = build(case, seed)
    begin = time.perf_counter()
    cure = repair(diagnosis, model, x, y, **plan)
    if cure is None or cure.model is None or "data" in cure.patch:
        return None
    seconds = time.perf_counter() - begin
    before = fitted(build(case, seed)[0], x, y, plan)
    patch = {name: cure.patch[name] for name in PATCHED if name in cure.patch}
    after = fitted(cure.model, x, y, plan | patch)
    return {"codes": cure.codes, "before": before, "after": after, "seconds": seconds}


PATCHED = ("batch_size", "epochs")


def fitted(model, x, y, plan):
    """Returns the skill that a model has after `fit` as planned."""
    program, _ = read_plan(model, x, y, **plan)
    keras.utils.set_random_seed(0)
    made = program.model
    streamed = y is None and not hasattr(x, "shape")
    further = {} if streamed else {"batch_size": plan["batch_size"]}
    known = {k: v for k, v in plan.items() if k not in ("batch_size", "epochs")}
    try:
        made.fit(x, y, epochs=plan["epochs"], verbose=0, **further, **known)
        outputs = keras.tree.flatten(made(program.x, training=False))
    except Exception:  # the program as it was may not run at all
        return 0.0
    targets = [program.targets.get(i) for i in range(len(outputs))]
    return skill_of_all(program.heads, [np.asarray(one) for one in outputs], targets)


LINT_PLAN = (
    "batch_size",
    "epochs",
    "class_weight",
    "sample_weight",
    "steps_per_epoch",
)


def theirs(case, build, seed):
    """Returns the alarms of each set of published rules on one program."""
    model, x, y, _ = build(case, seed)
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

    said = [results[case["id"]]["ours"] for case in cases]
    seconds = [one["seconds"] for one in said]
    content = {
        "faulty": len(faulty),
        "healthy": len(healthy),
        "detection": mean(bool(codes[case["id"]]) for case in faulty),
        "cause_at_1": right_at(1),
        "cause_at_3": right_at(3),
        "false_alarms": mean(alarmed(c, codes[c["id"]]) for c in healthy),
        "lint_false_alarms": mean(
            alarmed(c, results[c["id"]]["ours"].get("lint", [])) for c in healthy
        ),
        "undecided": mean(one.get("verdict") == "undecided" for one in said),
        "crashes": sum("crash" in one for one in said),
        "seconds_median": statistics.median(seconds),
        "seconds_longest": max(seconds),
    }
    repairs = [one["repair"] for one in said if one.get("repair")]
    if repairs:
        gains = [one["after"] - one["before"] for one in repairs]
        content["repairs"] = len(repairs)
        content["repairs_restore"] = mean(
            gain > (1 - one["before"]) / 2
            for gain, one in zip(gains, repairs, strict=True)
        )
        content["repairs_gain_median"] = statistics.median(gains)
    return content


def alarmed(case, codes):
    """Whether codes were said of a healthy program that are not known to be there."""
    return bool(set(codes) - set(case["lint"]))


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


def of_file(path, programs):
    """Returns the cases of a file, and what builds them."""
    cases = json.loads(path.read_text())
    today = {former: code for code, former in FORMER_CODES.items()}
    for case in cases:
        for key in ("faults", "lint"):
            case[key] = [today.get(code, code) for code in case.get(key, [])]
    program = imported((programs or path.parent / "programs.py").resolve()).program
    return cases, lambda case, seed: (*program(case, seed), {})


def of_the_repository():
    """Returns the cases of `doctor_cases`, and what builds them."""
    from doctor_cases import CASES

    def build(case, seed):
        built = CASES[case["id"]].build(seed)
        return built.model, built.x, built.y, built.options

    cases = [
        {
            "id": case.id,
            "healthy": case.healthy,
            "faults": list(case.faults),
            "lint": list(case.lint),
            "batch_size": case.batch_size,
            "epochs": case.epochs,
        }
        for case in CASES.values()
    ]
    return cases, build


def main():
    """Runs the cases and prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--cases", type=Path)
    parser.add_argument("--programs", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--budget-seconds", type=float, default=12)
    parser.add_argument("--repair", action="store_true")
    parser.add_argument("--no-published", action="store_true")
    options = parser.parse_args()
    # Programs that are wrong on purpose make Keras warn; that is not what is measured.
    warnings.simplefilter("ignore")
    if options.cases is None:
        cases, build = of_the_repository()
    else:
        cases, build = of_file(options.cases, options.programs)
    cases = [case for case in cases if re.search(options.only, case["id"])]
    rivals = options.cases is not None and not options.no_published
    known = json.loads(options.json.read_text()) if options.json.exists() else {}
    results = known.get("cases", {})
    content = {
        "python": platform.python_version(),
        "keras": keras.__version__,
        "tensorflow": tf.__version__,
        "cpus": os.cpu_count(),
        "seed": options.seed,
        "budget_seconds": options.budget_seconds,
    }
    for number, case in enumerate(cases, 1):
        result = results.setdefault(case["id"], {})
        if "ours" not in result:
            result["ours"] = ours(
                case, build, options.seed, options.budget_seconds, options.repair
            )
        if rivals and "published" not in result:
            result["published"] = theirs(case, build, options.seed)
        said = ", ".join(result["ours"]["codes"])
        said = said or result["ours"].get("verdict") or result["ours"]["crash"]
        true = ", ".join(case["faults"]) or "healthy"
        print(f"{number:>3} {case['id']:<26} {true} -> {said}", flush=True)
        options.json.write_text(json.dumps(content | {"cases": results}, indent=1))
    content["figures"] = figures(cases, results)
    if rivals:
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
