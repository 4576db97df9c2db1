"""Measures how far each activation and loss is from the exact answer.

For every subject and its derivative, in float32, bfloat16 and float16, this finds
the worst error in units in the last place, for this package and for Keras. All
finite values and both infinities of the half precisions are tried, and a million
values in float32: every magnitude, subnormals, both zeros and infinities.

TensorFlow on a CPU flushes subnormal numbers to zero. An answer is therefore also
compared with the exact answer for a flushed input and with 0 for a subnormal one, and
the smallest of these errors counts; `strict` in accuracy.json is without that.
A NaN, or an infinity that is not right, is counted apart.

A formula is written once and evaluated twice: with NumPy's long double for every
input, and with mpmath at 60 digits for the worst ones found, whose error is the
one reported. Long double that disagrees with mpmath there stops the run.

Writes accuracy.md, accuracy.json and accuracy.png beside this file:

    python benchmarks/accuracy.py [SUBJECT ...]
"""

import importlib
import importlib.util
import json
import os
import platform
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import ml_dtypes
import mpmath
import numpy as np
import scipy.special
import tensorflow as tf

HERE = Path(__file__).parent
# Each of these modules has a list SUBJECTS.
TABLES = ("accuracy_activations", "accuracy_losses")
DTYPES = {
    "float32": np.dtype(np.float32),
    "bfloat16": np.dtype(ml_dtypes.bfloat16),
    "float16": np.dtype(np.float16),
}
# A few of them are NaN, and left out.
FLOAT32_COUNT = 1_005_000
VERIFIED = 32


@dataclass(frozen=True)
class Subject:
    """One function of one number, what it should be, and where to try it.

    Attributes:
        name: Shown in the table.
        ours: Maps a tensor to a tensor, elementwise.
        keras: The same with Keras's own part.
        value: `value(m, x)` writes the formula with `m.exp`, `m.log`, `m.log1p`,
            `m.expm1`, `m.tanh`, `m.sqrt`, `m.erfc`, `m.where` and operators.
        slope: Its derivative, written the same way; at kinks what Keras has.
        least, most: Inputs outside are left out (a probability lies in [0, 1]).
    """

    name: str
    ours: Callable[[Any], Any]
    keras: Callable[[Any], Any]
    value: Callable[[Any, Any], Any]
    slope: Callable[[Any, Any], Any]
    least: float = -np.inf
    most: float = np.inf


@dataclass(frozen=True)
class Result:
    """The worst error of one implementation.

    Attributes:
        ulp: Worst error of a finite answer, with flushed subnormals allowed.
        at: Where that is.
        strict: Worst error of a finite answer, with flushed subnormals as errors.
        wrong: How many answers are NaN, or infinite where they should not be.
        wrong_at: The first input with such an answer.
    """

    subject: str
    of: str
    dtype: str
    who: str
    ulp: float
    at: float
    strict: float
    wrong: int
    wrong_at: float | None

    def not_worse_than(self, other: "Result") -> bool:
        """Whether each figure is at most the other's."""
        return (
            self.ulp <= other.ulp * (1 + 1e-6)
            and self.strict <= other.strict * (1 + 1e-6)
            and self.wrong <= other.wrong
        )


def _where(condition: Any, yes: Any, no: Any) -> Any:
    return np.where(condition, yes, no)


LONG = SimpleNamespace(
    exp=np.exp, log=np.log, log1p=np.log1p, expm1=np.expm1, tanh=np.tanh,
    sqrt=np.sqrt, cosh=np.cosh, pi=np.longdouble(np.pi), where=_where, abs=np.abs,
    # SciPy has it in double only: good to 1e-15 and down to 1e-308.
    erfc=lambda x: scipy.special.erfc(x.astype(np.float64)).astype(np.longdouble),
)  # fmt: skip
EXACT = SimpleNamespace(
    exp=mpmath.exp, log=mpmath.log, log1p=mpmath.log1p, expm1=mpmath.expm1,
    tanh=mpmath.tanh, sqrt=mpmath.sqrt, cosh=mpmath.cosh, pi=mpmath.pi, abs=abs,
    where=lambda condition, yes, no: yes if condition else no, erfc=mpmath.erfc,
)  # fmt: skip


