"""What the model's own tokenizer loses of texts, cuts off, or makes another model's: each from the stage's values."""

from typing import Any, Final

from layerscope.probe.observation import Observation

LONG: Final = "long"
"""The text that is one word of 20,000 letters."""

TEMPLATE_CURE: Final = "take chat_template of the model's own repository"

_SETTINGS: Final = {
    "tokenizer_config.json": (
        "model_max_length {limit:,} of tokenizer_config.json",
        "where truncation=True is asked for without a length",
        "raise model_max_length to {context:,}",
    ),
    "tokenizer.json": (
        "truncation of tokenizer.json at {limit:,} tokens",
        "in programs that read it with the tokenizers library, without transformers",
        'set "truncation": null',
    ),
}
"""By file: the setting, where it is heeded, and the cure."""

_NUMBERS: Final = ("limit", "context", "before", "after")


def list_tokenizer_remarks(seen: Observation) -> tuple[str, ...]:
    """All of them."""
    values = _read_values(seen)
    faults = list_template_faults(seen)
    return (
        *_tell_dropped(values),
        *_tell_unknown(values),
        *_tell_cuts(values),
        *(f"{each}: {TEMPLATE_CURE}" for each in faults),
    )


def list_template_faults(seen: Observation) -> tuple[str, ...]:
    """What speaks against the chat template being this model's."""
    values = _read_values(seen)
    found, talk = [], values.get("like_roles")
    if talk:
        found.append(
            f"the chat template writes what a user says and what an assistant says alike, {str(talk)!r}, so that the "
            "model cannot tell who speaks"
        )
    marks = _read_rows(values, "foreign_marks")
    if marks:
        mark, pieces = next(iter(marks.items()))
        shown = " ".join(map(str, pieces)) if isinstance(pieces, list) else ""
        found.append(
            f"the chat template has marks that this tokenizer does not know and breaks into pieces, {', '.join(marks)} "
            f"({mark} into {shown}): as a rule those of another model"
        )
    return tuple(found)


def _read_values(seen: Observation) -> dict[str, Any]:
    stage = seen.find("own-tokenizer")
    return stage.values if stage is not None else {}


def _read_rows(values: dict[str, Any], name: str) -> dict[str, Any]:
    found = values.get(name)
    return found if isinstance(found, dict) else {}


def _read_names(values: dict[str, Any], name: str) -> list[str]:
    found = values.get(name)
    return list(map(str, found)) if isinstance(found, list) else []


def _tell_dropped(values: dict[str, Any]) -> tuple[str, ...]:
    names = ", ".join(_read_names(values, "dropped"))
    if not names:
        return ()
    remark = (
        f"the model's tokenizer makes nothing of texts of such a kind: {names}; a prompt of nothing else is empty: "
        "refuse a request without tokens"
    )
    return (remark,)


def _tell_unknown(values: dict[str, Any]) -> tuple[str, ...]:
    """Texts of which the model learns no more than that there was something."""
    names = _read_names(values, "unknown")
    if not names:
        return ()
    kinds = [name for name in names if name != LONG]
    told = [*kinds, *(["an unbroken word of 20,000 letters"] if LONG in names else [])]
    cures = ["take a model whose vocabulary covers them"] if kinds else []
    cures += ["split long words before they are tokenized"] if LONG in names else []
    remark = (
        f"the model's tokenizer makes its unknown token of texts of such a kind: {', '.join(told)}; the model does not "
        f"see what they say: {', and '.join(cures)}"
    )
    return (remark,)


def _tell_cuts(values: dict[str, Any]) -> tuple[str, ...]:
    found = []
    for file, row in _read_rows(values, "cuts").items():
        told = row if isinstance(row, dict) else {}
        numbers = {name: told[name] for name in _NUMBERS if isinstance(told.get(name), int)}
        if file not in _SETTINGS or len(numbers) < len(_NUMBERS):
            continue
        setting, where, cure = (words.format(**numbers) for words in _SETTINGS[file])
        found.append(
            f"{setting} cuts prompts without a word {where}: of {numbers['before']:,} tokens {numbers['after']:,} are "
            f"left, and the model reads {numbers['context']:,}: {cure}"
        )
    return tuple(found)
