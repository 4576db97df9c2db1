from .load import load as load
from .predictor import Prediction as Prediction
from .predictor import Predictor as Predictor
