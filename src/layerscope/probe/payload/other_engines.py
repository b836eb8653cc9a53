"""The canary model without PyTorch: in onnxruntime, JAX or TensorFlow, whichever the image has.

The stages are those of PyTorch's canary; each engine computes the logits of a whole text, always of the same length, so
that it compiles once.
"""

import importlib
import json
import math
import struct
import time
from typing import Any, Dict, List, Tuple

from layerscope.probe.payload.memory import has_gpu_nodes
from layerscope.probe.payload.onnx_graph import build_canary_graph
from layerscope.probe.payload.records import shorten
from layerscope.probe.payload.stages import FailedStage
from layerscope.probe.payload.tensors import Tensor, read_tensors

OTHER_ENGINES = ("onnxruntime", "jax", "tensorflow")

MASKED = -1e9
"""What is added to the score of a place that is not to be seen yet."""

ENGINE_TOLERANCE = 2e-2
"""Largest difference of a logit: GPUs multiply with fewer bits than they are given, unless they are told not to."""

CUDA_PROVIDER, CPU_PROVIDER = "CUDAExecutionProvider", "CPUExecutionProvider"


class OtherEngine:
    """A way to compute; `device` is `cpu` or `gpu` once it was moved."""

    def __init__(self, tensors: Dict[str, Tensor], heads: int, layers: int) -> None:
        """Take the model."""
        self.tensors, self.heads, self.layers = tensors, heads, layers
        self.device = "cpu"

    def move(self, wanted: str) -> Dict[str, Any]:
        """Make ready on a GPU, or else on the CPU; says what it found."""
        raise NotImplementedError

    def compute(self, ids: List[int]) -> List[List[float]]:
        """The logits at each place."""
        raise NotImplementedError


class OnnxEngine(OtherEngine):
    """onnxruntime, with a graph written here."""

    def move(self, wanted: str) -> Dict[str, Any]:
        """Ask for CUDA where the build has it; onnxruntime takes the CPU without a word where CUDA does not work."""
        runtime = importlib.import_module("onnxruntime")
        offered = list(runtime.get_available_providers())
        asked = [name for name in (CUDA_PROVIDER, CPU_PROVIDER) if name in offered]
        if wanted == "cpu":
            asked = [CPU_PROVIDER]
        graph = build_canary_graph(self.tensors, self.heads, self.layers)
        self._session = runtime.InferenceSession(graph, providers=asked)
        taken = list(self._session.get_providers())
        self.device = "gpu" if CUDA_PROVIDER in taken else "cpu"
        return {"offered": offered, "asked": asked, "taken": taken, "could": CUDA_PROVIDER in asked}

    def compute(self, ids: List[int]) -> List[List[float]]:
        """Run the graph."""
        import array

        numpy = importlib.import_module("numpy")
        count = len(ids)
        mask = array.array("f", [0.0 if key <= place else MASKED for place in range(count) for key in range(count)])
        given = {
            "ids": numpy.array(ids, dtype="int64"),
            "places": numpy.arange(count, dtype="int64"),
            "mask": numpy.array(mask, dtype="float32").reshape(count, count),
        }
        found: List[List[float]] = self._session.run(["logits"], given)[0].tolist()
        return found


