from .errors import ParityError as ParityError
from .exporting import Export as Export
from .exporting import export as export
from .formats import FORMATS as FORMATS
from .manifest import ModelFacts as ModelFacts
from .parity import ArtefactParity as ArtefactParity
from .parity import Parity as Parity
from .parity import ParityData as ParityData
