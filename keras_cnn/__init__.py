"""Activations, losses, training and export for convolutional networks in Keras 3.

Importing this package imports neither Keras nor TensorFlow: each public name is
resolved when it is first used. `__init__.pyi` beside this file lists the names.
"""

import lazy_loader

__version__ = "0.1.0.dev0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__all__ = [*__all__, "__version__"]
