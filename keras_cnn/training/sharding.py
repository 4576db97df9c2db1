"""Which models may be computed in shards of a batch, and how a batch is divided.

A model may be split if each sample's output depends on that sample alone, or on the
others through a batch normalization, whose moments side_by_side.py puts together, as it
does the losses of activity regularizers. Only the passes forward and backward through
the layers are split: loss, metrics and weight regularizers see the whole batch, so none
of them forbids it and their arithmetic does not change.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from .. import activations as our_activations
from .. import layers as our_layers
from .._logits import attach_logits, find_logits
from ..activations._activation import FUNCTIONS, Activate
from ._keras import Functional

# Layers of keras.layers that treat each sample alone. A subclass is not among them:
# what it overrides is unknown.
_LAYER_NAMES = """
    Activation ActivityRegularization Add AdditiveAttention AlphaDropout Attention
    Average AveragePooling1D AveragePooling2D AveragePooling3D CenterCrop
    Concatenate Conv1D Conv1DTranspose Conv2D Conv2DTranspose Conv3D Conv3DTranspose
    Cropping1D Cropping2D Cropping3D Dense DepthwiseConv1D DepthwiseConv2D Dropout
    ELU EinsumDense Embedding Flatten GRU GaussianDropout GaussianNoise
    GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D
    GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D GroupNormalization
    GroupQueryAttention Identity InputLayer LSTM LayerNormalization LeakyReLU
    Masking MaxPooling1D MaxPooling2D MaxPooling3D Maximum Minimum
    MultiHeadAttention Multiply Normalization PReLU Permute RMSNormalization ReLU
    RepeatVector Rescaling Reshape Resizing SeparableConv1D SeparableConv2D
    SimpleRNN Softmax SpatialDropout1D SpatialDropout2D SpatialDropout3D Subtract
    UnitNormalization UpSampling1D UpSampling2D UpSampling3D ZeroPadding1D
    ZeroPadding2D ZeroPadding3D
