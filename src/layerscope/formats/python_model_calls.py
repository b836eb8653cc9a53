"""Which models a Python script names: by a string in the calls that load one, or by a constant with such a string.

No other string is taken, since scripts hold keys as well.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Final

from msgspec import Struct

from layerscope.formats.python_imports import CONTENT_LIMIT
from layerscope.formats.python_words import iter_words

CALLS_LIMIT: Final = 20
"""Calls that are kept of one script."""

LOOKS_LIMIT: Final = 300
"""Calls that are looked at."""

ARGUMENTS_LIMIT: Final = 400
"""Words of one call that are looked at."""

_CALLS: Final[Mapping[str, tuple[int, frozenset[str]]]] = {
    "from_pretrained": (0, frozenset({"pretrained_model_name_or_path"})),
    "pipeline": (1, frozenset({"model"})),
    "LLM": (0, frozenset({"model"})),
    "SentenceTransformer": (0, frozenset({"model_name_or_path"})),
}
"""Calls that load a model: at which place it is named, and by which keywords.

transformers `PreTrainedModel.from_pretrained` and `pipeline`, vLLM's `LLM`, and sentence-transformers:
https://huggingface.co/docs/transformers/main_classes/model, https://huggingface.co/docs/transformers/main_classes/pipelines,
https://docs.vllm.ai/en/latest/api/vllm/, https://sbert.net/docs/package_reference/sentence_transformer/
"""

NOWHERE: Final = -1
_REVISION: Final = frozenset({"revision"})
"""The place and the keyword of the revision: it is given by its keyword alone."""

_LOCAL: Final = "local_files_only"
_OFFLINE: Final = frozenset({"HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"})

_MARK: Final = re.compile(rb"from_pretrained|pipeline|LLM|SentenceTransformer")
_PARTS: Final = re.compile(r"(?:Tokenizer|Processor|Config|Extractor|Scheduler)")
"""What is loaded from a model's folder beside the model."""

_NAME: Final = re.compile(r"\.{0,2}/?[\w+-][\w.+-]{0,95}(?:/[\w.+-]{1,96}){0,12}/?", re.ASCII)
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")
_QUOTE_LENGTHS: Final = (3, 1)


class ModelCall(Struct, frozen=True):
    """A call, the path or repository that it names, and the repository's revision, if it names that too."""

    call: str
    value: str
    revision: str = ""
    is_local: bool = False
    """Whether it asks no hub: by `local_files_only`, or as the script speaks of a variable that forbids it."""


def parse_model_calls(content: bytes) -> tuple[ModelCall, ...]:
    """The calls in order, as far as the text can be cut into words."""
    content = content[:CONTENT_LIMIT]
    if _MARK.search(content) is None:
        return ()
    words = [each for each in iter_words(content.decode("utf-8-sig", "replace")) if each[0] != "skip"]
    constants = _find_constants(words)
    found: list[ModelCall] = []
    is_offline = any(kind == "quote" and word.strip("'\"") in _OFFLINE for kind, word in words)
    calls = (place for place, (kind, word) in enumerate(words) if kind == "word" and word in _CALLS)
    for place in islice(calls, LOOKS_LIMIT):
        word = words[place][1]
        if words[place + 1 : place + 2] != [("sign", "(")]:
            continue
        before = words[place - 2][1] if place > 1 and words[place - 1][1] == "." else ""
        value = "" if _PARTS.search(before) else _find_argument(words, place, constants, *_CALLS[word])
        if value:
            revision = _find_argument(words, place, constants, NOWHERE, _REVISION)
            found.append(ModelCall(word, value, revision, is_offline or _is_local(words, place)))
        if len(found) >= CALLS_LIMIT:
            break
    return tuple(found)


def _find_constants(words: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Names that the script sets to a string, and sets once; others that it sets are empty."""
    found: dict[str, str] = {}
    for place in range(len(words) - 3):
        (kind, name), (_, sign), (given, text), (end, _) = words[place : place + 4]
        is_start = place == 0 or words[place - 1][0] == "end"
        if kind == "word" and sign == "=" and is_start and words[place + 2][1] != "=":
            is_text = given == "quote" and end == "end" and name not in found
            found[name] = _read_text(text) if is_text else ""
    return found


def _find_argument(
    words: Sequence[tuple[str, str]],
    place: int,
    constants: Mapping[str, str],
    position: int,
    keywords: frozenset[str],
) -> str:
    """The value of the argument at that place, or by one of those keywords; empty where that is no string."""
    depth, argument, start = 0, 0, False
    for here in range(place + 1, min(place + ARGUMENTS_LIMIT, len(words) - 1)):
        kind, word = words[here]
        if start and kind != "end":
            start = False
            is_keyword = words[here + 1][1] == "="
            if (is_keyword and word in keywords) or (not is_keyword and argument == position):
                return _read_argument(words, here + 2 if is_keyword else here, constants)
        depth += (word in _OPENING) - (word in _CLOSING)
        if depth == 0:
            break
        if depth == 1 and word in {"(", ","} and kind == "sign":
            argument += word == ","
            start = True
    return ""


def _is_local(words: Sequence[tuple[str, str]], place: int) -> bool:
    """Whether a call says that it takes what lies here, and nothing else."""
    depth = 0
    for here in range(place + 1, min(place + ARGUMENTS_LIMIT, len(words) - 2)):
        word = words[here][1]
        depth += (word in _OPENING) - (word in _CLOSING)
        if depth == 0:
            break
        if depth == 1 and [each[1] for each in words[here : here + 3]] == [_LOCAL, "=", "True"]:
            return True
    return False


def _read_argument(words: Sequence[tuple[str, str]], place: int, constants: Mapping[str, str]) -> str:
    """A string or a constant that is all of an argument."""
    if place + 1 >= len(words):
        return ""
    kind, word = words[place]
    following = next((each[1] for each in words[place + 1 : place + 4] if each[0] != "end"), "")
    if following not in {",", ")"}:
        return ""
    return _read_text(word) if kind == "quote" else constants.get(word, "")


def _read_text(text: str) -> str:
    """What stands in the quotes, if it may be a path or the name of a repository."""
    length = next((each for each in _QUOTE_LENGTHS if text[:each] == text[0] * each and len(text) >= 2 * each), 1)
    value = text[length : len(text) - length]
    return value if _NAME.fullmatch(value) else ""
