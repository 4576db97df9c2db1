from .config import RunConfig as RunConfig
from .run import TrainingResult as TrainingResult
from .run import build_model as build_model
from .run import train as train
from .scoring import Scores as Scores
from .scoring import predictor as predictor
from .scoring import score as score