""".split()
_LAYERS = {getattr(keras.layers, name) for name in _LAYER_NAMES} | {
    getattr(our_layers, name) for name in our_layers.__all__ if name[0].isupper()
}

# Layers that apply others, by the names of these.
_WRAPPED: dict[type, tuple[str, ...]] = {
    keras.layers.Bidirectional: ("forward_layer", "backward_layer"),
    keras.layers.TimeDistributed: ("layer",),
}
_LAYERS |= {keras.layers.BatchNormalization, *_WRAPPED}

_ACTIVATIONS = {
    function
    for name, function in vars(keras.activations).items()
    if not name.startswith("_") and name not in ("deserialize", "get", "serialize")
} | {our_activations.get(name) for name in FUNCTIONS}

# Operations of keras.ops number by number, by their modules. What `x + y` of symbolic
# tensors becomes is among them.
_ELEMENTWISE = {
    "keras.src.ops.numpy": """
        Absolute Add Exp Log Maximum Minimum Multiply Negative Sqrt Square Subtract
        Tanh TrueDivide
    """.split(),
    "keras.src.ops.nn": """
        Elu Gelu HardSigmoid HardSilu LeakyRelu Relu Relu6 Selu Sigmoid Silu Softplus
        Softsign
    """.split(),
}


def reason_not_sharded(model: keras.Model) -> str:
    """Returns why a built model must see a batch as a whole; empty if it need not.

    Example:
        >>> from keras_cnn import article_cnn
        >>> reason_not_sharded(article_cnn())
        ''
        >>> double = keras.layers.Lambda(lambda x: 2 * x, name="double")
        >>> reason_not_sharded(keras.Sequential([keras.Input((4,)), double]))
        'double is a Lambda, which may mix samples'
    """
    if any(tensor.shape[0] is not None for tensor in getattr(model, "inputs", [])):
        return "an input has a fixed batch size"
    reason = _reason_in_graph(model)
    if reason or not mixes_samples(model):
        return reason
    # The moments of what a mask hides are other ones.
    masks = [layer for layer in model._flatten_layers() if _makes_mask(layer)]
    return f"{masks[0].name} masks what is computed over the batch" if masks else ""


def mixes_samples(model: keras.Model) -> bool:
    """Returns whether something is computed over the batch: moments, or a loss."""
    return any(
        layer.activity_regularizer is not None
        or (isinstance(layer, keras.layers.BatchNormalization) and layer.trainable)
        for layer in model._flatten_layers()
    )


def _makes_mask(layer: keras.layers.Layer) -> bool:
    return isinstance(layer, keras.layers.Masking) or getattr(layer, "mask_zero", False)


def _reason_in_graph(model: keras.Model) -> str:
    if isinstance(model, keras.Sequential):
        own = type(model).call is not keras.Sequential.call
        operations: Sequence[Any] = model.layers
    elif isinstance(model, Functional):
        own = type(model).call is not Functional.call
        operations = model.operations
    else:
        return f"{model.name} is neither a Sequential nor a functional model"
    if own:
        return f"{model.name} has a call method of its own"
    if model.activity_regularizer is not None:
        return f"{model.name} is a model with an activity regularizer"
    return next(filter(None, map(_reason_in_operation, operations)), "")


def _reason_in_operation(operation: Any) -> str:
    kind = type(operation).__name__
    if isinstance(operation, keras.Model):
        return _reason_in_graph(operation)
    if not isinstance(operation, keras.layers.Layer):
        if isinstance(operation, Activate) or _is_elementwise(operation):
            return ""
        return f"{operation.name} is an operation, {kind}, which may mix samples"
    for name in _WRAPPED.get(type(operation), ()):
        inner = getattr(operation, name)
        if isinstance(inner, keras.layers.BatchNormalization):
            return f"{operation.name} normalizes over the batch inside"
        if reason := _reason_in_operation(inner):
            return reason
    if type(operation) is keras.layers.BatchNormalization:
        if operation.renorm:
            return f"{operation.name} keeps moments of its own for renormalization"
        calls = [node.arguments.kwargs for node in operation._inbound_nodes]
        if any(kwargs.get("mask") is not None for kwargs in calls):
            return f"{operation.name} is given a mask: it hides part of the batch"
    if getattr(operation, "stateful", False):
        return f"{operation.name} keeps a state for each place in a batch"
    if type(operation) not in _LAYERS:
        return f"{operation.name} is a {kind}, which may mix samples"
    inner_layers = operation._flatten_layers(include_self=False)
    if any(layer.activity_regularizer is not None for layer in inner_layers):
        return f"{operation.name} has an activity regularizer inside"
    if not _acts_alone(getattr(operation, "activation", None)):
        return f"{operation.name} has an activation of unknown making"
    if _axis_may_be_batch(operation):
        return f"{operation.name} works along an axis that may be the batch's"
    return ""


def _is_elementwise(operation: Any) -> bool:
    """Whether it takes batches, or a batch and a number, and pairs them by sample."""
    kind = type(operation)
    return kind.__name__ in _ELEMENTWISE.get(kind.__module__, ()) and all(
        isinstance(argument, int | float)
        or (
            isinstance(argument, keras.KerasTensor)
            and argument.shape[:1] == (None,)
            and len(argument.shape) == len(node.output_tensors[0].shape)
        )
        for node in operation._inbound_nodes
        for argument in (*node.arguments.args, *node.arguments.kwargs.values())
    )


def _acts_alone(activation: Any) -> bool:
    if isinstance(activation, keras.layers.Layer):
        return not _reason_in_operation(activation)
    return activation is None or activation in _ACTIVATIONS


def _axis_may_be_batch(layer: keras.layers.Layer) -> bool:
    """Whether an axis may be the first: a negative one may be but the last."""
    axes = getattr(layer, "axis", None)
    axes = axes if isinstance(axes, list | tuple) else [axes]
    return any(axis is not None and axis < 1 and axis != -1 for axis in axes)


def take_shard(data: Any, count: int, index: Any) -> tuple[Any, Any]:
    """Returns one of `count` shards of a batch, and how many of its samples count.

    Shards are contiguous and differ by at most the last ones being shorter. A batch of
    fewer samples than shards gives the last shards its last sample once more, of which
    none counts: TensorFlow's convolution fails on an empty batch.

    Args:
        data: Structure of tensors, (batch, ...).
        count: Number of shards.
        index: Which of them, from 0; a number or a tensor.
    """
    import tensorflow as tf

    size = batch_size(data)
    length = -(-size // count)
    begin = index * length
    if isinstance(size, int) and isinstance(index, int):
        first, end = min(begin, size - 1), min(begin + length, size)
        counting = max(0, end - begin)
        end = max(end, first + 1)
    else:
        first, end = tf.minimum(begin, size - 1), tf.minimum(begin + length, size)
        counting = tf.maximum(0, end - begin)
        end = tf.maximum(end, first + 1)
    return keras.tree.map_structure(lambda leaf: leaf[first:end], data), counting


def batch_size(data: Any) -> Any:
    """Returns the length of a batch: a number where it is known, else a tensor."""
    import tensorflow as tf

    first = next(leaf for leaf in keras.tree.flatten(data) if leaf is not None)
    size = first.shape[0]
    return tf.shape(first)[0] if size is None else size


def join(shards: Sequence[Any], size: Any) -> Any:
    """Returns the outputs of the shards as those of one batch of `size` samples.

    The logits that a softmax or sigmoid leaves on its output, by which cross-entropy
    computes, are joined along with it.
    """
    return keras.tree.map_structure(lambda *outputs: _join(outputs, size), *shards)


def _join(outputs: Sequence[Any], size: Any) -> Any:
    import tensorflow as tf

    joined = tf.concat(outputs, 0)[:size]
    logits = [find_logits(output) for output in outputs]
    if any(logit is None for logit in logits):
        return joined
    return attach_logits(joined, tf.concat(logits, 0)[:size])
