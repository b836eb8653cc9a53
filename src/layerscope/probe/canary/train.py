"""Trains the canary model and writes its files: `python -m layerscope.probe.canary.train FOLDER`, with torch.

The text is Python's own: `pydoc_data.topics` and the Zen (`this`), under the PSF licence. After a general training the
model learns the Zen by heart, so that after `Beautiful is ` every token is certain by far more than half precision can
blur.
"""

import codecs
import importlib
import json
import math
import struct
import sys
from pathlib import Path
from typing import Any, Final

WIDTH: Final = 96
HEADS: Final = 4
LAYERS: Final = 3
LENGTH: Final = 64
TOKENS: Final = 256
SEED: Final = 20261126
STEPS: Final = 1200
ZEN_STEPS: Final = 400
BATCH: Final = 32
RATE: Final = 2e-3

PROMPT: Final = b"Beautiful is "
ANSWER: Final = 32
"""Tokens that are known after the prompt."""
LEAST_MARGIN: Final = 2.0
"""Of the logit of each of them above the next best: twice what bfloat16 may differ by."""


def main() -> None:
    """Train, check, write."""
    import torch

    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    torch.use_deterministic_algorithms(mode=True)
    weights = _make_weights(torch)
    topics = "\n".join(importlib.import_module("pydoc_data.topics").topics.values()).encode("ascii", "replace")
    zen = _read_zen()
    _train(torch, weights, [topics], STEPS, RATE)
    _train(torch, weights, [topics, zen], ZEN_STEPS, RATE / 2)
    weights = {name: each.detach().half().float() for name, each in weights.items()}
    _write(torch, folder, weights, zen)


def _read_zen() -> bytes:
    import contextlib
    import io

    with contextlib.redirect_stdout(io.StringIO()):
        return codecs.decode(importlib.import_module("this").s, "rot13").encode("ascii")


def _make_weights(torch: Any) -> dict[str, Any]:
    """Weights as GPT-2 begins with: small normal numbers, smaller where residual paths add up."""
    shapes: dict[str, tuple[int, ...]] = {
        "transformer.wte.weight": (TOKENS, WIDTH),
        "transformer.wpe.weight": (LENGTH, WIDTH),
    }
    for layer in range(LAYERS):
        part = f"transformer.h.{layer}"
        shapes |= {
            f"{part}.ln_1.weight": (WIDTH,), f"{part}.ln_1.bias": (WIDTH,),
            f"{part}.attn.c_attn.weight": (WIDTH, 3 * WIDTH), f"{part}.attn.c_attn.bias": (3 * WIDTH,),
            f"{part}.attn.c_proj.weight": (WIDTH, WIDTH), f"{part}.attn.c_proj.bias": (WIDTH,),
            f"{part}.ln_2.weight": (WIDTH,), f"{part}.ln_2.bias": (WIDTH,),
            f"{part}.mlp.c_fc.weight": (WIDTH, 4 * WIDTH), f"{part}.mlp.c_fc.bias": (4 * WIDTH,),
            f"{part}.mlp.c_proj.weight": (4 * WIDTH, WIDTH), f"{part}.mlp.c_proj.bias": (WIDTH,),
        }  # fmt: skip
    shapes |= {"transformer.ln_f.weight": (WIDTH,), "transformer.ln_f.bias": (WIDTH,)}
    weights = {}
    for name, shape in shapes.items():
        if ".ln_" in name:
            made = torch.ones(shape) if name.endswith("weight") else torch.zeros(shape)
        elif name.endswith("bias"):
            made = torch.zeros(shape)
        else:
            scale = 0.02 / math.sqrt(2 * LAYERS) if "c_proj" in name else 0.02
            made = torch.randn(shape) * scale
        weights[name] = made.requires_grad_()
    return weights


