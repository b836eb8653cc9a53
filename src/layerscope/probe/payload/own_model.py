"""Stages `own-lookup` to `own-device`: the image's own model, found as the image finds it, and loaded by transformers.

Files are read where they are and nothing is fetched. Whether a hub is asked is left to the image's environment, for a
hub that does not answer is one of the faults that are looked for.
"""

import os
import time
from typing import Any, Dict, List, Tuple

from layerscope.probe.payload.hub_cache import HUB_WHOLE, explain_lookup
from layerscope.probe.payload.load_report import LoadReport, tell_shapes
from layerscope.probe.payload.memory import find_memory_limit, tell_shortage
from layerscope.probe.payload.own_files import check_folder, measure_weights, read_json_file, spell_size
from layerscope.probe.payload.pretrained import CANARIES, QUIET, check_canaries
from layerscope.probe.payload.records import shorten
from layerscope.probe.payload.stages import FailedStage, SkippedStage, describe_error

PROMPTS = ("The capital of France is", "Hello", "你好")
"""What the model is to go on with; one of them is enough."""

ROOM = 1.1
"""Memory that loading takes, as a multiple of the weights: they are read, and each is put in its place."""

ASKING_SECONDS = 3.0
"""What is cached is found in less, unless the hub is asked first and given up."""

BESIDE = 2 << 30
"""Bytes that PyTorch and transformers take beside the weights."""

SPECIAL_IDS = ("bos_token_id", "eos_token_id", "pad_token_id", "unk_token_id")

SlowPieces = Dict[str, Any]


