from .errors import NonFiniteLossError as NonFiniteLossError
from .errors import TrainingError as TrainingError
from .errors import WorkerLostError as WorkerLostError
from .indexed_source import IndexedData as IndexedData
from .plan import Choice as Choice
from .plan import Plan as Plan
from .threads import configure_threads as configure_threads
from .trainer import Trainer as Trainer
