from .dataset import ImageDataset as ImageDataset
from .dataset import Provenance as Provenance
from .loading import DataUnavailable as DataUnavailable
from .loading import load as load
from .split import ArraySplit as ArraySplit
from .split import Split as Split
from .split import StreamedSplit as StreamedSplit
