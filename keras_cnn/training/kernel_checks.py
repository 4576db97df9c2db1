"""Whether TensorFlow's kernels on this machine can be trained with.

A plugin for inference may keep weights as constants. Training with it goes on without
an error, to wrong numbers.
"""

from __future__ import annotations

from functools import cache

from .._checks import InputError
from .._kernels import zentf_is_on


def check_kernels() -> None:
    """Raises unless compiled functions see each update of a weight.

    The question is asked once in a process, by a few operations on their own (0.1 s):
    the answer does not depend on the model, its random layers or its data.

    Raises:
        InputError: If AMD's plugin zentf is on, or a compiled function computes with
            the weights before an update.
    """
    if zentf_is_on():
        raise InputError(
            "Training must run without AMD's plugin zentf, which keeps weights as "
            "constants and so trains to wrong numbers without an error: set "
            "TF_ENABLE_ZENDNN_OPTS=0. Received: a process in which it is on."
        )
    if not _sees_updates():
        raise InputError(
            "Training must run on kernels that see each update of a weight: remove "
            "the plugin of TensorFlow that keeps weights as constants. Received: a "
            "compiled function that gave the result of the weights before an update."
        )


@cache
def _sees_updates() -> bool:
    """Doubles the weights of two linear layers, which must give four times as much.

    Doubling is exact in floating point, in every order of the sums.
    """
    import tensorflow as tf

    with tf.init_scope():
        x = tf.reshape(tf.linspace(0.0, 1.0, 2 * 6 * 6), (2, 6, 6, 1))
        kernels = [
            tf.Variable(tf.reshape(tf.linspace(0.0, 1.0, 3 * 3 * 8), (3, 3, 1, 8))),
            tf.Variable(tf.reshape(tf.linspace(0.0, 1.0, 128 * 4), (128, 4))),
        ]

    @tf.function(autograph=False)
    def forward() -> tf.Tensor:
        maps = tf.nn.relu(tf.nn.conv2d(x, kernels[0], 1, "VALID"))
        return tf.matmul(tf.reshape(maps, (2, 128)), kernels[1])

    before = forward()
    for kernel in kernels:
        kernel.assign_add(kernel)
    return bool(tf.reduce_all(tf.abs(forward() - 4 * before) < 1e-3 * tf.abs(before)))
