"""Stage `own-tokenizer`: the tokenizer of the image's own model, what it loses of texts, and its chat template."""

from typing import Any, Dict, List, Tuple

from layerscope.probe.payload.own_files import check_folder, read_json_file
from layerscope.probe.payload.own_prompts import PROMPTS, check_template
from layerscope.probe.payload.own_truncation import check_truncation
from layerscope.probe.payload.pretrained import CANARIES, QUIET, check_canaries
from layerscope.probe.payload.stages import FailedStage, SkippedStage

SPECIAL_IDS = ("bos_token_id", "eos_token_id", "pad_token_id", "unk_token_id")

VOCABULARIES = frozenset({
    "tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt", "spiece.model", "sentencepiece.bpe.model",
    "sentencepiece.model", "tekken.json", "bpe.codes", "entity_vocab.json", "spm.model", "source.spm",
})  # fmt: skip
"""Files that hold what tokens there are."""

DOUBTS = (
    ("dropped", "drops-text"),
    ("unknown", "unknown-text"),
    ("cuts", "cuts-prompts"),
    ("like_roles", "like-roles"),
    ("foreign_marks", "foreign-template"),
)
"""Values that something is to be said of, and the word for the first of them that is there."""


class OwnTokenizer:
    """The tokenizer in a model's folder, and what its files say of it."""

    def __init__(self, folder: str, options: Dict[str, Any], *, is_chat: bool) -> None:
        """Take the folder, what `from_pretrained` is told, and whether the image serves chats."""
        self._folder, self._options, self._is_chat = folder, options, is_chat
        self.config: Dict[str, Any] = {}
        self.tokenizer: Any = None
        self.highest = 0

    def load(self) -> Tuple[str, Dict[str, Any]]:
        """Load it, and give it what tokenizers stumble over."""
        import transformers

        names = check_folder(self._folder)
        self.config = read_json_file(self._folder, "config.json")
        _refuse_others(self.config, names)
        rules = read_json_file(self._folder, "tokenizer.json")
        for name in ("tokenizer_config.json", "generation_config.json"):
            read_json_file(self._folder, name)
        try:
            self.tokenizer = transformers.AutoTokenizer.from_pretrained(self._folder, **self._options)
        except Exception as error:  # each version raises its own where files are missing
            refuse_code(error, self._options)
            if not any(name in VOCABULARIES or name.endswith(".tiktoken") for name in names):
                detail = f"{self._folder} has no file of a tokenizer, as tokenizer.json"
                raise FailedStage("no-tokenizer", detail, {"files": names[:64]}) from None
            raise
        values: Dict[str, Any] = {"folder": self._folder, "kind": type(self.tokenizer).__name__}
        values["special"] = {name: getattr(self.tokenizer, name, None) for name in SPECIAL_IDS}
        values["canaries"] = dict(check_canaries(self.tokenizer), **{"bad utf-8": _try_bad_text(self.tokenizer)})
        self._check_texts(values)
        self._check_special(values)
        values["template"] = check_template(self.tokenizer, self._is_chat, values)
        values.update(check_truncation(self.tokenizer, self._folder, self.config, rules))
        values["doubt"] = next((kind for name, kind in DOUBTS if values.get(name)), "")
        template = "a chat template" if values["template"] else "no chat template"
        return "{}, {} tokens, {}, {} canaries".format(
            values["kind"], len(self.tokenizer), template, len(values["canaries"])
        ), values

    def _check_texts(self, values: Dict[str, Any]) -> None:
        """Plain words must arrive; of what else is lost it is said, for many tokenizers drop it on purpose."""
        plain = list(self.tokenizer(PROMPTS[0], add_special_tokens=False)["input_ids"])
        back = str(self.tokenizer.decode(plain, skip_special_tokens=True)).lower()
        if not set(back) & set(PROMPTS[0].lower().replace(" ", "")):
            detail = f"the tokenizer makes {len(plain)} tokens of {PROMPTS[0]!r}, and {back[:40]!r} of these"
            raise FailedStage("lost-text", detail, values)
        found = values["canaries"]
        kinds = {
            "dropped": [name for name in CANARIES if not found[name]["tokens"] and name not in QUIET],
            "unknown": [name for name in CANARIES if 0 < found[name]["tokens"] <= 2 * found[name].get("unknown", 0)],
        }
        values.update((kind, sorted(names)) for kind, names in kinds.items() if names)

    def _check_special(self, values: Dict[str, Any]) -> None:
        """Ids of special tokens lie within the vocabulary, and the end is the same for all who look for it."""
        self.highest = max([0, *self.tokenizer.get_vocab().values()])
        beyond = {name: number for name, number in values["special"].items() if _is_beyond(number, self.highest)}
        if beyond:
            raise FailedStage("wrong-special-ids", f"beyond the highest token, {self.highest}: {beyond}", values)
        rows = {
            "config.json": self.config,
            "generation_config.json": read_json_file(self._folder, "generation_config.json"),
        }
        ends = {name: row["eos_token_id"] for name, row in rows.items() if row.get("eos_token_id") is not None}
        values["ends"] = dict(ends, tokenizer=values["special"]["eos_token_id"])


def refuse_code(error: BaseException, options: Dict[str, Any]) -> None:
    """What would have to be run is run only where the image says so."""
    if not options["trust_remote_code"] and "trust_remote_code" in str(error):
        raise SkippedStage(
            "the model brings code of its own (auto_map) that transformers does not know, and nothing says "
            "--trust-remote-code"
        ) from None


def _is_beyond(number: Any, highest: int) -> bool:
    return isinstance(number, int) and not 0 <= number <= highest


def _refuse_others(config: Dict[str, Any], names: List[str]) -> None:
    """Only what transformers loads is tried here."""
    if not config:
        if any(name.endswith(".gguf") for name in names):
            raise SkippedStage("GGUF is for llama.cpp and Ollama; transformers does not load it here")
        raise FailedStage("bad-config", "the folder has no config.json", {"files": names[:64]})


def _try_bad_text(tokenizer: Any) -> Dict[str, Any]:
    """What becomes of a text that cannot be UTF-8: half of a surrogate pair."""
    try:
        return {"tokens": len(tokenizer("a\udcffb", add_special_tokens=False)["input_ids"])}
    except Exception as error:  # noqa: BLE001 -- which one it is, is what is asked
        return {"tokens": 0, "error": type(error).__name__}