class OwnModel:
    """The model in one folder; each stage leaves behind what the next one needs."""

    def __init__(self, told: Dict[str, Any], wanted: str) -> None:
        """Take where it is, how the image names it, and the device that is wanted."""
        self.folder = str(told["folder"])
        self._name, self._is_chat = str(told.get("name", "")), bool(told.get("is_chat"))
        self._variables = {str(name): str(value) for name, value in dict(told.get("variables") or {}).items()}
        # said either way: who says nothing is asked on a terminal, and transformers' own code goes before a model's
        self._options: Dict[str, Any] = {"local_files_only": True, "trust_remote_code": bool(told.get("trusts_code"))}
        self._wanted = wanted
        self._config: Dict[str, Any] = {}
        self._highest = 0
        self.tokenizer: Any = None
        self.model: Any = None
        self.device = "cpu"

    def look_up(self) -> Tuple[str, Dict[str, Any]]:
        """Ask for the model by the name that the image uses, with the image's own settings."""
        os.environ.update(self._variables)  # the image's own user and script have them; another one probes here
        import transformers

        config, began = transformers.AutoConfig, time.monotonic()
        try:
            config.from_pretrained(self._name)
        except Exception as error:  # noqa: BLE001 -- which one it is, is what is asked
            told = explain_lookup(self._name)
            kind = "hub-lookup" if told["kind"] == HUB_WHOLE else told["kind"]
            values = {"name": self._name, "exception": type(error).__name__, "offline": _is_offline(), "hub": told}
            raise FailedStage(kind, shorten(describe_error(error), 900), values) from None
        seconds = round(time.monotonic() - began, 3)
        values = {"name": self._name, "seconds": seconds, "offline": _is_offline()}
        if seconds > ASKING_SECONDS and not values["offline"]:
            values["doubt"] = "asks-hub"
        return f"{self._name} was found after {seconds:.1f} s", values

    def load_tokenizer(self) -> Tuple[str, Dict[str, Any]]:
        """Load the tokenizer, and give it what tokenizers stumble over."""
        import transformers

        names = check_folder(self.folder)
        self._config = read_json_file(self.folder, "config.json")
        _refuse_others(self._config, names)
        for name in ("tokenizer.json", "tokenizer_config.json", "generation_config.json"):
            read_json_file(self.folder, name)
        try:
            self.tokenizer = transformers.AutoTokenizer.from_pretrained(self.folder, **self._options)
        except ValueError as error:
            self._refuse_code(error)
            raise
        values: Dict[str, Any] = {"folder": self.folder, "kind": type(self.tokenizer).__name__}
        values["special"] = {name: getattr(self.tokenizer, name, None) for name in SPECIAL_IDS}
        values["canaries"] = dict(check_canaries(self.tokenizer), **{"bad utf-8": _try_bad_text(self.tokenizer)})
        self._check_canaries(values)
        self._check_special(values)
        values["template"] = self._check_template(values)
        template = "a chat template" if values["template"] else "no chat template"
        return "{}, {} tokens, {}, {} canaries".format(
            values["kind"], len(self.tokenizer), template, len(values["canaries"])
        ), values

    def _refuse_code(self, error: BaseException) -> None:
        """What would have to be run is run only where the image says so."""
        if not self._options["trust_remote_code"] and "trust_remote_code" in str(error):
            raise SkippedStage(
                "the model brings code of its own (auto_map) that transformers does not know, and nothing says "
                "--trust-remote-code"
            ) from None

    def _check_canaries(self, values: SlowPieces) -> None:
        """Plain words must arrive; of what else is lost it is said, for many tokenizers drop it on purpose."""
        plain = list(self.tokenizer(PROMPTS[0], add_special_tokens=False)["input_ids"])
        back = str(self.tokenizer.decode(plain, skip_special_tokens=True)).lower()
        if not set(back) & set(PROMPTS[0].lower().replace(" ", "")):
            detail = f"the tokenizer makes {len(plain)} tokens of {PROMPTS[0]!r}, and {back[:40]!r} of these"
            raise FailedStage("lost-text", detail, values)
        found = values["canaries"]
        lost = sorted(name for name in CANARIES if not found[name]["tokens"] and name not in QUIET)
        if lost:
            values["doubt"] = "drops-text"
            values["dropped"] = lost

    def _check_special(self, values: SlowPieces) -> None:
        """Ids of special tokens lie within the vocabulary, and the end is the same for all who look for it."""
        self._highest = max([0, *self.tokenizer.get_vocab().values()])
        beyond = {name: number for name, number in values["special"].items() if _is_beyond(number, self._highest)}
        if beyond:
            raise FailedStage("wrong-special-ids", f"beyond the highest token, {self._highest}: {beyond}", values)
        rows = {
            "config.json": self._config,
            "generation_config.json": read_json_file(self.folder, "generation_config.json"),
        }
        ends = {name: row["eos_token_id"] for name, row in rows.items() if row.get("eos_token_id") is not None}
        values["ends"] = dict(ends, tokenizer=values["special"]["eos_token_id"])

    def _check_template(self, values: SlowPieces) -> bool:
        """Whether there is a chat template; it must be one that can be filled in."""
        if not getattr(self.tokenizer, "chat_template", None):
            if self._is_chat:
                detail = "the tokenizer has no chat template"
                raise FailedStage("no-chat-template", detail, values)
            return False
        try:
            text = self.tokenizer.apply_chat_template(
                [{"role": "user", "content": PROMPTS[1]}], tokenize=False, add_generation_prompt=True
            )
        except Exception as error:  # noqa: BLE001 -- templates are programs
            raise FailedStage("bad-chat-template", shorten(describe_error(error), 600), values) from None
        if PROMPTS[1] not in text:
            raise FailedStage("bad-chat-template", f"the template loses the message: {shorten(text, 200)!r}", values)
        values["rendered"] = shorten(text, 300)
        return True

    def encode(self, prompt: str) -> List[int]:
        """The prompt as tokens, in the chat template where there is one."""
        if getattr(self.tokenizer, "chat_template", None):
            text = self.tokenizer.apply_chat_template(
                [{"role": "user", "content": prompt}], tokenize=False, add_generation_prompt=True
            )
            return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])
        return list(self.tokenizer(prompt)["input_ids"])

    def load(self) -> Tuple[str, Dict[str, Any]]:
        """Look at the files, and load them if they fit; what the checkpoint lacks would be filled with noise."""
        values = measure_weights(self.folder)
        self._refuse_size(values)
        self.model, told = self._load(values)
        self.model.eval()
        lacking, wrong = sorted(told.get("missing_keys", ())), sorted(map(str, told.get("mismatched_keys", ())))
        values.update(missing=lacking[:32], mismatched=wrong[:32], unexpected=len(told.get("unexpected_keys", ())))
        values["class"] = type(self.model).__name__
        parameters = list(self.model.parameters())
        values["parameters"] = sum(each.numel() for each in parameters)
        values["dtype"] = sorted({str(each.dtype).replace("torch.", "") for each in parameters})
        values["meta"] = sum(1 for each in parameters if each.device.type == "meta")
        if lacking:
            detail = "{} of its tensors are not in the files and were filled with noise: {}".format(
                len(lacking), ", ".join(lacking[:3])
            )
            raise FailedStage("missing-tensor", detail, values)
        if wrong:
            raise FailedStage(
                "wrong-shape", f"{len(wrong)} tensors have another shape: {shorten(wrong[0], 200)}", values
            )
        if values["meta"]:
            raise FailedStage("no-memory-left", "{} tensors were left without memory".format(values["meta"]), values)
        self._check_rows(values)
        return "{}, {} in {}".format(values["class"], spell_size(values["bytes"]), "/".join(values["dtype"])), values

    def _refuse_size(self, values: SlowPieces) -> None:
        limit, needed = find_memory_limit(), int(values["bytes"] * ROOM)
        values["limit"] = limit
        if limit and needed > limit:
            size, wanted = spell_size(values["bytes"]), -(-(needed + BESIDE) // (1 << 30))
            raise SkippedStage(
                f"the weights are {size}, and there is memory for {spell_size(limit)}: give it more with "
                f"--memory {wanted}GiB"
            )

    def _load(self, values: SlowPieces) -> Tuple[Any, Dict[str, Any]]:
        import transformers

        kind = "AutoModelForSeq2SeqLM" if self._config.get("is_encoder_decoder") else "AutoModelForCausalLM"
        options = dict(self._options, torch_dtype="auto", output_loading_info=True)
        report = LoadReport()
        try:
            with report:
                found: Tuple[Any, Dict[str, Any]] = getattr(transformers, kind).from_pretrained(self.folder, **options)
        except Exception as error:  # noqa: BLE001 -- each version of each package raises its own
            text, kind = describe_error(error), name_load_error(error)
            if kind == "wrong-shape":
                text = tell_shapes(str(error)) or tell_shapes(report.text) or text
            values["exception"] = type(error).__name__
            self._refuse_code(error)
            if kind == "no-generator":
                raise SkippedStage(f"transformers knows no generator of this kind: {shorten(text, 300)}") from None
            raise FailedStage(kind, shorten(text, 1200), values) from None
        return found

    def _check_rows(self, values: SlowPieces) -> None:
        """A token beyond the embedding's rows ends a process on a GPU, and raises IndexError elsewhere."""
        rows = int(self.model.get_input_embeddings().weight.shape[0])
        values["rows"], values["highest"] = rows, self._highest
        if self._highest >= rows:
            detail = f"the tokenizer gives tokens up to {self._highest}, and the model knows {rows}"
            raise FailedStage("wrong-vocabulary", detail, values)

    def move(self) -> Tuple[str, Dict[str, Any]]:
        """Put it onto the device, if there is room."""
        import torch

        is_there = bool(torch.cuda.is_available())
        values: Dict[str, Any] = {"available": is_there, "wanted": self._wanted}
        if self._wanted == "cuda" and not is_there:
            raise FailedStage("cuda-unavailable", "torch.cuda.is_available() is False", values)
        self.device = "cuda" if is_there and self._wanted != "cpu" else "cpu"
        if self.device == "cuda":
            free, _ = torch.cuda.mem_get_info()
            needed = sum(each.numel() * each.element_size() for each in self.model.parameters())
            values.update(free=free, needed=needed)
            if needed > free:
                detail = f"the model needs {spell_size(needed)} and the GPU has {spell_size(free)} free"
                raise FailedStage("out-of-memory", detail, values)
        began = time.monotonic()
        self.model.to(self.device)
        values["seconds"] = round(time.monotonic() - began, 3)
        values["devices"] = _count_devices(self.model)
        if set(values["devices"]) != {self.device}:
            raise FailedStage("wrong-device", "parts of the model are on {}".format(values["devices"]), values)
        values["name"] = torch.cuda.get_device_name() if self.device == "cuda" else "CPU"
        return str(values["name"]), values


def _is_offline() -> bool:
    return any(
        os.environ.get(name, "").lower() in {"1", "true", "yes", "on"}
        for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
    )


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


def _count_devices(model: Any) -> Dict[str, int]:
    found: Dict[str, int] = {}
    for each in model.parameters():
        found[each.device.type] = found.get(each.device.type, 0) + 1
    return found


def name_load_error(error: BaseException) -> str:
    """The kind of failure that an exception of loading stands for."""
    text = str(error).lower()
    if tell_shortage(error):
        return "out-of-memory"
    known = (
        ("mismatch", "wrong-shape"),
        ("unrecognized configuration class", "no-generator"),
        ("does not recognize this architecture", "unknown-architecture"),
        ("unrecognized model", "unknown-architecture"),
        ("trust_remote_code", "needs-code"),
        ("deserializing header", "not-weights"),
        ("not fully covered", "truncated-file"),
        ("invalid load key", "not-weights"),
        ("no file named", "no-weights"),
    )
    return next((kind for words, kind in known if words in text), "load-error")
