from .loading import load_model as load_model