def inputs(dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    """Returns the values to try, without NaN, sorted."""
    if dtype.itemsize == 2:
        values = np.arange(2**16, dtype=np.uint32).astype(np.uint16).view(dtype)
    else:
        rng = np.random.default_rng(0)
        third = FLOAT32_COUNT // 3
        bits = np.linspace(0, 2**32 - 1, third).astype(np.uint32).view(dtype)
        middle = rng.uniform(-20, 20, third).astype(dtype)
        wide = rng.uniform(-110, 110, FLOAT32_COUNT - 2 * third - 16).astype(dtype)
        kinks = np.array(
            [0.0, -0.0, np.inf, -np.inf, 1, -1, 3, -3, 6, -6, 0.5, -0.5, 2, -2, 10, 20],
            dtype,
        )
        values = np.concatenate([bits, middle, wide, kinks])
    with np.errstate(invalid="ignore"):
        return np.sort(values[~np.isnan(values)])


def evaluate(function: Any, x: np.ndarray[Any, Any]) -> Iterator[np.ndarray[Any, Any]]:
    """Yields the values and the derivatives of `function` in a compiled graph."""

    @tf.function
    def both(x: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = function(x)
        return y, tape.gradient(y, x)

    for result in both(tf.constant(x)):
        yield result.numpy()


def ulp_errors(
    got: np.ndarray[Any, Any], truth: np.ndarray[Any, Any]
) -> np.ndarray[Any, Any]:
    """Returns |got - truth| in units in the last place of `got.dtype` at `truth`."""
    info = ml_dtypes.finfo(got.dtype)
    with np.errstate(all="ignore"):
        exponent = np.frexp(truth)[1] - 1
        exponent = np.clip(exponent, int(info.minexp), int(info.maxexp) - 1)
        ulp = np.ldexp(np.longdouble(1), exponent - int(info.nmant))
        error = np.abs(got.astype(np.longdouble) - truth) / ulp
    overflow = np.abs(truth) >= np.longdouble(2) ** int(info.maxexp) * (
        1 - np.longdouble(2) ** (-int(info.nmant) - 2)
    )
    right = np.isinf(got) & overflow & (np.signbit(got) == np.signbit(truth))
    error = np.where(right, 0, error)
    return np.where(np.isfinite(got) | right, error, np.inf)


def at_infinity(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Returns `x` with infinity replaced by a number beyond every dtype here."""
    return np.where(np.isinf(x), np.sign(x) * np.longdouble(1e60), x)


def flushed(x: np.ndarray[Any, Any], dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    """Returns `x` with what is subnormal in `dtype` replaced by 0."""
    return np.where(np.abs(x) < np.longdouble(ml_dtypes.finfo(dtype).tiny), 0, x)


def measure(subject: Subject) -> Iterator[Result]:
    """Yields the worst errors of one subject."""
    for label, dtype in DTYPES.items():
        x = inputs(dtype)
        wide = x.astype(np.longdouble)
        kept = (wide >= subject.least) & (wide <= subject.most)
        x, wide = x[kept], at_infinity(wide[kept])
        truths = [
            exact_values(formula, wide) for formula in (subject.value, subject.slope)
        ]
        coarse = [
            exact_values(formula, flushed(wide, dtype))
            for formula in (subject.value, subject.slope)
        ]
        for who in ("ours", "keras"):
            answers = list(evaluate(getattr(subject, who), x))
            for index, of in enumerate(("value", "derivative")):
                formula = (subject.value, subject.slope)[index]
                truth, got = truths[index], answers[index]
                strict = ulp_errors(got, truth)
                # One rounding below the smallest normal number still counts as flushed.
                small = np.abs(truth) < np.longdouble(ml_dtypes.finfo(dtype).tiny)
                errors = np.minimum(strict, ulp_errors(got, coarse[index]))
                errors = np.where(small & (got == 0), 0, errors)
                wrong = np.isinf(errors)
                errors, strict = (
                    np.where(wrong, -1, errors),
                    np.where(wrong, -1, strict),
                )
                worst = np.argsort(-errors, kind="stable")[:VERIFIED]
                plain = worst[errors[worst] == strict[worst]]
                verify(formula, wide[plain], got[plain], errors[plain])
                yield Result(
                    subject.name, of, label, who,
                    ulp=float(errors[worst[0]]), at=float(x[worst[0]]),
                    strict=float(strict.max()), wrong=int(wrong.sum()),
                    wrong_at=float(x[wrong][0]) if wrong.any() else None,
                )  # fmt: skip


def exact_values(formula: Any, x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Returns the formula's values in long double."""
    with np.errstate(all="ignore"):
        values = np.broadcast_to(formula(LONG, x), x.shape).astype(np.longdouble)
    if np.isnan(values).any():
        raise ValueError(f"The formula is NaN at {x[np.isnan(values)][:3]}.")
    return values


def verify(formula: Any, x: Any, got: Any, errors: Any) -> None:
    """Raises unless mpmath finds the same errors.

    Infinities, for which a huge number stands in, are left out.
    """
    with mpmath.workdps(60):
        for point, answer, error in zip(x, got, errors, strict=True):
            if np.abs(point) < 1e50:
                exact = formula(EXACT, mpmath.mpf(float(point)))
                exact = np.longdouble(mpmath.nstr(exact, 25))
                again = float(ulp_errors(np.array([answer]), np.array([exact]))[0])
                if abs(again - float(error)) > 0.01 * max(1.0, again):
                    raise ValueError(
                        f"Long double is not good enough at {point}: {error} ulp, "
                        f"but {again} with mpmath."
                    )


def subjects(names: list[str]) -> list[Subject]:
    """Returns the subjects of every table that is there."""
    found: list[Subject] = []
    for table in TABLES:
        if importlib.util.find_spec(table):
            found += importlib.import_module(table).SUBJECTS
    return [subject for subject in found if not names or subject.name in names]


def shown(result: Result) -> str:
    """Returns the worst error to three digits, and whether there are NaNs."""
    ulp = f"{result.ulp:.2f}" if result.ulp < 100 else f"{result.ulp:.2g}"
    return f"{ulp}, NaN" if result.wrong else ulp


def as_table(results: list[Result]) -> str:
    """Returns a Markdown table with ours beside Keras's."""
    cells = {(r.subject, r.of, r.dtype, r.who): r for r in results}
    head = "| function | of | " + " | ".join(f"{d} ours | Keras" for d in DTYPES)
    lines = [head + " |", "| --- | --- |" + " ---: | ---: |" * len(DTYPES)]
    for subject, of in dict.fromkeys((r.subject, r.of) for r in results):
        row = [
            shown(cells[subject, of, dtype, who])
            for dtype in DTYPES
            for who in ("ours", "keras")
        ]
        lines.append(f"| {subject} | {of} | " + " | ".join(row) + " |")
    return "\n".join(lines)


def draw(results: list[Result], path: Path) -> None:
    """Draws one panel for each precision, ours and Keras's as points on a log axis."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    rows = list(dict.fromkeys((r.subject, r.of) for r in results))
    figure, axes = plt.subplots(
        1, len(DTYPES), figsize=(14, 1.5 + 0.2 * len(rows)), sharey=True
    )
    ceiling = 1e9
    for axis, dtype in zip(axes, DTYPES, strict=True):
        for who, marker, colour in (("keras", "s", "tab:orange"), ("ours", "o", "C0")):
            chosen = {
                (r.subject, r.of): np.inf if r.wrong else r.ulp
                for r in results
                if r.dtype == dtype and r.who == who
            }
            ulps = [min(max(chosen[row], 0.1), ceiling) for row in rows]
            axis.scatter(
                ulps, range(len(rows)), s=22, marker=marker, color=colour,
                label="keras_cnn" if who == "ours" else "Keras",
            )  # fmt: skip
        axis.set_xscale("log")
        axis.axvline(0.5, color="grey", linewidth=0.8)
        axis.grid(axis="x", alpha=0.3)
        axis.set_title(dtype)
        axis.set_xlabel("ulp (right edge: NaN)")
    axes[0].set_yticks(range(len(rows)), [f"{name} ({of})" for name, of in rows])
    axes[0].invert_yaxis()
    axes[-1].legend(loc="upper right")
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def main(names: list[str]) -> int:
    """Measures, writes the three files, and returns 1 if ours is worse anywhere."""
    results: list[Result] = []
    for subject in subjects(names):
        results += measure(subject)
        print(as_table(results[-12:]).split("\n", 2)[2], flush=True)
    keras_results = {(r.subject, r.of, r.dtype): r for r in results if r.who == "keras"}
    worse = []
    for ours in (r for r in results if r.who == "ours"):
        theirs = keras_results[ours.subject, ours.of, ours.dtype]
        if ours.wrong or not ours.not_worse_than(theirs):
            worse.append(
                f"{ours.subject} {ours.of} {ours.dtype}: {ours.ulp:.4g} at {ours.at} "
                f"(strict {ours.strict:.4g}, NaN {ours.wrong} at {ours.wrong_at}), "
                f"Keras {theirs.ulp:.4g} at {theirs.at} (strict {theirs.strict:.4g}, "
                f"NaN {theirs.wrong})"
            )
    if names:
        print("\n".join(worse))
        return bool(worse)
    setting = (
        f"Keras {keras.__version__}, TensorFlow {tf.__version__}, "
        f"Python {platform.python_version()}, {platform.machine()} CPU."
    )
    (HERE / "accuracy.md").write_text(
        "# Worst error in units in the last place\n\n"
        "Half a unit is a correctly rounded answer; NaN marks answers that are NaN "
        "where the limit is finite. Made by `make accuracy`. "
        f"{setting}\n\n{as_table(results)}\n"
    )
    rows = [asdict(result) for result in results]
    (HERE / "accuracy.json").write_text(
        json.dumps({"setting": setting, "results": rows}, indent=1) + "\n"
    )
    draw(results, HERE / "accuracy.png")
    print("\n".join(["Worse than Keras:", *worse] if worse else ["Nowhere worse."]))
    return bool(worse)


if __name__ == "__main__":
    sys.path[:0] = [str(HERE.parent), str(HERE)]
    sys.modules.setdefault("accuracy", sys.modules["__main__"])
    sys.exit(main(sys.argv[1:]))
