"""Every threshold of the doctor, each with its reason and its source.

"Development part" is the set of labelled programs that `benchmarks/doctor.py` runs;
"own" marks a number chosen by the reason given beside it and only checked there.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Threshold:
    """A number, why it is that number, and who says so."""

    value: float
    reason: str
    source: str

    def __str__(self) -> str:
        """Returns the number with its source, as findings quote it."""
        return f"{self.value:g} ({self.source}: {self.reason})"


# --- data ---------------------------------------------------------------------------

LARGE_INPUT = Threshold(
    10.0,
    "initial weights assume inputs of about unit size; ten units drive tanh and "
    "sigmoid to their ends and multiply a first layer's gradient tenfold",
    "AutoTrainer calls a mean |output| of 10 abnormal data",
)
INPUT_SCALE_RATIO = Threshold(
    100.0,
    "one rate cannot suit features whose gradients differ a hundredfold",
    "own; LeCun et al. 1998, Efficient BackProp, on equal variances",
)
LARGE_TARGET = Threshold(
    10.0,
    "a fresh network answers about 0 +- 1; targets further away are reached by the "
    "output bias alone, a rate's length an update",
    "DeepDiagnosis: an output range of 10 times the target's",
)
OUTLIER_DISTANCE = Threshold(
    20.0,
    "a normal sample never lies 20 robust deviations from the median",
    "own; Iglewicz and Hoaglin 1993 call 3.5 an outlier",
)
OUTLIER_SHARE_OF_ERROR = Threshold(
    0.5,
    "when more than half of the squared error is theirs, the fit is theirs, too",
    "own",
)
MAJORITY = Threshold(
    0.95,
    "a constant answer is then right 19 times of 20, and the loss says little",
    "own",
)
DUPLICATES = Threshold(
    0.01, "more shared samples than chance repeats make a test too kind", "own"
)
FEW_OUTLIERS = Threshold(
    0.2, "what a fifth of the targets do is no outlier but a part of the task", "own"
)
FEW_FEATURES = Threshold(
    64, "of more, such as the pixels of an image's border, some are constant", "own"
)
MOST_CLASSES = Threshold(
    50,
    "whole numbers with more distinct values are amounts, where nothing else in the "
    "program says that they are classes",
    "own",
)
UNREACHABLE_TARGETS = Threshold(
    0.05,
    "beyond a few stray values, no weights can bring the error down",
    "DeepDiagnosis: targets outside the activation's range",
)

# --- structure ----------------------------------------------------------------------

DEEP_SATURATING = Threshold(
    4,
    "a sigmoid's slope is at most 1/4: four of them leave 1/256 of a gradient",
    "Glorot and Bengio 2010",
)
DEEP = Threshold(
    8,
    "without normalisation or shortcuts the signal's spread drifts with each layer",
    "He et al. 2015, Delving Deep into Rectifiers: plain nets past that stall",
)
INIT_TOO_SMALL = Threshold(
    0.4,
    "two such layers shrink a signal sixfold, three fifteenfold",
    "Glorot and Bengio 2010: spread sqrt(2 / (in + out)) keeps it",
)
INIT_TOO_LARGE = Threshold(
    3.0,
    "two such layers grow a signal ninefold and saturate what follows",
    "Glorot and Bengio 2010",
)
INIT_FAR = Threshold(
    10.0,
    "a single layer this many times from the usual spread, either way, is enough",
    "own",
)
BIAS_TOO_LARGE = Threshold(
    2.0,
    "sums of normalised inputs have a spread of about 1: such a bias decides alone",
    "own",
)
EXCESS_DROPOUT = Threshold(
    0.6,
    "more than half of the units away is more noise than any published recipe uses",
    "Srivastava et al. 2014 use 0.2 to 0.5; UMLAUT warns above 0.5",
)
SUM_OF_DROPOUT = Threshold(
    1.0,
    "two layers at 0.5 leave a quarter of the ways through",
    "own; Srivastava et al. 2014 drop half of one layer's units",
)
SMALL_BATCH = Threshold(
    4,
    "statistics of so few samples are noise, and a batch of one has no variance",
    "Wu and He 2018: batch normalisation fails below about 4",
)

# Rates in common use, by optimizer: outside, the rate is the first thing to doubt.
# They span the defaults of Keras and what its examples and the papers of the optimizers
# use; of SGD without momentum, whose steps momentum multiplies by 1 / (1 - momentum).
COMMON_RATES = {
    "sgd": (1e-3, 0.5),
    "adadelta": (0.05, 2.0),
    "adagrad": (1e-3, 0.5),
    "ftrl": (1e-3, 0.5),
    "adam": (1e-4, 0.05),
}

# --- dynamics -----------------------------------------------------------------------

GOOD = Threshold(
    0.9, "nine tenths of what a constant answer leaves open: nothing to look for", "own"
)
HARMED = Threshold(
    0.85,
    "with a visible mistake in the program, less than this of what a remedied copy "
    "or a reference learner reaches is put down to that mistake",
    "own, development part",
)
FAILED = Threshold(
    0.5,
    "without a visible mistake, only half of what is attainable is a failure, since "
    "healthy small networks vary by a third from seed to seed",
    "own, development part",
)
RESTORED = Threshold(
    0.5, "a remedy that makes up half of what was missing is the cause", "own"
)
GAIN = Threshold(
    0.08, "two trainings that differ in their seed alone differ by less", "own"
)
HELPED = Threshold(
    0.3, "a remedy that makes up less of what is missing is no explanation of it", "own"
)
UNLEARNABLE = Threshold(
    0.05, "a forest that learns no more sees nothing of the labels in the inputs", "own"
)
ENOUGH_SAMPLES = Threshold(
    100, "with fewer samples a forest that learns nothing proves nothing", "own"
)
FEW_UPDATES = Threshold(
    100, "Adam's default rate moves a weight by at most a tenth in as many", "own"
)
CHANCE = Threshold(
    0.15, "so little above a constant answer is what small samples give", "own"
)
DEAD_UNITS = Threshold(
    0.7, "so few living units carry little", "AutoTrainer, DeepDiagnosis: 70 %"
)
FLAT_END = Threshold(
    0.05,
    "within a twentieth of its range from an end, a sigmoid passes on less than a "
    "fifth of its steepest gradient",
    "own",
)
SATURATED = Threshold(
    0.5, "half of the gradients are then nearly zero", "DeepDiagnosis: 50 %"
)
VANISHING_RATIO = Threshold(
    1e-3, "the first layer learns a thousand times slower", "AutoTrainer: 1e-3"
)
EXPLODING_RATIO = Threshold(
    1e3, "the rate that suits the last layer throws the first away", "AutoTrainer: 70"
)
OVERFIT_GAP = Threshold(
    0.3, "so much skill is lost on data not seen", "own; UMLAUT looks at the trend"
)
OSCILLATION = Threshold(
    1.0, "steps of the smoothed loss as large as its whole fall", "own"
)

CONSTANT_OUTPUT = Threshold(
    1e-3,
    "answers that differ by less tell no two inputs apart",
    "own",
)
FLAT_LOSS = Threshold(
    0.01,
    "a loss that falls by less than a hundredth has not begun to fall",
    "AutoTrainer takes a gain of less than .01 an epoch as not converging",
)
