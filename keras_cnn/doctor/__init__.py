"""The doctor: says why a network is not learning, with evidence and a remedy."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
