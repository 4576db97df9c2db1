"""The diagnosis: lint, a short training of a copy, remedies tried, the verdict."""

from __future__ import annotations

import logging
import random
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import combinations, product
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from .._checks import check_count, check_positive
from .copying import copy_model
from .data_checks import check_duplicates
from .dynamics import symptoms
from .findings import Attempt, Diagnosis, Finding, Histogram, Moment
from .judging import TOGETHER, Case, judge
from .linting import suspects_of
from .probe import Probe
from .program import Program, read_program
from .rates import rate_suspects
from .reference import reference_skill
from .remedies import with_fresh_weights, with_updates
from .skill import labels_of, skill
from .suspects import Suspect, suspect
from .thresholds import FAILED, GOOD, HARMED, OVERFIT_GAP, UNLEARNABLE
from .trial import Bench, Outcome, Setting

# Shares of the budget: of the first training, and of all until the last trial begins.
_FIRST = 0.4
_LAST = 0.85
_PROBE = 64
_MOMENTS = 10
# With fewer samples a forest that learns nothing proves nothing.
_ENOUGH = 100


def diagnose(
    model: keras.Model,
    x: Any,
    y: Any,
    *,
    batch_size: int = 32,
    epochs: int = 5,
    validation_data: tuple[Any, Any] | None = None,
    budget_seconds: float = 12,
    seed: int = 0,
) -> Diagnosis:
    """Says whether a training program learns, and if not, why.

    A copy of the model is trained for what is planned, or for as long as the budget
    allows. If it learns less than it could, each suspicion's remedy is tried on
    another copy, with as many updates: a remedy that restores learning is the best
    evidence of a cause. The model itself is only read.

    Args:
        model: A compiled Keras model with one input and one output.
        x: Inputs, an array.
        y: Targets, an array.
        batch_size: What is planned. Defaults to `32`.
        epochs: What is planned. Defaults to `5`.
        validation_data: Inputs and targets not trained on, to tell overfitting.
            Defaults to `None`.
        budget_seconds: What the diagnosis may take, about. Defaults to `12`.
        seed: Fixes the order of samples and all that is drawn. Defaults to `0`.

    Returns:
        The verdict.

    Raises:
        InputError: If the model is not compiled, cannot be copied, or the data does not
            fit it, or an argument breaks its rule.
    """
    check_count("batch_size", batch_size)
    check_count("epochs", epochs)
    check_positive("budget_seconds", budget_seconds)
    check_count("seed", seed, least=0)
    begin = time.perf_counter()
    program = read_program(model, x, y, batch_size, epochs)
    suspects = list(suspects_of(program))
    if validation_data is not None:
        validation_data = tuple(map(np.asarray, validation_data))  # type: ignore[assignment]
        suspects += check_duplicates(program.x, np.asarray(validation_data[0]))
    with _aside(seed):
        examination = Examination(program, begin + budget_seconds, seed)
        return examination.verdict(suspects, validation_data, begin)


@contextmanager
def _aside(seed: int) -> Iterator[None]:
    """Seeds Python's and NumPy's global generators, and leaves them as they were.

    From the former Keras takes the seeds of a copy's weights and dropout. Keras's
    warnings of odd programs are the doctor's to report, and TensorFlow's of many traced
    functions are about its copies: both are held back.
    """
    python, numpy = random.getstate(), np.random.get_state()
    random.seed(seed)
    np.random.seed(seed % 2**32)
    logger = tf.get_logger()
    logger.addFilter(_not_of_retracing)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            yield
    finally:
        logger.removeFilter(_not_of_retracing)
        random.setstate(python)
        np.random.set_state(numpy)


def _not_of_retracing(record: logging.LogRecord) -> bool:
    return "retracing" not in record.getMessage()


