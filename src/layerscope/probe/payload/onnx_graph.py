"""The canary model as an ONNX graph: its bytes, written without the package of that name.

Messages are written field by field: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3 and
https://protobuf.dev/programming-guides/encoding/. Operators are those of version 13, so that old runtimes read it.
"""

import math
import struct
from typing import Any, Dict, List, Sequence, Union

from layerscope.probe.payload.tensors import Tensor

IR_VERSION, OPERATOR_VERSION = 7, 13
FLOAT, INT64, FLOAT16 = 1, 7, 10
ATTRIBUTE_FLOAT, ATTRIBUTE_INT, ATTRIBUTE_INTS = 1, 2, 7

Value = Union[int, float, Sequence[int]]


def encode_varint(number: int) -> bytes:
    """A number, seven bits a byte; negative ones as 64 bits."""
    number &= (1 << 64) - 1
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    found.append(number)
    return bytes(found)


def encode_number(field: int, number: int) -> bytes:
    """A field with a number."""
    return encode_varint(field << 3) + encode_varint(number)


def encode_field(field: int, content: Union[bytes, str]) -> bytes:
    """A field with text, bytes, or a message."""
    whole = content.encode("utf-8") if isinstance(content, str) else content
    return encode_varint(field << 3 | 2) + encode_varint(len(whole)) + whole


