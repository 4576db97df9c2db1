"""Every number by which the doctor decides, each with its reason and its source.

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
        """Returns the number with reason and source, as findings quote it."""
        return f"{self.value:g}, since {self.reason} ({self.source})"


# --- confidence ---------------------------------------------------------------------
# How sure a rule is, before anything is tried, that what it sees is a fault.

CERTAIN = Threshold(1.0, "by definition no training can make it right", "own")
STRONG = Threshold(0.9, "right programs that look so are known, but rare", "own")
LIKELY = Threshold(0.8, "most programs that look so learn less than they could", "own")
POSSIBLE = Threshold(0.6, "right and wrong programs look so about as often", "own")
GUESS = Threshold(0.5, "most programs that look so are right", "own")

# --- weighing -----------------------------------------------------------------------
# What orders causes, where there are several. They decide nothing else.

LOOKS = Threshold(
    0.55, "what a mistake looks like weighs about as much as its remedy", "own"
)
EFFECT = Threshold(
    0.45, "so that looks and effect together make up a confidence of 1", "own"
)
UNTRIED = Threshold(
    0.6, "a suspicion that was not put to the test is weaker than one that was", "own"
)
SUPPOSED = Threshold(
    0.7, "what cannot be seen in a program is a less likely mistake", "own"
)
FAINT = Threshold(0.05, "what is shown at all is not impossible", "own")
AS_GOOD = Threshold(
    0.05, "copies whose skill differs by less are equally good by their seeds", "own"
)

# --- time ---------------------------------------------------------------------------
# Shares of the budget, and what a trial takes and looks at.

FIRST_SHARE = Threshold(
    0.4, "the first training must leave more than half for the remedies", "own"
)
FIRST_LONGEST = Threshold(
    0.7, "a first training that ends by then is better whole than cut short", "own"
)
LAST_SHARE = Threshold(
    0.85, "a trial that begins later would end after the budget", "own"
)
TRIAL_SHARE = Threshold(0.2, "four remedies get their turn after the first", "own")
TRIAL_SHARE_OF_LEFT = Threshold(
    1 / 3, "the last remedies get less time, rather than none", "own"
)
SHORTEST_TRIAL = Threshold(0.1, "seconds; a shorter trial is all compilation", "own")
FIRST_STEPS = Threshold(
    8, "updates compile the loop and tell how long one takes", "own"
)
SECONDS_PER_CALL = Threshold(
    0.25, "seconds; the clock is looked at four times a second", "own"
)
SCORED = Threshold(1000, "samples tell a share to 2 %", "own")
PROBED = Threshold(64, "samples show what share of the units is dead", "own")

# --- reference learner --------------------------------------------------------------

FOREST_SAMPLES = Threshold(
    1000, "samples tell learnable from not, and are fitted within a second", "own"
)
FOREST_FEATURES = Threshold(
    256, "features that vary the most hold what an image shows", "own"
)
FOREST_TREES = Threshold(30, "trees agree as well as a hundred, to 0.02", "own")

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
    "DeepDiagnosis warns of an output range 10 times the target's",
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
    "own; DeepDiagnosis warns of any target outside the activation's range",
)

MOST_CLASS_NUMBERS = Threshold(
    1000, "larger whole numbers are amounts: ImageNet has as many classes", "own"
)

SMALL_INPUT = Threshold(
    0.05,
    "a pixel divided by 255 twice is 0.004 at most; what is scaled reaches 1",
    "own",
)
CUT_SHARE = Threshold(
    0.12, "of gray images few pixels are full; a drawing has more of them", "own"
)
OTHER_SCALE = Threshold(
    3.0, "samples of one kind have the same root mean square to a few percent", "own"
)
UNSEEN_CLASSES = Threshold(
    0.05, "of classes that are not trained on, none can be predicted", "own"
)
DRIFT = Threshold(
    0.8, "of samples of one kind a forest tells half of them apart by chance", "own"
)
UNREACHABLE_FOR_SURE = Threshold(
    0.2, "where a fifth of the targets cannot be met, no training makes it good", "own"
)
PEEKED = Threshold(16, "samples show an output's shape and range", "own")
SUMS_TO_ONE = Threshold(
    1e-3, "in float32 and bfloat16 shares sum to 1 so nearly", "own"
)
SAME_LOSS = Threshold(
    1e-3, "a loss that differs by less does not tell two apart", "own"
)
SAME_OUTPUT = Threshold(1e-3, "copies that compute the same agree so nearly", "own")
STREAMED_SAMPLES = Threshold(
    5000, "a diagnosis within seconds gets through no more samples", "own"
)
STREAMED_BYTES = Threshold(2.5e8, "bytes fit into any machine's memory", "own")
WORDS = Threshold(512, "counts of words tell what a text is about", "own")
DRAWS = Threshold(20, "draws tell mean and spread of what chance gives", "own")
FOREST_SAMPLES_OF_RARE = Threshold(
    4000, "of a class of one in sixty-four there are then sixty", "own"
)

# --- structure ----------------------------------------------------------------------

SAME_ACTIVATION = Threshold(
    0.01, "two activations differ by more somewhere on a few numbers", "own"
)
DEEP_SATURATING = Threshold(
    4,
    "a sigmoid's slope is at most 1/4: four of them leave 1/256 of a gradient",
    "Glorot and Bengio 2010",
)
DEEP = Threshold(
    8,
    "without normalization or shortcuts the signal's spread drifts with each layer",
    "own; He et al. 2015, Delving Deep into Rectifiers, on plain nets that stall",
)
SIGNAL = Threshold(
    10.0, "a signal that is a tenth or ten times as large still trains", "own"
)
INIT_TOO_SMALL = Threshold(
    0.4,
    "two such layers shrink a signal sixfold, three fifteenfold",
    "own; Glorot and Bengio 2010 keep it with a spread of sqrt(2 / (in + out))",
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
    "sums of normalized inputs have a spread of about 1: such a bias decides alone",
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
    "Wu and He 2018, whose batch normalization fails below about 4",
)

# Rates in common use, by optimizer: outside, the rate is the first thing to doubt.
# They span the defaults of Keras and what its examples and the papers of the optimizers
# use; of SGD without momentum, whose steps momentum multiplies by 1 / (1 - momentum).
COMMON_RATES = {
    "sgd": (1e-3, 1.0),
    "adadelta": (0.05, 2.0),
    "adagrad": (1e-3, 0.5),
    "ftrl": (1e-3, 0.5),
    "adam": (1e-4, 0.05),
}

NARROW = Threshold(1, "one number holds hardly more than one feature", "own")
NARROW_OF_CLASSES = Threshold(
    0.25, "a quarter of the classes' number must hold what tells them apart", "own"
)
WIDER = Threshold(8, "a network that is too small is so by a multiple", "own")
USUAL_WIDTH = Threshold(32, "small tasks are learned by as many units", "own")
USUAL_NORM_MOMENTUM = Threshold(
    0.9, "averages follow within tens of batches", "the default of PyTorch"
)
DECAY = Threshold(
    0.01, "weights are halved in seventy updates, faster than most learn", "own"
)
PENALTY = Threshold(
    1.0, "a cross-entropy of about 1 is what predictions can gain", "own"
)
LESS_PENALTY = Threshold(0.001, "a thousandth of a penalty hinders nobody", "own")
CLIPPED_SHARE = Threshold(
    0.01, "steps are then a hundredth of what the rate was chosen for", "own"
)

SAME_RATE = Threshold(1e-3, "rates are kept in float32", "own")

# By what the rate is multiplied in trials, where the product is in common use.
HIGHER_RATES = (10.0, 30.0, 100.0)
LOWER_RATES = (0.1, 0.01)
LONGER = Threshold(10, "a training that is too short is so by an order or more", "own")
USUAL_BATCH = Threshold(32, "it is what `Model.fit` takes", "Keras")
USUAL_DROPOUT = Threshold(
    0.2, "it hinders no layer much", "Srivastava et al. 2014, of inputs"
)
SLIGHT_DROPOUT = Threshold(0.1, "several of them add up to a usual one", "own")
MANY_PIXELS = Threshold(
    32, "so many features on one scale are pixels, scaled as one", "own"
)
PIXEL_RANGE = Threshold(512, "pixels lie within twice a byte's range", "own")

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
HELD_BACK = Threshold(
    0.2, "a fifth tells what holds for new samples, and four fifths are learned", "own"
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
    0.7, "so few living units carry little", "AutoTrainer and DeepDiagnosis, 70 %"
)
FLAT_END = Threshold(
    0.05,
    "within a twentieth of its range from an end, a sigmoid passes on less than a "
    "fifth of its steepest gradient",
    "own",
)
SATURATED = Threshold(
    0.5, "half of the gradients are then nearly zero", "DeepDiagnosis, 50 %"
)
VANISHING_RATIO = Threshold(
    1e-3, "the first layer learns a thousand times slower", "AutoTrainer, 1e-3"
)
EXPLODING_RATIO = Threshold(
    1e3,
    "a rate that suits the last layer is then far too high for the first",
    "own; AutoTrainer warns from 70, which healthy networks pass",
)
OVERFIT_GAP = Threshold(
    0.3, "so much skill is lost on data not seen", "own; UMLAUT looks at the trend"
)
SMOOTHED = Threshold(10, "windows show where a loss goes, not each batch's luck", "own")
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
LAGGING = Threshold(
    0.2, "the same weights predict so much better with the batch's statistics", "own"
)
LOST_LOSSES = Threshold(
    0.5, "half of the samples have no gradient any more", "own; Prieto et al. 2025"
)
MOVED = Threshold(
    0.01, "weights that move by a hundredth of their size compute the same", "own"
)
SEEN_SHARE = Threshold(
    0.25, "of less than a quarter of a training nobody can tell its end", "own"
)
STILL_RISING = Threshold(
    1.5, "a training may gain in each doubling half as much again as in its last", "own"
)
TOLD = Threshold(256, "samples show where a skill goes", "own")