class Examination:
    """One program under the clock."""

    def __init__(self, program: Program, deadline: float, seed: int) -> None:
        """Copies the model; the clock runs until `deadline`."""
        self.program = program
        self._deadline = deadline
        self._budget = deadline - time.perf_counter()
        self._bench = Bench(seed)
        self._seed = seed
        self.setting = first_setting(program)
        self.moments: list[Moment] = []
        self.histograms: tuple[Histogram, ...] = ()

    def verdict(
        self, suspects: list[Suspect], validation: Any, begin: float
    ) -> Diagnosis:
        """Trains, tries, and judges."""
        outcome = self._first()
        settled = outcome.skill >= GOOD.value and outcome.finite
        learnable = None
        attempts: list[Attempt] = []
        if not settled:
            learnable = reference_skill(self.program, self._seed)
            suspects = [*suspects, *self._hypotheses()]
            attempts = self._try(suspects, outcome, learnable)
        complete = outcome.updates >= self.setting.updates
        best = max([one.after for one in attempts] + [outcome.skill])
        # A learner that had all the time says little about a training cut short.
        attainable = max(best, learnable or 0.0) if complete else best
        case = Case(outcome.skill, attainable, outcome.finite, complete, learnable)
        suspects += self._unlearnable(case)
        seen = list(symptoms(self.program, outcome, self.moments))
        findings = judge(case, suspects, attempts, seen)
        findings += self._overfitting(outcome, validation)
        return Diagnosis(
            tuple(sorted(findings, key=lambda one: not one.counts)),
            outcome.skill,
            attainable,
            outcome.updates,
            self.setting.updates,
            tuple(map(float, outcome.losses)),
            tuple(self.moments),
            self.histograms,
            tuple(sorted(attempts, key=lambda one: -one.after)),
            time.perf_counter() - begin,
        )

    def _left(self) -> float:
        return self._deadline - time.perf_counter()

    def _first(self) -> Outcome:
        """Trains the program as it is, with a probe in its layers."""
        few = slice(0, _PROBE)
        probes: list[Probe] = []

        def measure(model: keras.Model, step: int) -> None:
            if not probes:
                probes.append(Probe(model, self.program.x[few], self.program.y[few]))
            self.moments.append(probes[0](step))

        watch = measure if getattr(self.program.model, "inputs", None) else None
        outcome = self._bench.run(
            self.setting,
            _FIRST * self._budget,
            each=watch,
            moments=_MOMENTS,
        )
        self.histograms = probes[0].histograms() if probes else ()
        return outcome

    def _hypotheses(self) -> list[Suspect]:
        """Returns what may be tried even if nothing looks wrong."""
        return [
            *rate_suspects(self.program),
            suspect(
                "too-few-updates",
                "epochs",
                f"{self.setting.updates} planned",
                "The training ends long before the loss does.",
                f"epochs={self.program.epochs * 10}",
                confidence=0.75 if self.setting.updates < 100 else 0.5,
                visible=False,
                apply=with_updates(10),
            ),
            suspect(
                "bad-init",
                "kernel_initializer",
                "",
                "Signals or gradients die on the way.",
                'kernel_initializer="he_normal", bias_initializer="zeros"',
                confidence=0.5,
                visible=False,
                apply=with_fresh_weights,
            ),
        ]

    def _try(
        self, suspects: Sequence[Suspect], outcome: Outcome, learnable: float | None
    ) -> list[Attempt]:
        """Tries each remedy on a copy, then pairs, the likeliest first.

        Two mistakes may hide each other: then only both remedies together help.
        """
        order = sorted(
            (one for one in suspects if one.apply),
            key=lambda one: (one.visible, one.finding.confidence),
            reverse=True,
        )
        attempts: dict[str, Attempt] = {}
        for one in order:
            self._attempt((one,), outcome, attempts)
        best = max([one.after for one in attempts.values()], default=0.0)
        if best < HARMED.value * max(learnable or 0.0, GOOD.value):
            for pair in _pairs(order):
                self._attempt(pair, outcome, attempts)
        return list(attempts.values())

    def _attempt(
        self,
        suspects: tuple[Suspect, ...],
        outcome: Outcome,
        attempts: dict[str, Attempt],
    ) -> None:
        """Adds what the remedies of some suspicions do together, while time is left."""
        code = TOGETHER.join(one.finding.code for one in suspects)
        change = "\n".join(one.finding.remedy for one in suspects)
        key = f"{code}: {change}"
        late = self._left() < (1 - _LAST) * self._budget
        # The likeliest remedy is tried however slow the machine is: without a trial
        # nothing can be said.
        if key in attempts or (late and attempts):
            return
        known = [one.after for one in attempts.values() if one.change == change]
        after = known[0] if known else self._remedied(suspects)
        if after is not None:
            restored = after - outcome.skill > (1 - outcome.skill) / 2
            attempts[key] = Attempt(code, change, outcome.skill, after, restored)

    def _remedied(self, suspects: tuple[Suspect, ...]) -> float | None:
        try:
            setting = self.setting
            for one in suspects:
                setting = one.apply(setting) if one.apply else setting
            seconds = max(0.1, min(self._left() / 3, 0.2 * self._budget))
            return self._bench.run(setting, seconds).skill
        # A remedy may not fit a program that is wrong in several ways.
        except (ValueError, TypeError, IndexError, tf.errors.InvalidArgumentError):
            return None

    def _unlearnable(self, case: Case) -> list[Suspect]:
        """Returns whether the labels look unrelated to the inputs."""
        if case.learnable is None or self.program.task == "regression":
            return []
        if case.learnable > UNLEARNABLE.value or case.skill > FAILED.value:
            return []
        if len(self.program.x) < _ENOUGH:
            return []
        labels = labels_of(self.program.y, self.program.task)
        if len(np.unique(labels)) < 2:
            return []
        return [
            suspect(
                "corrupted-labels",
                "y",
                f"a forest reaches a skill of {case.learnable:.2f} on data not shown",
                "Labels that have nothing to do with the inputs cannot be learned.",
                "compare with the source: list(zip(x[:9], y[:9]))",
                threshold=UNLEARNABLE,
                confidence=0.9,
                certain=True,
            )
        ]

    def _overfitting(self, outcome: Outcome, validation: Any) -> list[Finding]:
        if validation is None:
            return []
        x, y = validation
        answer = np.asarray(self.setting.model(np.asarray(x, "float32")))
        other = skill(y, answer, self.program.task, self.setting.threshold)
        if outcome.skill - other <= OVERFIT_GAP.value:
            return []
        return [
            suspect(
                "overfitting",
                "model",
                f"skill {outcome.skill:.2f}, else {other:.2f}",
                "What is learned by heart does not hold for new data.",
                "keras.layers.Dropout(0.3), fewer units, more data",
                threshold=OVERFIT_GAP,
            ).finding
        ]


def first_setting(program: Program) -> Setting:
    """Returns the program as it is, on a copy of its model."""
    original = program.model
    copy = copy_model(original)
    weights = [np.asarray(variable) for variable in original.weights]
    logits = program.from_logits and program.output == "linear"
    return Setting(
        copy,
        weights,
        program.x,
        program.y,
        program.learning_rate,
        program.batch_size,
        program.updates,
        original.loss,
        0.0 if logits else 0.5,
        program,
    )


def _pairs(suspects: Sequence[Suspect]) -> Iterator[tuple[Suspect, Suspect]]:
    """Yields what may hide each other: two visible mistakes, or one and a rate."""
    rates = [one for one in suspects if one.finding.code.startswith("lr-")]
    visible = [one for one in suspects if one.visible and one not in rates]
    longer = [one for one in suspects if one.finding.code == "too-few-updates"]
    pairs = [
        *combinations(visible, 2),
        *product(visible, rates),
        *product(rates, longer),
    ]
    for one, other in pairs:
        if one.finding.remedy != other.finding.remedy:
            yield one, other
