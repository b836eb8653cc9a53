"""Stages as people read of them; JSON keeps their names."""

from typing import Final

TITLES: Final = {
    "env": "environment", "devices": "device nodes", "driver": "driver", "kernel": "CUDA kernel", "imports": "imports",
    "tokenizer": "tokenizer", "weights": "weights", "device": "device", "prefill": "prefill", "decode": "decode",
    "detokenize": "text", "transformers": "transformers", "visibility": "log visibility", "loader": "loader",
    "own-lookup": "model: lookup", "own-tokenizer": "model: tokenizer", "own-weights": "model: weights",
    "own-device": "model: device", "own-prefill": "model: prefill", "own-decode": "model: decode",
    "own-text": "model: text", "own-stream": "model: stream", "batch": "largest batch",
    "listen": "server listens", "health": "health", "models": "models", "chat-16": "chat, 16 tokens",
    "chat-512": "chat, 512 tokens", "completion": "completion", "stream": "stream", "request-log": "requests in log",
}  # fmt: skip
"""Stages as they are shown."""


def tell_stage(name: str) -> str:
    """The title of a stage within a sentence: in quotes where it is more than one word."""
    title = TITLES.get(name, name)
    return f"'{title}'" if " " in title else title
