from .errors import ParityError as ParityError
from .exporting import FORMATS as FORMATS
from .exporting import Export as Export
from .exporting import export as export
from .parity import ArtifactParity as ArtifactParity
from .parity import Parity as Parity
from .parity import ParityData as ParityData
from .stress_images import stress_images as stress_images
