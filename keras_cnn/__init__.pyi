from . import activations as activations
from . import claims as claims
from . import comparison as comparison
from . import data as data
from . import doctor as doctor
from . import explain as explain
from . import export as export
from . import formats as formats
from . import layers as layers
from . import losses as losses
from . import models as models
from . import prediction as prediction
from . import reference as reference
from . import runs as runs
from . import saving as saving
from . import serving as serving
from . import training as training
from ._checks import InputError as InputError
from ._optional import MissingExtraError as MissingExtraError
from .models import article_cnn as article_cnn
from .models import swap_activation as swap_activation
from .models import use_keras_cnn as use_keras_cnn
from .saving import load_model as load_model
from .training import Trainer as Trainer
from .training import configure_cpu as configure_cpu

__version__: str
