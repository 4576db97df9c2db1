"""What an ONNX file from elsewhere must be before ONNX Runtime may see it.

It is read as the message that it is, without the package `onnx`. Only standard
operations pass, of which none does more than compute; no weights in other files, no
functions of its own, no tensor larger than what is stored for it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NoReturn

_MOST_OPERATIONS = 100_000
_MOST_DEPTH = 8
_SMALL = 2**22

OPERATIONS = frozenset(
    """
    Abs Acos Acosh Add AffineGrid And ArgMax ArgMin Asin Asinh Atan Atan2 Atanh
    Attention AveragePool BatchNormalization BitShift BitwiseAnd BitwiseNot BitwiseOr
    BitwiseXor Cast CastLike Ceil Celu CenterCropPad Clip Compress Concat Constant
    ConstantOfShape Conv ConvInteger ConvTranspose Cos Cosh CumSum DepthToSpace
    DequantizeLinear Det Div Dropout DynamicQuantizeLinear Einsum Elu Equal Erf Exp
    Expand EyeLike Flatten Floor GRU Gather GatherElements GatherND Gelu Gemm
    GlobalAveragePool GlobalMaxPool Greater GreaterOrEqual GridSample GroupNormalization
    HardSigmoid HardSwish Hardmax Identity If InstanceNormalization IsInf IsNaN LRN LSTM
    LayerNormalization LeakyRelu Less LessOrEqual Log LogSoftmax Loop LpNormalization
    LpPool MatMul MatMulInteger Max MaxPool Mean MeanVarianceNormalization Min Mish Mod
    Mul Neg NonZero Not OneHot Or PRelu Pad Pow QLinearConv QLinearMatMul QuantizeLinear
    RMSNormalization RNN Range Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp
    ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu Reshape
    Resize ReverseSequence Round Scan Scatter ScatterElements ScatterND Selu Shape
    Shrink Sigmoid Sign Sin Sinh Size Slice Softmax Softplus Softsign SpaceToDepth Split
    Sqrt Squeeze Sub Sum Swish Tan Tanh ThresholdedRelu Tile TopK Transpose Trilu
    Unsqueeze Upsample Where Xor
    """.split()
)

# The bytes of a number by the type's number in ONNX; others have at most 16.
_ITEMS = {1: 4, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 8, 8: 1, 9: 1, 10: 2, 11: 8, 12: 4}
_ITEMS |= {13: 8, 16: 2, 17: 1, 18: 1, 19: 1, 20: 1, 21: 1, 22: 1, 23: 1}


class Refused(Exception):
    """Why a file is not loaded, as the end of a sentence."""


def check_onnx(content: bytes) -> None:
    """Raises unless an ONNX file only computes, from what is in it.

    Raises:
        Refused: Says what is wrong.
    """
    graphs, versions = 0, 0
    for field, value in _fields(memoryview(content)):
        if field == 7:
            graphs += 1
            _check_graph(_inside(value), 0, _Count())
        elif field == 8:
            versions += 1
            _check_domain(_text(_inside(value), 1))
        elif field in (20, 25):
            raise Refused("it defines functions or training of its own")
    if graphs != 1 or not versions:
        raise Refused("it is damaged: it has no graph, or several")


class _Count:
    def __init__(self) -> None:
        self.operations = 0


def _check_graph(graph: memoryview, depth: int, count: _Count) -> None:
    if depth > _MOST_DEPTH:
        raise Refused("its graphs are nested too deep")
    for field, value in _fields(graph):
        if field == 1:
            count.operations += 1
            if count.operations > _MOST_OPERATIONS:
                raise Refused(f"it has more than {_MOST_OPERATIONS:,} operations")
            _check_node(_inside(value), depth, count)
        elif field == 5:
            _check_tensor(_inside(value))
        elif field == 15:
            raise Refused("it has sparse tensors")


def _check_node(node: memoryview, depth: int, count: _Count) -> None:
    name = ""
    for field, value in _fields(node):
        if field == 4:
            name = bytes(_inside(value)).decode("utf-8", "replace")
        elif field == 7:
            _check_domain(bytes(_inside(value)).decode("utf-8", "replace"))
        elif field == 5:
            _check_attribute(_inside(value), depth, count)
    if name not in OPERATIONS:
        raise Refused(f"it has the operation {name!r}")


def _check_attribute(attribute: memoryview, depth: int, count: _Count) -> None:
    for field, value in _fields(attribute):
        if field in (5, 10):
            _check_tensor(_inside(value))
        elif field in (6, 11):
            _check_graph(_inside(value), depth + 1, count)
        elif field in (22, 23):
            raise Refused("it has sparse tensors")


def _check_domain(domain: str) -> None:
    if domain not in ("", "ai.onnx"):
        # tf2onnx declares such a domain without using it; an operation in it is met.
        if domain == "ai.onnx.ml":
            return
        raise Refused(f"it has operations of {domain!r}, which are not standard")


def _check_tensor(tensor: memoryview) -> None:
    sides: list[int] = []
    kind = 0
    for field, value in _fields(tensor):
        if field == 1:
            sides += _numbers(value)
        elif field == 2 and isinstance(value, int):
            kind = value
        elif field == 13 or (field == 14 and value):
            raise Refused("its weights lie in another file")
    if min(sides, default=0) < 0:
        raise Refused("a tensor has a negative side")
    declared = math.prod(sides) * _ITEMS.get(kind, 16)
    # Small integers are stored in 32 bits, or fewer bytes where they are small.
    if declared > max(_SMALL, 8 * len(tensor)):
        raise Refused(f"a tensor of {declared:,} bytes is stored in {len(tensor):,}")


def _numbers(value: int | memoryview) -> list[int]:
    """Returns what a repeated integer field holds, packed or not."""
    if isinstance(value, int):
        return [_signed(value)]
    numbers, at = [], 0
    while at < len(value):
        number, at = _varint(value, at)
        numbers.append(_signed(number))
    return numbers


def _signed(number: int) -> int:
    return number - 2**64 if number >= 2**63 else number


def _text(message: memoryview, field: int) -> str:
    found = b""
    for number, value in _fields(message):
        if number == field:
            found = bytes(_inside(value))
    return found.decode("utf-8", "replace")


def _inside(value: Any) -> memoryview:
    if not isinstance(value, memoryview):
        _damaged()
    return value


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Yields a message's fields: their number, and a number or the bytes inside."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        kind, end = tag & 7, at
        if kind == 0:
            number, at = _varint(message, at)
            yield tag >> 3, number
            continue
        if kind == 2:
            size, at = _varint(message, at)
            end = at + size
        elif kind in (1, 5):
            end = at + (8 if kind == 1 else 4)
        else:
            _damaged()
        if end > len(message):
            _damaged()
        yield tag >> 3, message[at:end]
        at = end


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    number = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            _damaged()
        byte = message[at]
        at += 1
        number |= (byte & 127) << shift
        if byte < 128:
            return number, at
    _damaged()


def _damaged() -> NoReturn:
    raise Refused("it is damaged")
