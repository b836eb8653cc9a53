"""Stages `weights` to `detokenize`: a small GPT-2 of our own, whose every token and logit is known beforehand.

Its layout is that of GPT-2 as transformers keeps it, with bytes for tokens: attention and feed-forward behind their
layer norms, learned positions, the output layer tied to the embedding.
"""

import json
import math
import os
import time
from typing import Any, Dict, List, Optional, Tuple

from layerscope.probe.payload.records import shorten
from layerscope.probe.payload.stages import FailedStage
from layerscope.probe.payload.tensors import read_tensors, to_torch

TOLERANCES = {"float32": 1e-3, "float16": 0.3, "bfloat16": 1.0}
"""Largest difference of a logit from the reference: ten times what was measured, and a tenth of what a fault makes."""

MANY_REPEATS = 16
"""Tokens all alike from which on an answer is degenerate."""

Pair = Tuple[Any, Any]
"""Keys and values of one layer."""


class Canary:
    """The model in memory, moved and run step by step with the image's PyTorch."""

    def __init__(self, model: bytes, golden: Dict[str, Any]) -> None:
        """Take the model's safetensors and what is expected of it."""
        self._torch: Any = None
        self._model, self._golden = model, golden
        self._weights: Dict[str, Any] = {}
        self._moved: Dict[str, Dict[str, Any]] = {}
        self.device = "cpu"
        self._produced: Dict[str, List[int]] = {}

    def load(self) -> Tuple[str, Dict[str, Any]]:
        """Read every tensor into memory."""
        import torch

        self._torch = torch
        tensors, metadata = read_tensors(self._model)
        self._weights = {name: to_torch(torch, tensor).float() for name, tensor in tensors.items()}
        self._heads, self._layers = int(metadata["n_head"]), int(metadata["n_layer"])
        count = sum(each.numel() for each in self._weights.values())
        return f"{len(self._weights)} tensors, {count} parameters", {"bytes": len(self._model)}

    def move(self, wanted: str) -> Tuple[str, Dict[str, Any]]:
        """Put the weights onto the device, in every type that is tried there, and multiply matrices on it."""
        torch = self._torch
        values: Dict[str, Any] = {"available": bool(torch.cuda.is_available()), "wanted": wanted}
        if wanted == "cuda" and not values["available"]:
            values["reason"] = self._ask_why()
            raise FailedStage("cuda-unavailable", values["reason"] or "torch.cuda.is_available() is False", values)
        if wanted == "auto" and not values["available"] and torch.version.cuda and os.path.exists("/dev/nvidiactl"):
            values["reason"] = self._ask_why()
        self.device = "cuda" if values["available"] and wanted != "cpu" else "cpu"
        if self.device == "cpu":
            torch.set_num_threads(1)  # a model of this size is done before threads have met
        began = time.monotonic()
        for name in self._choose_types():
            kind = getattr(torch, name)
            self._moved[name] = {key: each.to(self.device, kind) for key, each in self._weights.items()}
        self._wait()
        values.update(seconds=round(time.monotonic() - began, 4), types=sorted(self._moved), device=self.device)
        values.update(self._describe_device())
        left = {each.device.type for rows in self._moved.values() for each in rows.values()} - {self.device}
        if left:
            raise FailedStage("wrong-device", f"weights are on {sorted(left)}, expected {self.device}", values)
        return "{}, {}".format(values["name"], " ".join(values["types"])), values

    def _ask_why(self) -> str:
        """What PyTorch says when it is made to use a GPU."""
        try:
            self._torch.zeros(1, device="cuda")
        except BaseException as error:  # noqa: BLE001 -- the words are what is asked for
            return shorten(" ".join(str(error).split()), 600)
        return ""

    def _choose_types(self) -> List[str]:
        if self.device == "cpu":
            return ["float32"]
        names = ["float32", "float16"]
        if self._torch.cuda.get_device_capability()[0] >= 8:
            names.append("bfloat16")
        return names

    def _describe_device(self) -> Dict[str, Any]:
        if self.device == "cpu":
            return {"name": "CPU"}
        cuda = self._torch.cuda
        capability = "{}.{}".format(*cuda.get_device_capability())
        return {"name": cuda.get_device_name(), "compute_capability": capability}

    def _wait(self) -> None:
        if self.device == "cuda":
            self._torch.cuda.synchronize()

    def prefill(self) -> Tuple[str, Dict[str, Any]]:
        """The logits of a known text, each compared with the reference: twice, for the first run compiles."""
        torch = self._torch
        text = torch.tensor([self._golden["text"]], device=self.device)
        wanted = to_torch(torch, ("F32", tuple(self._golden["shape"]), self._golden["logits"]))
        values: Dict[str, Any] = {"types": {}}
        for name in sorted(self._moved, reverse=True):
            began = time.monotonic()
            logits, _ = self._forward(name, text)
            self._wait()
            first = time.monotonic() - began
            began = time.monotonic()
            logits, _ = self._forward(name, text)
            self._wait()
            told = {"first_seconds": round(first, 5), "seconds": round(time.monotonic() - began, 5)}
            values["types"][name] = told
            self._compare(name, logits[0].float().cpu(), wanted, told, values)
        differences = ["{} {:.1e}".format(name, each["difference"]) for name, each in sorted(values["types"].items())]
        return "logits within {} of the reference".format(", ".join(differences)), values

    def _compare(self, name: str, logits: Any, wanted: Any, told: Dict[str, Any], values: Dict[str, Any]) -> None:
        torch = self._torch
        if not bool(torch.isfinite(logits).all()):
            raise FailedStage("not-finite", f"logits in {name} are not finite", values)
        told["difference"] = float((logits - wanted).abs().max())
        if told["difference"] > TOLERANCES[name]:
            detail = "logits in {} differ by {:.3g}, expected at most {:g}".format(
                name, told["difference"], TOLERANCES[name]
            )
            raise FailedStage("wrong-logits", detail, values)

    def decode(self) -> Tuple[str, Dict[str, Any]]:
        """The answer to a known prompt, token by token, with and without a cache of keys and values."""
        prompt, count = list(self._golden["prompt"]), len(self._golden["tokens"])
        values: Dict[str, Any] = {"types": {}, "expected": bytes(self._golden["tokens"]).decode("utf-8", "replace")}
        for name in sorted(self._moved, reverse=True):
            began = time.monotonic()
            cached = self._generate(name, prompt, count, with_cache=True)
            seconds = time.monotonic() - began
            whole = self._generate(name, prompt, count, with_cache=False)
            self._produced[name] = cached
            text = shorten(bytes(cached).decode("utf-8", "replace"))
            values["types"][name] = {"seconds": round(seconds, 5), "tokens": count, "text": text}
            if cached != whole:
                raise FailedStage(
                    "cache-differs", f"decoding with a cache differs from decoding without, in {name}", values
                )
            if cached != self._golden["tokens"]:
                is_stuck = len(set(cached[-MANY_REPEATS:])) == 1
                kind = "degenerate" if is_stuck else "wrong-tokens"
                raise FailedStage(
                    kind, "{!r} in {}, expected {!r}".format(bytes(cached), name, values["expected"]), values
                )
        values.update(self._describe_peak())
        rate = count / max(min(each["seconds"] for each in values["types"].values()), 1e-9)
        return f"{count} tokens as expected, {rate:.0f} a second", values

    def _describe_peak(self) -> Dict[str, Any]:
        if self.device == "cpu":
            return {}
        peak = self._torch.cuda.max_memory_allocated()
        if peak < len(self._model):
            raise FailedStage("wrong-device", f"only {peak} bytes of the GPU were used", {"peak": peak})
        return {"peak": peak, "reserved": self._torch.cuda.max_memory_reserved()}

    def detokenize(self) -> Tuple[str, Dict[str, Any]]:
        """The answer as text."""
        texts = {name: bytes(tokens).decode("utf-8", "replace") for name, tokens in self._produced.items()}
        blank = [name for name, text in texts.items() if not text.strip()]
        if blank:
            raise FailedStage("empty", f"the text in {blank[0]} is blank", {"texts": texts})
        text = texts["float32"]
        return json.dumps(text), {"text": text}

    def _generate(self, name: str, prompt: List[int], count: int, *, with_cache: bool) -> List[int]:
        torch, produced = self._torch, []  # type: Any, List[int]
        pairs: Optional[List[Pair]] = None
        ids = torch.tensor([prompt], device=self.device)
        for _ in range(count):
            logits, pairs = self._forward(name, ids, pairs if with_cache else None)
            produced.append(int(logits[0, -1].argmax()))
            following = torch.tensor([produced[-1:]], device=self.device)
            ids = following if with_cache else torch.cat([ids, following], 1)
        return produced

    def fill(self, count: int, prompt: int, produced: int) -> int:
        """Generate for so many prompts at once, whatever comes; returns the number of new tokens."""
        torch = self._torch
        name = min(self._moved)
        pairs: Optional[List[Pair]] = None
        ids = torch.tensor([self._golden["text"][:prompt]] * count, device=self.device)
        for _ in range(produced):
            logits, pairs = self._forward(name, ids, pairs)
            ids = logits[:, -1:].argmax(-1)
        self._wait()
        return count * produced

    def _forward(self, name: str, ids: Any, pairs: Optional[List[Pair]] = None) -> Tuple[Any, List[Pair]]:
        """Logits of each position, and the keys and values of all positions so far."""
        torch, weights = self._torch, self._moved[name]
        past = pairs[0][0].shape[2] if pairs else 0
        with torch.no_grad():
            places = torch.arange(past, past + ids.shape[1], device=self.device)
            state = weights["transformer.wte.weight"][ids] + weights["transformer.wpe.weight"][places]
            kept = []
            for layer in range(self._layers):
                part = f"transformer.h.{layer}."
                mixed, pair = self._attend(
                    weights, part, self._norm(weights, part + "ln_1", state), pairs[layer] if pairs else None
                )
                state = state + mixed
                state = state + self._feed(weights, part, self._norm(weights, part + "ln_2", state))
                kept.append(pair)
            state = self._norm(weights, "transformer.ln_f", state)
            return state @ weights["transformer.wte.weight"].t(), kept

    def _norm(self, weights: Dict[str, Any], name: str, state: Any) -> Any:
        weight, bias = weights[name + ".weight"], weights[name + ".bias"]
        return self._torch.nn.functional.layer_norm(state, (state.shape[-1],), weight, bias, 1e-5)

    def _attend(self, weights: Dict[str, Any], part: str, state: Any, pair: Optional[Pair]) -> Tuple[Any, Pair]:
        torch = self._torch
        batch, length, width = state.shape
        three = state @ weights[part + "attn.c_attn.weight"] + weights[part + "attn.c_attn.bias"]
        query, key, value = (
            each.reshape(batch, length, self._heads, width // self._heads).transpose(1, 2)
            for each in three.split(width, dim=2)
        )
        if pair is not None:
            key, value = torch.cat([pair[0], key], 2), torch.cat([pair[1], value], 2)
        scores = query @ key.transpose(2, 3) / math.sqrt(width // self._heads)
        past = key.shape[2] - length
        hidden = torch.ones(length, key.shape[2], dtype=torch.bool, device=state.device).triu(past + 1)
        mixed = scores.masked_fill(hidden, float("-inf")).softmax(-1) @ value
        mixed = mixed.transpose(1, 2).reshape(batch, length, width)
        return mixed @ weights[part + "attn.c_proj.weight"] + weights[part + "attn.c_proj.bias"], (key, value)

    def _feed(self, weights: Dict[str, Any], part: str, state: Any) -> Any:
        state = state @ weights[part + "mlp.c_fc.weight"] + weights[part + "mlp.c_fc.bias"]
        state = (
            0.5 * state * (1 + self._torch.tanh(math.sqrt(2 / math.pi) * (state + 0.044715 * state * state * state)))
        )
        return state @ weights[part + "mlp.c_proj.weight"] + weights[part + "mlp.c_proj.bias"]
