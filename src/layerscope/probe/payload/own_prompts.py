"""What the image's own model is asked, in its chat template, and whether that template is this model's.

A template tells the model who speaks by marks around the texts. One that has none, or those of another model, gives
text all the same, and the model rambles or stops.
"""

from typing import Any, Dict, List, Sequence, Tuple

from layerscope.probe.payload.records import shorten
from layerscope.probe.payload.stages import FailedStage, describe_error

PROMPTS = ("The capital of France is", "Hello", "你好")
"""What the model is to go on with; one of them is enough."""

TALK = (("user", "What is one?"), ("assistant", "It is two."), ("user", "What is three?"))
"""A conversation in the order that every template takes: many refuse one that an assistant begins."""

MARKS = (
    "<|im_start|>", "<|im_end|>", "<|im_sep|>", "<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>",
    "<|eot_id|>", "<|header_start|>", "<|header_end|>", "<|eot|>", "<start_of_turn>", "<end_of_turn>", "<|start|>",
    "<|message|>", "<|channel|>", "<|end|>", "<|START_OF_TURN_TOKEN|>", "<|END_OF_TURN_TOKEN|>", "<|USER_TOKEN|>",
    "<|CHATBOT_TOKEN|>", "<|start_of_role|>", "<|end_of_role|>", "<|end_of_text|>",
    "<\uff5cUser\uff5c>", "<\uff5cAssistant\uff5c>",
)  # fmt: skip
"""Marks of ChatML, Llama, Gemma, GPT-OSS, Phi, Command, Granite and DeepSeek, each one token wherever it was trained.

`[INST]`, `<|user|>`, `<s>` and the like are left out: sound models read them in pieces.
"""

MOST_FOREIGN, MOST_PIECES = 8, 16
"""Marks that are shown, and pieces of each."""


def check_template(tokenizer: Any, is_chat: bool, values: Dict[str, Any]) -> bool:
    """Whether there is a chat template; it must be one that can be filled in. What is odd about it becomes a value."""
    if not getattr(tokenizer, "chat_template", None):
        if is_chat:
            detail = "the tokenizer has no chat template"
            raise FailedStage("no-chat-template", detail, values)
        return False
    try:
        text = render_prompt(tokenizer, PROMPTS[1])
    except Exception as error:  # noqa: BLE001 -- templates are programs
        raise FailedStage("bad-chat-template", shorten(describe_error(error), 600), values) from None
    if PROMPTS[1] not in text:
        raise FailedStage("bad-chat-template", f"the template loses the message: {shorten(text, 200)!r}", values)
    values["rendered"] = shorten(text, 300)
    talk = _render_talk(tokenizer)
    if has_like_roles(talk, str(getattr(tokenizer, "eos_token", None) or "")):
        values["like_roles"] = shorten(talk, 200)
    foreign = _find_foreign_marks(tokenizer, text + talk)
    if foreign:
        values["foreign_marks"] = foreign
    return True


def render_prompt(tokenizer: Any, prompt: str) -> str:
    """The prompt as the one message of a user, and the beginning of an answer."""
    return _render(tokenizer, (("user", prompt),))


def encode_prompt(tokenizer: Any, prompt: str) -> List[int]:
    """The prompt as tokens, in the chat template where there is one."""
    if getattr(tokenizer, "chat_template", None):
        return list(tokenizer(render_prompt(tokenizer, prompt), add_special_tokens=False)["input_ids"])
    return list(tokenizer(prompt)["input_ids"])


def has_like_roles(talk: str, end: str) -> bool:
    """Whether what stands before an assistant's text is what stands before a user's.

    Nothing is said where that is the end of a text alone: of turns that alternate, and end, the order tells whose they
    are, as with DialoGPT's own template. Blanks count, by which Blenderbot's tells them apart.
    """
    between, rest = [], talk
    for number, (_, text) in enumerate(TALK):
        before, found, rest = rest.partition(text)
        if not found:
            return False
        if number:
            between.append(before)
    return between[0] == between[1] and (not end or between[0].strip() != end)


def _render(tokenizer: Any, talk: Sequence[Tuple[str, str]]) -> str:
    """The talk in the template, which takes each text as it is or, of a model that sees images, in a list of parts."""
    plain = [{"role": role, "content": text} for role, text in talk]
    parts = [{"role": role, "content": [{"type": "text", "text": text}]} for role, text in talk]
    try:
        first = _fill_template(tokenizer, plain)
    except Exception:
        second = _try_template(tokenizer, parts)
        if not all(text in second for _, text in talk):
            raise
        return second
    if all(text in first for _, text in talk):
        return first
    second = _try_template(tokenizer, parts)
    return second if all(text in second for _, text in talk) else first


def _fill_template(tokenizer: Any, messages: Sequence[Dict[str, Any]]) -> str:
    return str(tokenizer.apply_chat_template(list(messages), tokenize=False, add_generation_prompt=True))


def _try_template(tokenizer: Any, messages: Sequence[Dict[str, Any]]) -> str:
    """The messages in the template; empty where it refuses them."""
    try:
        return _fill_template(tokenizer, messages)
    except Exception:  # noqa: BLE001 -- templates are programs, and raise_exception is one of their words
        return ""


def _render_talk(tokenizer: Any) -> str:
    """The conversation; empty where the template refuses it, which is no fault."""
    try:
        return _render(tokenizer, TALK)
    except Exception:  # noqa: BLE001 -- as above
        return ""


def _find_foreign_marks(tokenizer: Any, text: str) -> Dict[str, List[str]]:
    """Marks in the text that this tokenizer does not know as one token, and the pieces that it makes of each."""
    found: Dict[str, List[str]] = {}
    try:
        known = tokenizer.get_vocab()
        for mark in [each for each in MARKS if each in text]:
            ids = list(tokenizer(mark, add_special_tokens=False)["input_ids"])
            if len(ids) != 1 and known.get(mark, -1) not in ids:
                pieces = [shorten(each, 24) for each in tokenizer.convert_ids_to_tokens(ids[:MOST_PIECES])]
                found[mark] = [*pieces, f"and {len(ids) - MOST_PIECES} more"] if len(ids) > MOST_PIECES else pieces
    except Exception:  # noqa: BLE001 -- a tokenizer of another make cannot be asked so
        return {}
    return dict(sorted(found.items())[:MOST_FOREIGN])
