from .load import load as load
from .predictor import Prediction as Prediction
from .predictor import Predictor as Predictor
from .predictor import Preparation as Preparation
