from .loading import load_model as load_model
from .metadata import ModelMetadata as ModelMetadata
from .metadata import read_metadata as read_metadata
