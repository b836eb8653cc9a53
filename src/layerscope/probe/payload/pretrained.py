"""Stages `tokenizer` and `transformers`: the canary model once more, as transformers loads and generates.

The folder is an ordinary one of Hugging Face: config, tokenizer, weights. It is written to memory, and nothing is
looked up elsewhere.
"""

import os
import time
from typing import Any, Dict, List, Optional, Tuple

from layerscope.probe.payload.generated_text import judge_text
from layerscope.probe.payload.records import shorten
from layerscope.probe.payload.stages import FailedStage, SkippedStage

CANARIES = {
    "empty": "",
    "blank": "  \n",
    "nul": "\0" * 100,
    "nul inside": "Hello\0World",
    "control": "".join(map(chr, range(1, 32))) + "\x7f\x1b[2J",
    "zero width": "\u200b\u200d\ufeff",
    "multilingual": "你好世界 こんにちは مرحبا नमस्ते привет γειά",
    "emoji": "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea \U0001f44d\U0001f3ff",
    "special": "<|endoftext|></s><think>",
    "long": "a" * 20000,
}
"""Texts that tokenizers drop, join or stumble over."""

QUIET = frozenset({"empty", "blank"})
"""Texts that may give no token."""


class Pretrained:
    """The canary model in a folder of its own."""

    def __init__(self, files: Dict[str, bytes], golden: Dict[str, Any], scratch: str) -> None:
        """Take the folder's files by name, what is expected of the model, and where its folder may be made."""
        self._files, self._golden = files, golden
        self._folder = os.path.join(scratch, "canary")
        self._tokenizer: Any = None
        self.device = "cpu"

    def load_tokenizer(self) -> Tuple[str, Dict[str, Any]]:
        """Write the folder, load its tokenizer, and give it what tokenizers stumble over."""
        import transformers

        self._write()
        self._tokenizer = transformers.AutoTokenizer.from_pretrained(self._folder, local_files_only=True)
        prompt = bytes(self._golden["prompt"]).decode("ascii")
        tokens = list(self._tokenizer(prompt)["input_ids"])
        values: Dict[str, Any] = {"kind": type(self._tokenizer).__name__, "tokens": tokens}
        if tokens != list(self._golden["prompt"]):
            raise FailedStage("wrong-tokens", f"{prompt!r} became {tokens}", values)
        values["canaries"] = check_canaries(self._tokenizer)
        lost = sorted(name for name, each in values["canaries"].items() if not each["tokens"] and name not in QUIET)
        if lost:
            raise FailedStage("lost-text", "the tokenizer makes nothing of {}".format(", ".join(lost)), values)
        return f"{values['kind']}, {len(CANARIES)} canaries", values

    def _write(self) -> None:
        try:
            os.makedirs(self._folder, 0o700)
        except OSError as error:
            raise SkippedStage(f"there is no place for a model's files: {error.strerror}") from None
        for name, content in self._files.items():
            with open(os.path.join(self._folder, name), "wb") as stream:
                stream.write(content)

    def generate(self) -> Tuple[str, Dict[str, Any]]:
        """Load the model as a server would, and generate."""
        import torch
        import transformers

        began = time.monotonic()
        model = transformers.AutoModelForCausalLM.from_pretrained(self._folder, local_files_only=True)
        model = model.float().to(self.device).eval()
        loaded = time.monotonic()
        prompt, count = self._golden["prompt"], len(self._golden["tokens"])
        ids = torch.tensor([prompt], device=self.device)
        with torch.no_grad():
            given = model.generate(ids, do_sample=False, max_new_tokens=count, attention_mask=torch.ones_like(ids))
        ended = time.monotonic()
        tokens = [int(each) for each in given[0, len(prompt) :]]
        text = self._tokenizer.decode(tokens, skip_special_tokens=True)
        values = {
            "load_seconds": round(loaded - began, 4),
            "seconds": round(ended - loaded, 4),
            "tokens": len(tokens),
            "text": shorten(text),
            "device": str(given.device),
        }
        _check_generation(tokens, text, self._golden["tokens"], values)
        return f"generate() gives the {len(tokens)} tokens expected", values


def _check_generation(tokens: List[int], text: str, expected: List[int], values: Dict[str, Any]) -> None:
    kind, detail = judge_text(text, tokens=tokens)
    if kind:
        raise FailedStage(kind, f"generate(): {detail}", values)
    if tokens != list(expected):
        raise FailedStage("wrong-tokens", f"generate() gave {text!r}", values)


def check_canaries(tokenizer: Any) -> Dict[str, Dict[str, Any]]:
    """Of each text how many tokens it gives, how many of these stand for what is unknown, and whether they lead back.

    In place of that, what the tokenizer raised.
    """
    found: Dict[str, Dict[str, Any]] = {}
    unknown = _find_unknown(tokenizer)
    told = getattr(tokenizer, "deprecation_warnings", None)
    if isinstance(told, dict):  # no model is given these texts, so that their length is none of its log's business
        told["sequence-length-is-longer-than-the-specified-maximum"] = True
    for name, text in CANARIES.items():
        try:
            ids = list(tokenizer(text, add_special_tokens=False)["input_ids"])
            back = tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)
        except Exception as error:  # noqa: BLE001 -- which one it is, is what is asked
            found[name] = {"tokens": 0, "error": shorten(f"{type(error).__name__}: {error}", 300)}
        else:
            found[name] = {"tokens": len(ids), "is_same": back == text}
            if unknown is not None:
                found[name]["unknown"] = ids.count(unknown)
    return found


def _find_unknown(tokenizer: Any) -> Optional[int]:
    """The token of unknown text; None where there is none, as with GPT-2, whose end of text is called so, too."""
    number = getattr(tokenizer, "unk_token_id", None)
    others = [getattr(tokenizer, name, None) for name in ("bos_token_id", "eos_token_id")]
    return number if isinstance(number, int) and number not in others else None
