"""Why the image's own model gives nothing, and what to type next: by the kind of failure, or by where a stage waits."""

from typing import Any, Final

from layerscope.probe.causes import Cause
from layerscope.probe.hub_causes import explain_lookup_failure
from layerscope.probe.observation import CRASHED, HUNG, Observation, StageResult
from layerscope.probe.tokenizer_remarks import TEMPLATE_CURE, list_template_faults

HUB_FRAMES: Final = ("huggingface_hub", "transformers/utils/hub.py")
"""Files whose lines in a stack mean that the hub is being asked."""

_OFFLINE: Final = "ENV HF_HUB_OFFLINE=1"
_AGAIN: Final = "Download it again and build the image anew: hf download REPOSITORY --local-dir FOLDER"

_CAUSES: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "hub-lookup": (
        "the image names its model as the hub does, and without a network it is not found so",
        (f"{_OFFLINE}, with the cache under the HF_HOME of the container's own user", "Name the folder: --model /PATH"),
    ),
    "model-missing": ("the model's folder is not there for this process", ("COPY it, or mount it where it is named",)),
    "model-unreadable": (
        "the container's user may not read the model's files",
        ("COPY --chmod=a+rX, or keep it outside of /root",),
    ),
    "lfs-pointer": (
        "a pointer of Git LFS lies in place of the file",
        ("git lfs pull in the build context, then build again", _AGAIN),
    ),
    "empty-file": ("a file of the model is empty: it was not copied whole", (_AGAIN,)),
    "truncated-file": ("a file of weights is cut off: its download or its copy was broken off", (_AGAIN,)),
    "not-weights": ("a file of weights holds something else", (_AGAIN,)),
    "missing-shard": (
        "a shard that the index names is not there, or is a link to what was not copied",
        ("COPY the whole folder; of a hub's cache the whole models--* folder, blobs included", _AGAIN),
    ),
    "no-weights": ("the folder has no weights that transformers looks for", (_AGAIN,)),
    "bad-config": ("a JSON file of the model cannot be read", (_AGAIN,)),
    "missing-tensor": (
        "the files lack tensors that the model has: transformers fills them with noise, and the text is noise",
        ("Export the model again with save_pretrained", "Look at tie_word_embeddings and architectures in config.json"),
    ),
    "wrong-shape": (
        "config.json describes a model of another shape than the weights have",
        ("Take config.json and weights from the same revision of the same model",),
    ),
    "wrong-vocabulary": (
        "the tokenizer has tokens for which the model has no embedding: on a GPU that is a device-side assert",
        ("Take the tokenizer of the same model", "or model.resize_token_embeddings(len(tokenizer)) and save again"),
    ),
    "wrong-special-ids": (
        "a special token has a number that the tokenizer does not know",
        ("Make bos, eos and pad of tokenizer_config.json, config.json and generation_config.json agree",),
    ),
    "no-tokenizer": (
        "weights and config alone make no text of tokens",
        ("COPY the whole folder: tokenizer.json and tokenizer_config.json beside the weights", _AGAIN),
    ),
    "no-chat-template": (
        "the image serves chats, and every one of them is answered with an error",
        ("COPY chat_template.jinja beside tokenizer_config.json", "or start the server with --chat-template FILE"),
    ),
    "bad-chat-template": (
        "the chat template cannot be filled in with one message of a user",
        ("Take chat_template of the model's own repository",),
    ),
    "lost-text": (
        "the tokenizer drops ordinary text, so that prompts reach the model empty",
        ("Take the tokenizer of the same model, and look at its normalizer in tokenizer.json",),
    ),
    "eos-first": (
        "the model ends its answer before the first word: a wrong template, a wrong eos_token_id, or broken weights",
        (
            "Compare eos_token_id of generation_config.json with the tokenizer's",
            "Look at the end of the rendered prompt: layerscope probe IMAGE -o json",
        ),
    ),
    "overflow": (
        "numbers of the model leave the range of its type; greedy decoding then repeats token 0 without an error",
        ("Load it as bfloat16 or float32: dtype in config.json, or --dtype of the server",),
    ),
    "not-finite": (
        "the model's logits are not numbers, also with 32 bits: the weights themselves are broken",
        (_AGAIN,),
    ),
    "swallowed-exception": (
        "generate() raises in the thread that feeds the stream: who reads the stream waits for ever and sees no error",
        ("Give TextIteratorStreamer a timeout, and hand on what the thread raises",),
    ),
    "stalled-stream": ("the stream stops before its end", ("Give TextIteratorStreamer a timeout",)),
    "stream-differs": ("the stream gives another text than generate()", ("Update transformers in the image",)),
    "out-of-memory": (
        "there is too little memory for the model",
        ("Give it more: --memory, or a larger GPU", "Load it in a smaller type, or quantised"),
    ),
    "no-memory-left": (
        "parts of the model were left out of memory (meta device)",
        ("Give it more memory, or load it without device_map",),
    ),
    "unknown-architecture": (
        "the transformers of the image is older than the model, or config.json has no model_type",
        ("Install the transformers that config.json names as transformers_version",),
    ),
    "needs-code": ("the model brings code of its own", ("Start it with --trust-remote-code, and a writable HF_HOME",)),
}  # fmt: skip
"""What each kind comes from, and what to do."""

