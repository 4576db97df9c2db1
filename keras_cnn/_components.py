"""All hand-written parts: importing one of them registers all with Keras.

A model whose layers come from here may be compiled with a loss from here; whoever
imports either should be able to load it.
"""

from . import activations as activations
from . import layers as layers
from . import losses as losses
