from .config import RunConfig as RunConfig
from .scoring import Scores as Scores
from .scoring import predictor as predictor
from .scoring import score as score
from .training_run import TrainingResult as TrainingResult
from .training_run import build_model as build_model
from .training_run import make_strategy as make_strategy
from .training_run import train as train