class ArrayEngine(OtherEngine):
    """A package with the names of NumPy."""

    xp: Any = None

    def fill(self) -> None:
        """Put the weights where the package keeps them."""
        xp = self.xp
        self._weights = {
            name: xp.reshape(xp.array(struct.unpack(f"<{len(content) // 2}e", content), dtype="float32"), shape)
            for name, (_, shape, content) in self.tensors.items()
        }

    def forward(self, ids: Any) -> Any:
        """Logits of each place."""
        xp, weights = self.xp, self._weights
        places = xp.arange(ids.shape[0])
        seen, masked = (xp.array(each, dtype="float32") for each in (0.0, MASKED))  # TensorFlow would take 64 bits
        hidden = xp.where(places[None, :] <= places[:, None], seen, masked)
        state = (
            xp.take(weights["transformer.wte.weight"], ids, axis=0) + weights["transformer.wpe.weight"][: ids.shape[0]]
        )
        for layer in range(self.layers):
            part = f"transformer.h.{layer}."
            state = state + self._attend(part, self._norm(part + "ln_1", state), hidden)
            state = state + self._feed(part, self._norm(part + "ln_2", state))
        return xp.matmul(self._norm("transformer.ln_f", state), xp.transpose(weights["transformer.wte.weight"]))

    def _linear(self, part: str, state: Any) -> Any:
        return self.xp.matmul(state, self._weights[part + ".weight"]) + self._weights[part + ".bias"]

    def _norm(self, part: str, state: Any) -> Any:
        xp = self.xp
        centred = state - xp.mean(state, axis=-1, keepdims=True)
        spread = xp.sqrt(xp.mean(centred * centred, axis=-1, keepdims=True) + 1e-5)
        return centred / spread * self._weights[part + ".weight"] + self._weights[part + ".bias"]

    def _attend(self, part: str, state: Any, hidden: Any) -> Any:
        xp, (length, width) = self.xp, state.shape
        size = width // self.heads
        three = xp.reshape(self._linear(part + "attn.c_attn", state), (length, 3, self.heads, size))
        query, key, value = (xp.transpose(three[:, which], (1, 0, 2)) for which in range(3))
        scores = xp.matmul(query, xp.transpose(key, (0, 2, 1))) / math.sqrt(size) + hidden
        shares = xp.exp(scores - xp.max(scores, axis=-1, keepdims=True))
        mixed = xp.matmul(shares / xp.sum(shares, axis=-1, keepdims=True), value)
        return self._linear(part + "attn.c_proj", xp.reshape(xp.transpose(mixed, (1, 0, 2)), (length, width)))

    def _feed(self, part: str, state: Any) -> Any:
        state = self._linear(part + "mlp.c_fc", state)
        inner = self.xp.tanh(math.sqrt(2 / math.pi) * (state + 0.044715 * state * state * state))
        return self._linear(part + "mlp.c_proj", 0.5 * state * (1 + inner))


class JaxEngine(ArrayEngine):
    """JAX, compiled for its first device."""

    def move(self, wanted: str) -> Dict[str, Any]:
        """Its own choice of a device; where it has a plugin for CUDA and takes the CPU, something is wrong."""
        jax = importlib.import_module("jax")
        if wanted == "cpu":
            jax.config.update("jax_platforms", "cpu")
        devices = jax.devices()
        self.device = "cpu" if devices[0].platform == "cpu" else "gpu"
        jax.config.update("jax_default_matmul_precision", "float32")
        self.xp = importlib.import_module("jax.numpy")
        self.fill()
        self._run = jax.jit(self.forward)
        plugins = [name for name in ("jax_cuda12_plugin", "jax_cuda13_plugin") if _is_there(name)]
        could = bool(plugins) and wanted != "cpu"
        return {"devices": [str(each) for each in devices][:16], "plugins": plugins, "could": could}

    def compute(self, ids: List[int]) -> List[List[float]]:
        """Run what was compiled."""
        found: List[List[float]] = self._run(self.xp.array(ids, dtype="int32")).tolist()
        return found


class TensorflowEngine(ArrayEngine):
    """TensorFlow, through its names of NumPy."""

    def move(self, wanted: str) -> Dict[str, Any]:
        """Its own choice of a device; a build for CUDA that shows no GPU takes the CPU without an error."""
        tensorflow = importlib.import_module("tensorflow")
        if wanted == "cpu":
            tensorflow.config.set_visible_devices([], "GPU")
        gpus = tensorflow.config.get_visible_devices("GPU")
        self.device = "gpu" if gpus else "cpu"
        self.xp = importlib.import_module("tensorflow.experimental.numpy")
        self.fill()
        could = bool(tensorflow.test.is_built_with_cuda()) and wanted != "cpu"
        return {"devices": [each.name for each in gpus][:16], "could": could}

    def compute(self, ids: List[int]) -> List[List[float]]:
        """Run it, one operator after the other."""
        found: List[List[float]] = self.forward(self.xp.array(ids, dtype="int32")).numpy().tolist()
        return found


