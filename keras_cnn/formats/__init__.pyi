from .format import Format as Format
from .format import LoadedModel as LoadedModel
from .table import FORMATS as FORMATS
