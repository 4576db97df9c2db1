from .predictor import Prediction as Prediction
from .predictor import Predictor as Predictor
from .saved_model import load_saved_model as load_saved_model