def _is_there(name: str) -> bool:
    import importlib.util

    return importlib.util.find_spec(name) is not None


ENGINES = {"onnxruntime": OnnxEngine, "jax": JaxEngine, "tensorflow": TensorflowEngine}


class OtherCanary:
    """The stages of a generation with one of these engines."""

    def __init__(self, name: str, model: bytes, golden: Dict[str, Any]) -> None:
        """Take the engine's name, the weights, and what is expected."""
        self._name, self._model, self._golden = name, model, golden
        self._engine: Any = None
        self._produced: List[int] = []

    def load(self) -> Tuple[str, Dict[str, Any]]:
        """Read every tensor."""
        tensors, metadata = read_tensors(self._model)
        self._engine = ENGINES[self._name](tensors, int(metadata["n_head"]), int(metadata["n_layer"]))
        return f"{len(tensors)} tensors", {"bytes": len(self._model), "engine": self._name}

    def move(self, wanted: str) -> Tuple[str, Dict[str, Any]]:
        """Make the engine ready; raises FailedStage where it falls back to the CPU beside a GPU."""
        values = self._engine.move(wanted)
        device = self._engine.device
        values.update(
            device="cuda" if device == "gpu" else "cpu", name="GPU" if device == "gpu" else "CPU", wanted=wanted
        )
        if device == "cpu" and (wanted == "cuda" or (values["could"] and has_gpu_nodes())):
            raise FailedStage(
                "silent-cpu", f"{self._name} was built for a GPU and took the CPU without an error", values
            )
        return "{} by {}".format(values["name"], self._name), values

    def prefill(self) -> Tuple[str, Dict[str, Any]]:
        """The logits of a known text: twice, for the first run compiles."""
        text, values = list(self._golden["text"]), {}  # type: List[int], Dict[str, Any]
        began = time.monotonic()
        self._engine.compute(text)
        first = time.monotonic() - began
        began = time.monotonic()
        rows = self._engine.compute(text)
        values["types"] = {"float32": {"first_seconds": round(first, 5), "seconds": round(time.monotonic() - began, 5)}}
        flat = [number for row in rows for number in row]
        wanted = struct.unpack(f"<{len(flat)}f", self._golden["logits"])
        if not all(map(math.isfinite, flat)):
            raise FailedStage("not-finite", "logits in float32 are not finite", values)
        difference = max(abs(each - other) for each, other in zip(flat, wanted))
        values["types"]["float32"]["difference"] = difference
        if difference > ENGINE_TOLERANCE:
            detail = f"logits differ by {difference:.3g}, expected at most {ENGINE_TOLERANCE:g}"
            raise FailedStage("wrong-logits", detail, values)
        return f"logits within {difference:.1e} of the reference", values

    def decode(self) -> Tuple[str, Dict[str, Any]]:
        """The answer to a known prompt, the whole text computed anew for each token."""
        ids, expected, length = list(self._golden["prompt"]), list(self._golden["tokens"]), len(self._golden["text"])
        self._produced = []
        began = time.monotonic()
        for _ in expected:
            row = self._engine.compute(ids + [0] * (length - len(ids)))[len(ids) - 1]
            self._produced.append(row.index(max(row)))
            ids.append(self._produced[-1])
        seconds = max(time.monotonic() - began, 1e-9)
        text = shorten(bytes(self._produced).decode("utf-8", "replace"))
        values = {"seconds": round(seconds, 4), "tokens": len(self._produced), "text": text}
        if self._produced != expected:
            kind = "degenerate" if len(set(self._produced)) == 1 else "wrong-tokens"
            raise FailedStage(kind, "{!r}, expected {!r}".format(text, bytes(expected).decode("ascii")), values)
        return f"{len(expected)} tokens as expected, {len(expected) / seconds:.0f} a second", values

    def detokenize(self) -> Tuple[str, Dict[str, Any]]:
        """The answer as text."""
        text = bytes(self._produced).decode("utf-8", "replace")
        return json.dumps(text), {"text": text}
