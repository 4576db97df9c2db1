"""Loading of saved Keras models: prediction, a floor below, does it too."""

from ..prediction.keras_file import load_model as load_model
