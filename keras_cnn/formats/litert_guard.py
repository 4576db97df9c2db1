"""What a `.tflite` file from elsewhere must be before LiteRT may see it.

LiteRT's interpreter believes what a file says of itself. So each offset, index, shape
and scale is compared with what is there first, and only built-in operations pass, of
which none does more than compute.
"""

from __future__ import annotations

import math
from typing import NoReturn

from .flatbuffer import Buffer, Damaged, Table

_MOST_PARTS = 1_000_000
_MOST_SIDE = 2**31 - 1
_MOST_BYTES = 2**32
_MOST_STEP = 2**15

OPERATIONS = frozenset(
    """
    ABS ADD ADD_N ARG_MAX ARG_MIN ATAN2 AVERAGE_POOL_2D BATCH_MATMUL BATCH_TO_SPACE_ND
    BIDIRECTIONAL_SEQUENCE_LSTM BIDIRECTIONAL_SEQUENCE_RNN BITCAST BITWISE_XOR
    BROADCAST_ARGS BROADCAST_TO BUCKETIZE CAST CEIL COMPLEX_ABS CONCATENATION CONV_2D
    CONV_3D CONV_3D_TRANSPOSE COS CUMSUM DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE DIV
    DYNAMIC_UPDATE_SLICE ELU EMBEDDING_LOOKUP EQUAL EXP EXPAND_DIMS FAKE_QUANT FILL
    FLOOR FLOOR_DIV FLOOR_MOD FULLY_CONNECTED GATHER GATHER_ND GELU GREATER
    GREATER_EQUAL HARD_SWISH IF IMAG L2_NORMALIZATION L2_POOL_2D LEAKY_RELU LESS
    LESS_EQUAL LOCAL_RESPONSE_NORMALIZATION LOG LOGICAL_AND LOGICAL_NOT LOGICAL_OR
    LOGISTIC LOG_SOFTMAX LSTM MATRIX_DIAG MATRIX_SET_DIAG MAXIMUM MAX_POOL_2D MEAN
    MINIMUM MIRROR_PAD MUL NEG NOT_EQUAL ONE_HOT PACK PAD PADV2 POW PRELU QUANTIZE RANGE
    RANK REAL REDUCE_ALL REDUCE_ANY REDUCE_MAX REDUCE_MIN REDUCE_PROD RELU RELU6
    RELU_0_TO_1 RELU_N1_TO_1 RESHAPE RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR
    REVERSE_SEQUENCE REVERSE_V2 RFFT2D RIGHT_SHIFT RNN ROUND RSQRT SCATTER_ND
    SEGMENT_SUM SELECT SELECT_V2 SHAPE SIGN SIN SLICE SOFTMAX SPACE_TO_BATCH_ND
    SPACE_TO_DEPTH SPARSE_TO_DENSE SPLIT SPLIT_V SQRT SQUARE SQUARED_DIFFERENCE SQUEEZE
    STRIDED_SLICE SUB SUM SVDF TANH TILE TOPK_V2 TRANSPOSE TRANSPOSE_CONV
    UNIDIRECTIONAL_SEQUENCE_LSTM UNIDIRECTIONAL_SEQUENCE_RNN UNIQUE UNPACK
    UNSORTED_SEGMENT_MAX UNSORTED_SEGMENT_MIN UNSORTED_SEGMENT_PROD UNSORTED_SEGMENT_SUM
    WHERE WHILE ZEROS_LIKE
    """.split()
)

# The bytes of a number by the type's number in the schema; int4 and int2 are packed.
_ITEMS: dict[int, float] = {0: 4, 1: 2, 2: 4, 3: 1, 4: 8, 6: 1, 7: 2, 8: 8, 9: 1}
_ITEMS |= {10: 8, 11: 16, 12: 8}
_ITEMS |= {15: 4, 16: 2, 17: 0.5, 18: 2, 19: 0.25, 20: 0.5, 21: 1}

# By the options' number, which fields are steps and sizes that divide, and must be
# positive where they are there; and which are lists, by their kind.
_STEPS = {1: (1, 2, 4, 5), 2: (1, 2, 3, 5, 6), 5: (1, 2, 3, 4), 49: (1, 2)}
_STEPS |= {19: (0,), 94: (0,), 106: (1, 2, 3, 5, 6, 7)}
_NEEDED = {1: (1, 2), 2: (1, 2), 5: (1, 2, 3, 4), 49: (1, 2), 19: (0,), 94: (0,)}
_NEEDED |= {106: (1, 2, 3)}
_LISTS = {17: "i", 30: "i", 115: "f"}
# Operations that run other graphs, and the fields of their options that say which.
_IF, _WHILE = 92, 93


class Refused(Exception):
    """Why a file is not loaded, as the end of a sentence."""


def check_litert(content: bytes, names: dict[int, str]) -> None:
    """Raises unless a `.tflite` file is whole, and only computes.

    Args:
        content: Its bytes.
        names: The names of built-in operations by their number.

    Raises:
        Refused: Says what is wrong.
    """
    try:
        _Check(Buffer(content, _MOST_PARTS).root(b"TFL3"), names)
    except Damaged as damaged:
        raise Refused(str(damaged)) from None


