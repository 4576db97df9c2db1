"""The logits behind a softmax or a sigmoid, which Keras keeps on their output.

A probability that has rounded to 0 or 1 has forgotten its logit. So the activations
leave their input on their output, in the attribute `_keras_logits`, and on TensorFlow
the cross-entropies compute from it. The attribute is private to Keras: nothing outside
of this file names it.
"""

from typing import Any, TypeVar

Tensor = TypeVar("Tensor")

_ATTRIBUTE = "_keras_logits"


def attach_logits(outputs: Tensor, logits: Any) -> Tensor:
    """Leaves `logits` on `outputs`, where cross-entropy looks for them.

    Some tensors refuse attributes (JAX's do); they are returned as they are.
    """
    try:
        setattr(outputs, _ATTRIBUTE, logits)
    except AttributeError:
        pass
    return outputs


def find_logits(outputs: Any) -> Any:
    """Returns the logits that were left on `outputs`, or None."""
    return getattr(outputs, _ATTRIBUTE, None)


def keep_logits(outputs: Tensor, source: Any) -> Tensor:
    """Leaves the logits of `source`, if it has some, on `outputs`, made from it."""
    logits = find_logits(source)
    return outputs if logits is None else attach_logits(outputs, logits)
