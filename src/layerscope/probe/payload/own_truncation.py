"""Whether the tokenizer's settings cut prompts that the model has room for: a long text, with and without them.

Two settings do it without a word: `model_max_length`, wherever truncation is asked for without a length, and
`truncation` in tokenizer.json, which transformers resets and the tokenizers library by itself heeds.
"""

import os
from typing import Any, Dict, Tuple

from layerscope.probe.payload.own_prompts import PROMPTS

CONTEXT_NAMES = ("max_position_embeddings", "n_positions", "seq_length", "max_seq_len")
"""What config.json calls the tokens that a model has positions for."""

NEAR = 90
"""Percent of the context from which on nothing is lost that matters: RoBERTa has two positions more than tokens."""

MOST_CONTEXT = 1 << 40

MOST_LIMIT = 1 << 16
"""The longest limit that is tried: a prompt of twice as many tokens takes a slow tokenizer seconds."""


def check_truncation(tokenizer: Any, folder: str, config: Dict[str, Any], rules: Dict[str, Any]) -> Dict[str, Any]:
    """Values: `cuts`, by file the limit that cuts and the tokens of a text before and after; `rules` is tokenizer.json.

    Empty where the model's context is unknown, where nothing was cut, and where the tokenizer cannot be tried.
    """
    context = find_context(config)
    section = rules.get("truncation")
    limits = {
        "tokenizer_config.json": (getattr(tokenizer, "model_max_length", None), _cut_by_transformers),
        "tokenizer.json": (section.get("max_length") if isinstance(section, dict) else None, _cut_by_tokenizers),
    }
    cuts: Dict[str, Dict[str, int]] = {}
    for name, (limit, cut) in limits.items():
        if not isinstance(limit, int) or not 0 < limit <= min(MOST_LIMIT, context * NEAR // 100):
            continue
        try:
            before, after = cut(tokenizer, folder, _write_long(tokenizer, limit))
        except Exception:  # noqa: BLE001, S112 -- tokenizers of other makes raise what they like
            continue
        if after < before:
            cuts[name] = {"limit": limit, "context": context, "before": before, "after": after}
    return {"cuts": cuts} if cuts else {}


def find_context(config: Dict[str, Any]) -> int:
    """How many tokens the model has positions for; 0 where it has none, as T5, or does not say."""
    section = config.get("text_config")
    for row in (config, section if isinstance(section, dict) else {}):
        names = CONTEXT_NAMES[:1] if row.get("is_encoder_decoder") else CONTEXT_NAMES
        known = [int(row[name]) for name in names if isinstance(row.get(name), int)]
        if known:
            return max(0, min(known[0], MOST_CONTEXT))
    return 0


def _write_long(tokenizer: Any, limit: int) -> str:
    """A text of more tokens than that, by half at least."""
    count = len(tokenizer(PROMPTS[0], add_special_tokens=False)["input_ids"]) or 1
    return " ".join([PROMPTS[0]] * (3 * limit // (2 * count) + 2))


def _cut_by_transformers(tokenizer: Any, _folder: str, text: str) -> Tuple[int, int]:
    return len(tokenizer(text)["input_ids"]), len(tokenizer(text, truncation=True)["input_ids"])


def _cut_by_tokenizers(_tokenizer: Any, folder: str, text: str) -> Tuple[int, int]:
    import tokenizers

    reader = tokenizers.Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
    reader.no_padding()
    after = len(reader.encode(text).ids)
    reader.no_truncation()
    return len(reader.encode(text).ids), after
