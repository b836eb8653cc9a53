"""The text of an answer, in whatever field it hides, and what became of the generation."""

import re
from typing import Any, Dict, List, Optional, Tuple

from layerscope.probe.payload.generated_text import judge_text

TEXT_NAMES = frozenset({
    "content", "reasoning_content", "reasoning", "reasoning_text", "thinking", "thoughts", "analysis", "text",
    "generated_text", "text_output", "response", "output", "outputs", "output_text", "completion", "answer", "result",
    "refusal", "arguments", "transcript", "summary",
})  # fmt: skip
"""Names of fields in which servers and their parsers put what a model wrote."""

MAX_DEPTH = 10
MAX_TEXTS = 200
MAX_NAME = 60
"""Characters of a field's name that are told."""

SPECIAL = re.compile(
    r"<\|[^|<>]{1,40}\|>|</?s>|</?think>|<(?:pad|unk|bos|eos|mask|start_of_turn|end_of_turn)>"
    r"|\[(?:PAD|UNK|CLS|SEP|MASK|BOS|EOS)\]",
    re.IGNORECASE,
)
"""Tokens that steer a model and stand for no text, as they look where nobody takes them out."""

UNITS = re.compile(r"\w{1,16}(?!\w)|\w|[^\w\s]")
"""Words, and single characters where there are no words: what is counted for repetition."""

MANY_TOKENS = 512
FEW_CHARACTERS = 256
"""Characters below which an answer cannot have had 512 tokens."""

TEXT_ENDS = {"length", "max_tokens", "max_length", "model_length"}
"""Words by which servers say that a limit ended the text."""

Found = List[Tuple[str, str]]


class Answer:
    """What a generation came to: the text where it is looked for, and all texts elsewhere."""

    def __init__(self, body: Any, main: str) -> None:
        """Read an answer; `main` is the field of this API, as `choices[0].message.content`."""
        found = find_texts(body)
        self.main = main
        self.text = "".join(text for field, text in found if field == main)
        self.others: Dict[str, str] = {}
        for field, text in found:
            if field != main and text.strip():
                self.others[field] = self.others.get(field, "") + text
        self.finish = find_finish(body)
        self.stop = find_stop(body)
        self.count = find_count(body)

    def add(self, other: "Answer") -> None:
        """Take a further piece of a stream."""
        self.text += other.text
        for field, text in other.others.items():
            self.others[field] = self.others.get(field, "") + text
        self.finish = other.finish or self.finish
        self.count = other.count if other.count is not None else self.count

    @property
    def is_cut(self) -> bool:
        """Whether a limit ended it."""
        return self.finish in TEXT_ENDS

    def is_spent(self, asked: int) -> bool:
        """Whether a limit ended it, or nothing says why and all the tokens that were asked for are counted."""
        return self.is_cut or (not self.finish and self.count is not None and self.count >= asked)

    def describe(self) -> Dict[str, Any]:
        """It in a record."""
        return {
            "field": self.main, "text": self.text[:400], "characters": len(self.text), "finish": self.finish,
            "tokens": self.count, "others": {field: text[:200] for field, text in sorted(self.others.items())[:12]},
        }  # fmt: skip

    def judge(self) -> Tuple[str, str]:
        """A kind of failure and a sentence, or two empty texts."""
        bare = SPECIAL.sub("", self.text)
        if not bare.strip() and self.others:
            field, text = max(self.others.items(), key=lambda each: len(each[1].strip()))
            return "other-field", f"{self.main} is empty, and the text is in {field}: {text.strip()[:60]!r}"
        if not bare.strip():
            return judge_text("", raw=self.text, count=self.count)
        return judge_text(bare, tokens=number_units(bare))


def number_units(text: str) -> Optional[List[int]]:
    """The words of a text as numbers, same words the same number; None for a text of none."""
    numbers: Dict[str, int] = {}
    units = [numbers.setdefault(each.lower(), len(numbers)) for each in UNITS.findall(text)]
    return units or None


def judge_limit(answer: Answer, asked: int) -> Tuple[str, str]:
    """Whether a limit ended the text that is none of ours: `asked` tokens were allowed."""
    if not answer.is_cut:
        return "", ""
    if answer.count is not None:
        few, told = answer.count < asked, f"{answer.count} tokens"
    else:
        few, told = len(answer.text) < FEW_CHARACTERS, f"{len(answer.text)} characters"
    if not few:
        return "", ""
    return "truncated", f"a limit ended the text after {told}, and {asked} tokens were asked for"


def find_texts(body: Any) -> Found:
    """Every text that may be a model's, with its path; what is asked back, as the prompt, is left out."""
    found: Found = []
    _walk(body, "", "", 0, found)
    return found


def _walk(value: Any, path: str, name: str, depth: int, found: Found) -> None:
    if depth > MAX_DEPTH or len(found) >= MAX_TEXTS:
        return
    if isinstance(value, str):
        if name in TEXT_NAMES or not path:
            found.append((path, value))
    elif isinstance(value, dict):
        for key, below in list(value.items())[:MAX_TEXTS]:
            name = str(key)[:MAX_NAME]
            _walk(below, f"{path}.{name}" if path else name, name, depth + 1, found)
    elif isinstance(value, list):
        is_text = bool(value) and all(isinstance(each, str) for each in value)
        for place, below in enumerate(value[: 4 * MAX_TEXTS if is_text else 8]):
            _walk(below, f"{path}[]" if is_text else f"{path}[{place}]", name, depth + 1, found)


def find_finish(body: Any) -> str:
    """Why the text ended, in the server's words."""
    for holder in _list_holders(body):
        for name in ("finish_reason", "done_reason", "stop_reason", "stop_type"):
            value = holder.get(name)
            if isinstance(value, dict):
                value = value.get("type")
            if isinstance(value, str) and value:
                return value[:40]
    return ""


def find_stop(body: Any) -> str:
    """The stop string that ended the text, where the server names it beside the reason of the end."""
    for holder in _list_holders(body):
        for name in ("stop_reason", "matched_stop", "stopping_word"):
            value = holder.get(name)
            if isinstance(value, str) and value and ("finish_reason" in holder or name == "stopping_word"):
                return value[:40]
    return ""


def find_count(body: Any) -> Optional[int]:
    """How many tokens the server says that it made."""
    names = ("completion_tokens", "generated_tokens", "eval_count", "tokens_predicted", "output_tokens")
    for holder in _list_holders(body):
        for name in names:
            value = holder.get(name)
            if isinstance(value, int) and not isinstance(value, bool):
                return value
    return None


def _list_holders(body: Any) -> List[Dict[str, Any]]:
    """The objects of an answer in which its ends and counts stand."""
    rows = body if isinstance(body, list) else [body]
    found: List[Dict[str, Any]] = []
    for row in rows[:4]:
        if isinstance(row, dict):
            choices = row.get("choices")
            first = choices[0] if isinstance(choices, list) and choices else None
            parts = [row, first, row.get("usage"), row.get("details"), row.get("meta_info")]
            found += [part for part in parts if isinstance(part, dict)]
    return found