class GraphWriter:
    """Takes nodes and constants, and gives the bytes of a model."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._nodes: List[bytes] = []
        self._constants: List[bytes] = []
        self._count = 0

    def add_constant(self, kind: int, shape: Sequence[int], content: bytes) -> str:
        """A tensor in the file."""
        name = self._make_name("constant")
        fields = [encode_number(1, each) for each in shape]
        fields += [encode_number(2, kind), encode_field(8, name), encode_field(9, content)]
        self._constants.append(b"".join(fields))
        return name

    def add_number(self, number: float) -> str:
        """A single number of 32 bits."""
        return self.add_constant(FLOAT, (), struct.pack("<f", number))

    def add_shape(self, *sizes: int) -> str:
        """A shape, as operators take one."""
        return self.add_constant(INT64, (len(sizes),), struct.pack(f"<{len(sizes)}q", *sizes))

    def rename(self, operator: str, name: str, wanted: str) -> None:
        """A node whose output has the name that is wanted."""
        self._nodes.append(encode_field(1, name) + encode_field(2, wanted) + encode_field(4, operator))

    def add(self, operator: str, *inputs: str, **attributes: Value) -> str:
        """A node with one output, whose name is returned."""
        name = self._make_name(operator)
        fields = [encode_field(1, each) for each in inputs] + [encode_field(2, name), encode_field(4, operator)]
        fields += [encode_field(5, _encode_attribute(key, value)) for key, value in sorted(attributes.items())]
        self._nodes.append(b"".join(fields))
        return name

    def _make_name(self, word: str) -> str:
        self._count += 1
        return f"{word}_{self._count}"

    def write(self, inputs: Dict[str, Any], outputs: Dict[str, Any]) -> bytes:
        """The whole model; inputs and outputs are given as type and shape, a text for a size that varies."""
        graph = [encode_field(1, each) for each in self._nodes] + [encode_field(2, "canary")]
        graph += [encode_field(5, each) for each in self._constants]
        graph += [encode_field(11, _encode_value(name, *told)) for name, told in inputs.items()]
        graph += [encode_field(12, _encode_value(name, *told)) for name, told in outputs.items()]
        version = encode_field(1, "") + encode_number(2, OPERATOR_VERSION)
        return encode_number(1, IR_VERSION) + encode_field(7, b"".join(graph)) + encode_field(8, version)


def _encode_attribute(name: str, value: Value) -> bytes:
    head = encode_field(1, name)
    if isinstance(value, int):
        return head + encode_number(3, value) + encode_number(20, ATTRIBUTE_INT)
    if isinstance(value, float):
        return head + encode_varint(2 << 3 | 5) + struct.pack("<f", value) + encode_number(20, ATTRIBUTE_FLOAT)
    return head + b"".join(encode_number(8, each) for each in value) + encode_number(20, ATTRIBUTE_INTS)


def _encode_value(name: str, kind: int, shape: Sequence[Union[int, str]]) -> bytes:
    sizes = [encode_field(2, each) if isinstance(each, str) else encode_number(1, each) for each in shape]
    tensor = encode_number(1, kind) + encode_field(2, b"".join(encode_field(1, each) for each in sizes))
    return encode_field(1, name) + encode_field(2, encode_field(1, tensor))


def build_canary_graph(tensors: Dict[str, Tensor], heads: int, layers: int) -> bytes:
    """A graph from `ids`, `places` and `mask` to `logits`: the canary over a whole text at once."""
    return _CanaryGraph(tensors, heads).build(layers)


class _CanaryGraph:
    def __init__(self, tensors: Dict[str, Tensor], heads: int) -> None:
        self._graph, self._tensors, self._heads = GraphWriter(), tensors, heads
        self._width = tensors["transformer.wte.weight"][1][1]

    def _weight(self, name: str) -> str:
        _, shape, content = self._tensors[name]
        return self._graph.add("Cast", self._graph.add_constant(FLOAT16, shape, content), to=FLOAT)

    def build(self, layers: int) -> bytes:
        add = self._graph.add
        embedding = self._weight("transformer.wte.weight")
        state = add(
            "Add", add("Gather", embedding, "ids"), add("Gather", self._weight("transformer.wpe.weight"), "places")
        )
        for layer in range(layers):
            part = f"transformer.h.{layer}."
            state = add("Add", state, self._attend(part, self._norm(part + "ln_1", state)))
            state = add("Add", state, self._feed(part, self._norm(part + "ln_2", state)))
        product = add("MatMul", self._norm("transformer.ln_f", state), add("Transpose", embedding, perm=[1, 0]))
        self._graph.rename("Identity", product, "logits")
        return self._graph.write(
            {"ids": (INT64, ["length"]), "places": (INT64, ["length"]), "mask": (FLOAT, ["length", "length"])},
            {"logits": (FLOAT, ["length", self._tensors["transformer.wte.weight"][1][0]])},
        )

    def _linear(self, part: str, state: str) -> str:
        product = self._graph.add("MatMul", state, self._weight(part + ".weight"))
        return self._graph.add("Add", product, self._weight(part + ".bias"))

    def _norm(self, part: str, state: str) -> str:
        add = self._graph.add
        centred = add("Sub", state, add("ReduceMean", state, axes=[-1], keepdims=1))
        spread = add("ReduceMean", add("Mul", centred, centred), axes=[-1], keepdims=1)
        scaled = add("Div", centred, add("Sqrt", add("Add", spread, self._graph.add_number(1e-5))))
        return add("Add", add("Mul", scaled, self._weight(part + ".weight")), self._weight(part + ".bias"))

    def _attend(self, part: str, state: str) -> str:
        add, graph, size = self._graph.add, self._graph, self._width // self._heads
        three = add("Reshape", self._linear(part + "attn.c_attn", state), graph.add_shape(0, 3, self._heads, size))
        query, key, value = (
            add(
                "Transpose",
                add("Gather", three, graph.add_constant(INT64, (), struct.pack("<q", which)), axis=1),
                perm=perm,
            )
            for which, perm in ((0, [1, 0, 2]), (1, [1, 2, 0]), (2, [1, 0, 2]))
        )
        scores = add("Div", add("MatMul", query, key), graph.add_number(math.sqrt(size)))
        mixed = add("MatMul", add("Softmax", add("Add", scores, "mask"), axis=-1), value)
        joined = add("Reshape", add("Transpose", mixed, perm=[1, 0, 2]), graph.add_shape(0, self._width))
        return self._linear(part + "attn.c_proj", joined)

    def _feed(self, part: str, state: str) -> str:
        add, graph = self._graph.add, self._graph
        state = self._linear(part + "mlp.c_fc", state)
        cube = add("Mul", add("Mul", state, state), add("Mul", state, graph.add_number(0.044715)))
        inner = add("Tanh", add("Mul", add("Add", state, cube), graph.add_number(math.sqrt(2 / math.pi))))
        half = add("Mul", add("Mul", state, graph.add_number(0.5)), add("Add", inner, graph.add_number(1.0)))
        return self._linear(part + "mlp.c_proj", half)
