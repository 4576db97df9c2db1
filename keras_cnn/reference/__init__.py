"""The mathematics of the package in NumPy float64, plain and slow: the tests' oracle.

It imports neither Keras nor TensorFlow.
"""

from . import activations as activations
from . import layers as layers
from . import losses as losses
