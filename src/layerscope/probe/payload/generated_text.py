"""What a generation came to: text, or one of the ways of giving none. Quality is not judged."""

from typing import Any, Dict, Optional, Sequence, Tuple

MIN_TOKENS = 16
"""Fewer say nothing about repetition."""

MIN_DISTINCT = 0.1
"""Distinct tokens (or characters) of all, below which a text repeats itself."""

MAX_SHARE = 0.9
"""Share of one token, or of characters that stand for none, from which on a text is worth nothing."""

REPLACEMENT = "\ufffd"


def judge_text(
    text: str, *, raw: str = "", count: Optional[int] = None, tokens: Optional[Sequence[int]] = None
) -> Tuple[str, str]:
    """A kind of failure and a sentence; both are empty for a text.

    `raw` is the text with its special tokens, `count` the number of new tokens, `tokens` which they are, as far as
    they are known.
    """
    count = len(tokens) if tokens is not None else count
    if count == 0:
        return "empty", "not one token came"
    if not text.strip():
        if raw.strip() or count:
            shown = repr(raw.strip()[:60]) if raw.strip() else "they stand for blanks or for nothing"
            return "special-only", f"{_tell_count(count)} came and no text: {shown}"
        return "empty", "no text came"
    return _judge_content(text, tokens)


def _tell_count(count: Optional[int]) -> str:
    return "tokens" if count is None else "1 token" if count == 1 else f"{count} tokens"


def _judge_content(text: str, tokens: Optional[Sequence[int]]) -> Tuple[str, str]:
    shape = measure_text(text, tokens)
    if shape["broken"] >= MAX_SHARE:
        return "degenerate", "{:.0%} of the characters stand for no character".format(shape["broken"])
    if shape["length"] >= MIN_TOKENS and (shape["most"] >= MAX_SHARE or shape["distinct"] < MIN_DISTINCT):
        unit = "characters" if tokens is None else "tokens"
        return "degenerate", "{} {}, of which {:.0%} differ: {!r}".format(
            shape["length"], unit, shape["distinct"], text[:60]
        )
    return "", ""


def measure_text(text: str, tokens: Optional[Sequence[int]] = None) -> Dict[str, Any]:
    """How often it repeats itself: `length`, `distinct` and `most` as shares of it, and `broken` characters."""
    units: Sequence[Any] = list(text) if tokens is None else list(tokens)
    length = len(units) or 1
    counts: Dict[Any, int] = {}
    for unit in units:
        counts[unit] = counts.get(unit, 0) + 1
    broken = sum(1 for each in text if each == REPLACEMENT or (not each.isprintable() and not each.isspace()))
    return {
        "length": len(units),
        "distinct": round(len(counts) / float(length), 4),
        "most": round(max(counts.values()) / float(length), 4) if counts else 0.0,
        "broken": round(broken / float(len(text) or 1), 4),
    }
