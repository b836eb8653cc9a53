"""The limit that transformers' generate() takes where a program gives it none: 20 tokens."""

import re
from typing import List, Optional

from layerscope.probe.payload.answer_text import FEW_CHARACTERS, Answer

DEFAULT_TOKENS = 20
"""New tokens; older releases count the prompt as well."""

DEFAULT_WORDS = re.compile(
    r"(?:Using the model-agnostic default .max_length.|Using .max_length.'s default \(|"
    r"Neither .max_length. nor .max_new_tokens. ha(?:s|ve) been set|"
    r"Input length of (?:decoder_)?input_ids is \d{1,9}, but .?max_length.? is set to)[^.]{0,60}"
)
"""What releases from 4.20 to 5 print of it; once for each line of code and length, so that one may come late."""

OWN_GENERATION = re.compile(
    r"vllm|sglang|text generation inference|triton|ollama|llama[._-]?cpp|lmdeploy|nvidia nim|tensorrt", re.IGNORECASE
)
"""Names of servers that do not generate with transformers' generate()."""

SENTENCE_END = re.compile(r"[.!?\u2026\u3002\uff01\uff1f][*_`]{0,3}$|[\"')\]}>\u2019\u201d\xbb\u300d][*_`]{0,3}$|```$")
"""How a text ends that its model has ended: with the mark of a sentence's end, a closing quote or a bracket."""


def has_own_generation(server: str) -> bool:
    """Whether a server of that name is known not to run on transformers' generate()."""
    return bool(OWN_GENERATION.search(server))


def tell_default(
    answer: Answer, asked: int, lines: List[str], recent: List[str], short: Optional[int], *, is_own: bool = False
) -> str:
    """That this limit ended an answer, in a sentence; empty where nothing shows it.

    `lines` is all that the server has printed, `recent` what it has since it was first asked: an older warning may be
    one of a call that only warms the model up, and says nothing of an answer that ends with a sentence of its own.
    `short` is how many tokens came where fewer than 20 were asked for: as many are no chance where the text also ends
    within a sentence. Without a warning, a server with a generation of its own (`is_own`) is not told of
    transformers' limit.
    """
    is_whole = not answer.is_cut and bool(SENTENCE_END.search(answer.text.rstrip()))
    warning = find_default_warning(recent if is_whole else lines)
    if answer.count is None:
        is_default = bool(find_default_warning(recent)) and len(answer.text) < FEW_CHARACTERS
    elif answer.count == DEFAULT_TOKENS:
        is_twice = short == DEFAULT_TOKENS and not is_whole
        is_default = bool(warning) or (not is_own and (answer.is_cut or is_twice))
    else:
        is_default = answer.is_cut and bool(warning) and answer.count < DEFAULT_TOKENS
    if not is_default:
        return ""
    told = f"{len(answer.text)} characters" if answer.count is None else f"{answer.count} tokens"
    return (
        f"the text ends after {told}, and {asked} tokens were asked for: {DEFAULT_TOKENS} are what transformers' "
        "generate() makes where its program passes no limit on" + (f"; its log says: {warning}" if warning else "")
    )


def find_default_warning(lines: List[str]) -> str:
    """The first line in which transformers says so, as far as it does; empty where none does."""
    found = (DEFAULT_WORDS.search(line) for line in lines)
    return next((match.group(0) for match in found if match), "")