ASKING: Final = "asks-hub"
"""The kind of a stage that has passed, and of which something is to be said."""

_TALKING: Final = frozenset({"own-decode", "own-text"})
_WITHOUT_TEXT: Final = frozenset({"eos-first", "empty", "special-only", "degenerate"})
"""Stages in which a model that is asked in a wrong form stops or rambles, and the kinds of that."""


def find_model_cause(seen: Observation, broken: StageResult) -> Cause | None:
    """The cause of a broken stage of the model, or of any stage that waits for the hub."""
    if broken.status == HUNG and is_waiting_for_hub(broken):
        return _explain_hub(seen, broken)
    if broken.status == CRASHED and seen.is_out_of_memory:
        reason = "the kernel ended a process of the container for want of memory"
        return Cause("", reason, ("Give it more: --memory, and in production the same",))
    if broken.name == "own-lookup" and (cause := explain_lookup_failure(seen, broken)):
        return cause
    if broken.name in _TALKING and broken.kind in _WITHOUT_TEXT and list_template_faults(seen):
        return _explain_template(broken, list_template_faults(seen))
    if not broken.name.startswith("own-") or broken.kind not in _CAUSES:
        return None
    reason, cures = _CAUSES[broken.kind]
    return Cause("", f"{broken.detail}: {reason}", cures)


def _explain_template(broken: StageResult, faults: tuple[str, ...]) -> Cause:
    cures = _CAUSES[broken.kind][1] if broken.kind in _CAUSES else ()
    reason = f"{broken.detail}; the likely cause: {'; '.join(faults)}"
    return Cause("", reason, (f"{TEMPLATE_CURE[0].upper()}{TEMPLATE_CURE[1:]}", *cures))


def is_waiting_for_hub(stage: StageResult) -> bool:
    """Whether a stack of it leads through the hub's client."""
    stacks = stage.wait.stacks if stage.wait is not None else ""
    return any(frame in stacks for frame in HUB_FRAMES)


def _explain_hub(seen: Observation, broken: StageResult) -> Cause:
    variables = _read_variables(seen)
    endpoint = variables.get("HF_ENDPOINT", "huggingface.co")
    reason = f"{broken.detail}, asking the hub ({endpoint}), which does not answer; its client waits without a limit"
    cures = [f"{_OFFLINE}: what is cached is then taken as it is", "Name the model by its folder: --model /PATH"]
    if variables.get("HF_HUB_OFFLINE"):
        cures = ["HF_HUB_OFFLINE is set and was not heeded: name the model by its folder: --model /PATH"]
    return Cause("", reason, tuple(cures))


def _read_variables(seen: Observation) -> dict[str, Any]:
    stage = seen.find("env")
    found = stage.values.get("variables") if stage is not None else None
    return found if isinstance(found, dict) else {}