def _train(torch: Any, weights: dict[str, Any], texts: list[bytes], steps: int, rate: float) -> None:
    optimizer = torch.optim.AdamW(weights.values(), lr=rate, betas=(0.9, 0.95), weight_decay=0.01)
    tensors = [torch.tensor(list(text)) for text in texts]
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = rate * min(1, (step + 1) / 50) * (0.1 + 0.45 * (1 + math.cos(math.pi * step / steps)))
        text = tensors[step % len(tensors)]
        starts = torch.randint(0, len(text) - LENGTH - 1, (BATCH,)).tolist()
        if len(text) < 2 * LENGTH * BATCH:
            starts[0] = 0
        batch = torch.stack([text[start : start + LENGTH + 1] for start in starts])
        logits = forward(torch, weights, batch[:, :-1])
        loss = torch.nn.functional.cross_entropy(logits.reshape(-1, TOKENS), batch[:, 1:].reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if not step % 100:
            print(f"step {step}: loss {loss.item():.3f}", file=sys.stderr)  # noqa: T201 -- a script


def forward(torch: Any, weights: dict[str, Any], ids: Any) -> Any:
    """The logits of every position, as the probe computes them."""
    function = torch.nn.functional
    length = ids.shape[1]
    hidden = torch.ones(length, length, dtype=torch.bool).triu(1)
    state = weights["transformer.wte.weight"][ids] + weights["transformer.wpe.weight"][:length]
    for layer in range(LAYERS):
        part = f"transformer.h.{layer}."
        norm = function.layer_norm(state, (WIDTH,), weights[part + "ln_1.weight"], weights[part + "ln_1.bias"])
        three = norm @ weights[part + "attn.c_attn.weight"] + weights[part + "attn.c_attn.bias"]
        query, key, value = (
            each.reshape(ids.shape[0], length, HEADS, WIDTH // HEADS).transpose(1, 2) for each in three.split(WIDTH, 2)
        )
        scores = (query @ key.transpose(2, 3) / math.sqrt(WIDTH // HEADS)).masked_fill(hidden, float("-inf"))
        mixed = (scores.softmax(-1) @ value).transpose(1, 2).reshape(ids.shape[0], length, WIDTH)
        state = state + mixed @ weights[part + "attn.c_proj.weight"] + weights[part + "attn.c_proj.bias"]
        norm = function.layer_norm(state, (WIDTH,), weights[part + "ln_2.weight"], weights[part + "ln_2.bias"])
        inner = function.gelu(
            norm @ weights[part + "mlp.c_fc.weight"] + weights[part + "mlp.c_fc.bias"], approximate="tanh"
        )
        state = state + inner @ weights[part + "mlp.c_proj.weight"] + weights[part + "mlp.c_proj.bias"]
    state = function.layer_norm(state, (WIDTH,), weights["transformer.ln_f.weight"], weights["transformer.ln_f.bias"])
    return state @ weights["transformer.wte.weight"].t()


def _write(torch: Any, folder: Path, weights: dict[str, Any], zen: bytes) -> None:
    """Write the files; raises SystemExit where the model is not certain enough of its answer."""
    tokens, margins = _answer(torch, weights)
    answer = bytes(tokens)
    expected = zen[zen.index(PROMPT) + len(PROMPT) :][: len(answer)]
    print(f"answer {answer!r}, margins {min(margins):.2f} to {max(margins):.2f}", file=sys.stderr)  # noqa: T201 -- a script
    if answer != expected or min(margins) < LEAST_MARGIN:
        raise SystemExit(f"expected {expected!r} with margins of at least {LEAST_MARGIN}")
    text = list(zen[100 : 100 + LENGTH])
    with torch.no_grad():
        logits = forward(torch, weights, torch.tensor([text]))[0]
    shape = list(logits.shape)
    (folder / "logits.f32").write_bytes(struct.pack(f"<{logits.numel()}f", *logits.flatten().tolist()))
    golden = {"prompt": list(PROMPT), "tokens": tokens, "text": text, "shape": shape}
    (folder / "golden.json").write_text(json.dumps(golden) + "\n")
    (folder / "model.safetensors").write_bytes(_pack(torch, weights))
    for name, content in _describe().items():
        (folder / name).write_text(json.dumps(content, ensure_ascii=True, separators=(",", ":")) + "\n")


def _describe() -> dict[str, object]:
    """The other files of a folder of Hugging Face's: GPT-2's config, and a tokenizer whose tokens are bytes."""
    symbols = _list_symbols()
    config = {
        "architectures": ["GPT2LMHeadModel"], "model_type": "gpt2", "vocab_size": TOKENS, "n_positions": LENGTH,
        "n_ctx": LENGTH, "n_embd": WIDTH, "n_head": HEADS, "n_layer": LAYERS, "activation_function": "gelu_new",
        "layer_norm_epsilon": 1e-5, "tie_word_embeddings": True, "torch_dtype": "float16",
        "bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 0,
    }  # fmt: skip
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
    model = {"type": "BPE", "vocab": {symbol: byte for byte, symbol in enumerate(symbols)}, "merges": []}
    tokenizer: dict[str, object] = {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None,
        "pre_tokenizer": byte_level, "post_processor": None, "decoder": byte_level, "model": model,
    }  # fmt: skip
    return {
        "config.json": config,
        "generation_config.json": {"bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 0},
        "tokenizer.json": tokenizer,
        "tokenizer_config.json": {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": LENGTH},
    }


def _list_symbols() -> list[str]:
    """The letter that stands for each byte in tokenizers of GPT-2's kind.

    Printable ones stand for themselves, the others are letters from U+0100 on, in their order:
    https://github.com/openai/gpt-2/blob/master/src/encoder.py (bytes_to_unicode).
    """
    plain = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(TOKENS) if byte not in plain]
    return [chr(byte if byte in plain else TOKENS + others.index(byte)) for byte in range(TOKENS)]


def _answer(torch: Any, weights: dict[str, Any]) -> tuple[list[int], list[float]]:
    ids, margins = list(PROMPT), []
    with torch.no_grad():
        for _ in range(ANSWER):
            best = forward(torch, weights, torch.tensor([ids]))[0, -1].topk(2)
            ids.append(int(best.indices[0]))
            margins.append(float(best.values[0] - best.values[1]))
    return ids[len(PROMPT) :], margins


def _pack(torch: Any, weights: dict[str, Any]) -> bytes:
    """Safetensors in half precision: https://github.com/huggingface/safetensors#format."""
    header: dict[str, object] = {"__metadata__": {"format": "pt", "n_head": str(HEADS), "n_layer": str(LAYERS)}}
    parts, offset = [], 0
    for name, each in weights.items():
        content = each.to(torch.float16).contiguous().numpy().astype("<f2").tobytes()
        header[name] = {"dtype": "F16", "shape": list(each.shape), "data_offsets": [offset, offset + len(content)]}
        parts.append(content)
        offset += len(content)
    told = json.dumps(header, separators=(",", ":")).encode()
    told += b" " * (-len(told) % 8)
    return struct.pack("<Q", len(told)) + told + b"".join(parts)


if __name__ == "__main__":
    main()
