"""Which layer's output goes where, also through nested models.

Keras keeps a graph's calls in `_nodes_by_depth` and a symbolic tensor's origin in
`_keras_history`; there is no public way to either, and both are read here alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import chain
from typing import Any

import keras

from .layers import is_weighted, leaves

# A layer, or an operation such as `x + y` that is none.
Node = Any


class Graph:
    """The way of the data through a model's layers.

    A model without a graph, written by subclassing, is read as a chain of its layers in
    the order in which they were made.
    """

    def __init__(self, model: keras.Model) -> None:
        """Reads the model, built."""
        self._chain = list(leaves(model))
        self._outputs = list(getattr(model, "outputs", None) or [])
        self._inputs = list(getattr(model, "inputs", None) or [])
        self._sources: dict[int, list[Node]] = {}
        self._targets: dict[int, list[Node]] = defaultdict(list)
        try:
            self._read(model, {})
        # Of what Keras keeps for itself, nothing is promised.
        except (AttributeError, KeyError, TypeError, ValueError):
            self._outputs = []
            self._sources.clear()
            self._targets.clear()
        if not self._outputs:
            for layer, following in zip(self._chain, self._chain[1:], strict=False):
                self._join(layer, following)

    @property
    def known(self) -> bool:
        """Whether the graph was read, as opposed to supposed from the layers' order."""
        return bool(self._outputs)

    def _read(self, model: keras.Model, given: dict[int, Node]) -> None:
        """Reads a model's graph; `given` is what feeds its inputs, if it is nested."""
        graph = getattr(model, "_functional", model)
        for call in chain.from_iterable(graph._nodes_by_depth.values()):
            target = call.operation
            sources = [self._source(tensor, given) for tensor in call.input_tensors]
            if not isinstance(target, keras.Model):
                for source in sources:
                    self._join(source, target)
            elif target.outputs:
                inputs = map(id, target.inputs)
                self._read(target, dict(zip(inputs, sources, strict=True)))
            else:
                inner = list(leaves(target))
                for source, leaf in zip([*sources[:1], *inner], inner, strict=False):
                    self._join(source, leaf)

    def _source(self, tensor: Any, given: dict[int, Node]) -> Node:
        """Returns what computes a symbolic tensor, down into nested models."""
        if id(tensor) in given:
            return given[id(tensor)]
        operation, _, index = tensor._keras_history
        if not isinstance(operation, keras.Model):
            return operation
        if operation.outputs:
            return self._source(operation.outputs[index], {})
        return list(leaves(operation))[-1]

    def _join(self, source: Node, target: Node) -> None:
        self._sources.setdefault(id(target), []).append(source)
        self._targets[id(source)].append(target)

    def ends(self) -> list[list[Node]]:
        """Returns for each output the nodes from its last weights to it, in order."""
        if not self._outputs:
            return [self._back(self._chain[-1])] if self._chain else []
        return [self._back(self._source(tensor, {})) for tensor in self._outputs]

    def _back(self, last: Node) -> list[Node]:
        way = [last]
        while not is_weighted(way[0]) and len(self._sources.get(id(way[0]), [])) == 1:
            way.insert(0, self._sources[id(way[0])][0])
        return way

    def inputs(self) -> list[Node]:
        """Returns the model's own input layers, in order; none without a graph."""
        return [tensor._keras_history[0] for tensor in self._inputs]

    def after(self, layer: keras.Layer) -> Iterator[Node]:
        """Yields what a layer's output goes through before it meets weights again."""
        waiting, seen = list(self._targets[id(layer)]), set()
        while waiting:
            node = waiting.pop(0)
            if id(node) in seen or is_weighted(node):
                continue
            seen.add(id(node))
            yield node
            waiting += self._targets[id(node)]
