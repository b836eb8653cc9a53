"""Stages `own-lookup` to `own-device`: the image's own model, found as the image finds it, and loaded by transformers.

Files are read where they are and nothing is fetched. Whether a hub is asked is left to the image's environment, for a
hub that does not answer is one of the faults that are looked for.
"""

import os
import re
import sys
import time
from typing import Any, Dict, List, Set, Tuple

from layerscope.probe.payload.hub_cache import (
    HUB_INCOMPLETE,
    HUB_NO_BLOBS,
    HUB_NO_WEIGHTS,
    HUB_WHOLE,
    HubTold,
    explain_lookup,
    is_offline,
)
from layerscope.probe.payload.load_report import LoadReport, tell_shapes
from layerscope.probe.payload.memory import find_memory_limit, tell_shortage
from layerscope.probe.payload.own_files import measure_weights, spell_size
from layerscope.probe.payload.own_prompts import encode_prompt
from layerscope.probe.payload.own_tokenizer import OwnTokenizer, refuse_code
from layerscope.probe.payload.records import shorten
from layerscope.probe.payload.stages import FailedStage, SkippedStage, describe_error

ROOM = 1.1
"""Memory that loading takes, as a multiple of the weights: they are read, and each is put in its place."""

ASKING_SECONDS = 3.0
"""What is cached is found in less, unless the hub is asked first and given up."""

BESIDE = 2 << 30
"""Bytes that PyTorch and transformers take beside the weights."""

GENERATORS = ("AutoModelForCausalLM", "AutoModelForSeq2SeqLM")
OTHER_TASK = re.compile(
    r"For(?:MaskedLM|PreTraining|NextSentencePrediction|MultipleChoice|(?:Sequence|Token|Image|Audio)Classification|"
    r"QuestionAnswering|CTC|TextEncoding)$"
)
"""Ends of the names of models that are made for something else than to go on with a text."""

HUB_CLIENTS = ("transformers", "huggingface_hub")
"""Those whose versions tell where is looked, and which command downloads."""

GENERATOR_NAME = re.compile(r"For(?:CausalLM|ConditionalGeneration)$|LMHeadModel$")
"""Ends of the names of those that go on with one, also under names that transformers does not know."""

SlowPieces = Dict[str, Any]


class OwnModel:
    """The model in one folder; each stage leaves behind what the next one needs."""

    def __init__(self, told: Dict[str, Any], wanted: str) -> None:
        """Take where it is, how the image names it, and the device that is wanted."""
        self.folder = str(told["folder"])
        self._name, self._revision = str(told.get("name", "")), str(told.get("revision", ""))
        self._is_chat = bool(told.get("is_chat"))
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
            config.from_pretrained(self._name, **({"revision": self._revision} if self._revision else {}))
        except Exception as error:  # noqa: BLE001 -- which one it is, is what is asked
            told = self._explain()
            kind = "hub-lookup" if told["kind"] in (HUB_WHOLE, HUB_NO_WEIGHTS) else told["kind"]
            values = {
                "name": self._name,
                "exception": type(error).__name__,
                "offline": is_offline(dict(os.environ)),
                "hub": told,
            }
            raise FailedStage(kind, shorten(describe_error(error), 900), values) from None
        if not self.folder:
            self._refuse_absent()
        seconds = round(time.monotonic() - began, 3)
        values = {"name": self._name, "seconds": seconds, "offline": is_offline(dict(os.environ))}
        if seconds > ASKING_SECONDS and not values["offline"]:
            values["doubt"] = "asks-hub"
        return f"{self._name} was found after {seconds:.1f} s", values

    def _explain(self) -> HubTold:
        """What the cache holds of it, as the versions look that are installed."""
        versions = [str(getattr(sys.modules.get(each), "__version__", ""))[:40] for each in HUB_CLIENTS]
        return explain_lookup(self._name, self._revision, *versions)

    def _refuse_absent(self) -> None:
        """A config alone is found, too: that weights are missing is a fault where their download was broken off."""
        told = self._explain()
        if told["kind"] in (HUB_INCOMPLETE, HUB_NO_BLOBS):
            raise FailedStage(told["kind"], str(told["detail"]), {"name": self._name, "hub": told})
        if told["kind"] != HUB_WHOLE:
            raise SkippedStage(shorten(str(told["detail"]), 500) + ": there is nothing to load")

    def load_tokenizer(self) -> Tuple[str, Dict[str, Any]]:
        """Load the tokenizer, and give it what tokenizers stumble over."""
        reader = OwnTokenizer(self.folder, self._options, is_chat=self._is_chat)
        told = reader.load()
        self.tokenizer, self._config, self._highest = reader.tokenizer, reader.config, reader.highest
        return told

    def encode(self, prompt: str) -> List[int]:
        """The prompt as tokens, in the chat template where there is one."""
        return encode_prompt(self.tokenizer, prompt)

    def load(self) -> Tuple[str, Dict[str, Any]]:
        """Look at the files, and load them if they fit; what the checkpoint lacks would be filled with noise."""
        self._refuse_task()
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
            self._refuse_other_kind(str(values["class"]), [str(each) for each in lacking])
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

    def _list_architectures(self) -> List[str]:
        told = self._config.get("architectures")
        return [str(each)[:80] for each in told[:8]] if isinstance(told, list) else []

    def _refuse_task(self) -> None:
        """A model that fills gaps or sorts texts generates nothing, though transformers loads it as a generator."""
        made_for, code = self._list_architectures(), self._config.get("auto_map")
        is_own = isinstance(code, dict) and any(name in code for name in GENERATORS)
        if made_for and not is_own and all(OTHER_TASK.search(each) for each in made_for):
            kinds = ", ".join(made_for)
            raise SkippedStage(f"it is a {kinds}, which generates no text")

    def _refuse_other_kind(self, loaded: str, lacking: List[str]) -> None:
        """Files that were written for something else than a generator lack its head, and nothing else is wrong."""
        made_for, body = self._list_architectures(), str(getattr(self.model, "base_model_prefix", "")) + "."
        if any(GENERATOR_NAME.search(each) for each in made_for) or any(each.startswith(body) for each in lacking):
            return
        if made_for and loaded not in made_for and not list_generators().intersection(made_for):
            kinds = ", ".join(made_for)
            raise SkippedStage(
                f"its files are those of {kinds}, which generates no text: {lacking[0]} of {loaded} is not in them"
            )

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
            refuse_code(error, self._options)
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


def list_generators() -> Set[str]:
    """The classes of transformers that generate text."""
    from transformers.models.auto import modeling_auto

    tables = ("MODEL_FOR_CAUSAL_LM_MAPPING_NAMES", "MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES")
    rows = [getattr(modeling_auto, name, None) or {} for name in tables]
    return {str(name) for row in rows for name in row.values()}


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