class _Check:
    def __init__(self, model: Table, names: dict[int, str]) -> None:
        self.codes = [self._code(one, names) for one in model.tables(1)]
        self.graphs = model.tables(2)
        model.text(3)
        self.buffers = [self._buffer(one) for one in model.tables(4)]
        if any(number >= len(self.buffers) for number in model.numbers(5, "i")):
            _refuse("its metadata are damaged")
        for entry in model.tables(6):
            entry.text(0)
            if entry.number(1, "I") >= len(self.buffers):
                _refuse("its metadata are damaged")
        if model.has(8) or model.has(9):
            _refuse("its weights lie in another file")
        if not self.graphs:
            _refuse("it has no graph")
        self.tensors = [len(graph.tables(0)) for graph in self.graphs]
        self.calls = [self._graph(n) for n in range(len(self.graphs))]
        self._check_calls()
        for signature in model.tables(7):
            self._signature(signature)

    @staticmethod
    def _code(code: Table, names: dict[int, str]) -> str:
        code.text(1)
        number = max(code.number(0, "b"), code.number(3, "i"))
        name = names.get(number, str(number))
        if name not in OPERATIONS:
            _refuse(f"it has the operation {name}")
        return name

    @staticmethod
    def _buffer(buffer: Table) -> int:
        if buffer.number(1, "Q") > 1 or buffer.number(2, "Q") > 1:
            _refuse("its weights lie outside its buffers")
        return buffer.length(0)

    def _graph(self, number: int) -> set[int]:
        graph = self.graphs[number]
        tensors = graph.tables(0)
        graph.text(4)
        # It is more than is ever in memory at once: what is done with is used again.
        if (size := sum(map(self._tensor, tensors))) > _MOST_BYTES:
            _refuse(f"its tensors have {size:,} bytes, more than {_MOST_BYTES:,}")
        for field in (1, 2):
            self._indices(graph.numbers(field, "i"), len(tensors), lowest=0)
        calls: set[int] = set()
        for operator in graph.tables(3):
            calls |= self._operator(operator, len(tensors))
        return calls

    def _operator(self, operator: Table, tensors: int) -> set[int]:
        if operator.number(0, "I") >= len(self.codes):
            _refuse("an operation is damaged")
        for field in (1, 2, 8):
            # -1 stands for an input that may be left out, and is.
            self._indices(operator.numbers(field, "i"), tensors, lowest=-1)
        if -1 in operator.numbers(2, "i"):
            _refuse("an operation lacks an output")
        operator.length(7)
        if operator.has(5) or operator.has(9) or operator.has(12):
            _refuse("an operation has options that are not of built-in ones")
        kind, options = operator.number(3, "B"), operator.table(4)
        if options is None:
            if self.codes[operator.number(0, "I")] in ("IF", "WHILE"):
                _refuse("an operation is damaged")
            return set()
        for field in _STEPS.get(kind, ()):
            needed = field in _NEEDED.get(kind, ())
            step = options.number(field, "i", 0 if needed else 1)
            if not 0 < step <= _MOST_STEP:
                _refuse(f"an operation has a step or size of {step}")
        if kind in _LISTS:
            options.numbers(0, _LISTS[kind])
        if kind in (_IF, _WHILE):
            return {options.number(0, "i"), options.number(1, "i")}
        return set()

    def _tensor(self, tensor: Table) -> int:
        tensor.text(3)
        sides = tensor.numbers(0, "i")
        kind, buffer = tensor.number(1, "b"), tensor.number(2, "I")
        if any(not 0 <= side <= _MOST_SIDE for side in sides) or len(sides) > 16:
            _refuse(f"a tensor has the shape {sides}")
        if any(side < -1 for side in tensor.numbers(7, "i")):
            _refuse(f"a tensor has the shape {tensor.numbers(7, 'i')}")
        if kind not in _ITEMS:
            _refuse(f"a tensor is of the type {kind}")
        size = math.ceil(math.prod(map(int, sides)) * _ITEMS[kind])
        if buffer >= len(self.buffers):
            _refuse("a tensor is damaged")
        if self.buffers[buffer] and self.buffers[buffer] != size:
            _refuse(f"a tensor of {size:,} bytes has {self.buffers[buffer]:,} stored")
        if tensor.has(6) or tensor.has(9) or tensor.has(10):
            _refuse("it has sparse tensors, or some in another file")
        quantization = tensor.table(4)
        if quantization is not None:
            self._quantization(quantization, sides)
        return size

    @staticmethod
    def _quantization(quantization: Table, sides: tuple[int, ...]) -> None:
        scales = len(quantization.numbers(2, "f"))
        zeros = len(quantization.numbers(3, "q"))
        for field in (0, 1):
            quantization.numbers(field, "f")
        axis = quantization.number(6, "i")
        if quantization.has(5) or zeros not in (0, 1, scales):
            _refuse("a tensor's quantization is damaged")
        if scales > 1 and not (0 <= axis < len(sides) and sides[axis] == scales):
            _refuse(f"a tensor of shape {sides} has {scales} scales")

    def _signature(self, signature: Table) -> None:
        signature.text(2)
        graph = signature.number(4, "I")
        if graph >= len(self.graphs):
            _refuse("a signature is damaged")
        for field in (0, 1):
            for entry in signature.tables(field):
                entry.text(0)
                if entry.number(1, "I") >= self.tensors[graph]:
                    _refuse("a signature is damaged")

    def _check_calls(self) -> None:
        """Raises if a graph runs one that is not there, or in the end itself."""
        done: set[int] = set()
        for start in range(len(self.graphs)):
            waiting, seen = list(self.calls[start]), set()
            while waiting:
                number = waiting.pop()
                if not 0 <= number < len(self.graphs) or number == start:
                    _refuse("a graph runs itself, or one that is not there")
                if number not in seen and number not in done:
                    seen.add(number)
                    waiting += self.calls[number]
            done.add(start)

    @staticmethod
    def _indices(numbers: tuple[int, ...], count: int, lowest: int) -> None:
        if any(not lowest <= number < count for number in numbers):
            _refuse("an operation has a tensor that is not there")


def _refuse(why: str) -> NoReturn:
    raise Refused(why)
