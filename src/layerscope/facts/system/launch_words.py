"""What may be kept of a command in a script: words that tell which server it starts, its port and its model.

Arguments hold keys and tokens. So a word is kept where it is known beforehand, or has the form of what a known option
takes; every other word is left out.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from layerscope.facts.system.commands import PASSED_ARGUMENTS, base_name, is_python
from layerscope.facts.system.shell_values import fill_in
from layerscope.formats.secret_text import names_secret

MODEL_OPTIONS: Final = frozenset({
    "--model", "--model-path", "--model_path", "--model-id", "--model_id", "--model-name-or-path",
    "--model_name_or_path", "--model-dir", "--model_dir", "--pretrained-model", "--checkpoint",
})  # fmt: skip
"""Options that name a model: those of vLLM, SGLang, TGI, and of scripts around transformers."""

MODEL_VARIABLES: Final = (
    "MODEL_PATH", "MODEL_ID", "HF_MODEL_ID", "MODEL_NAME", "MODEL_DIR", "MODEL", "VLLM_MODEL", "MODEL_NAME_OR_PATH",
    "NIM_MODEL_PATH", "SM_MODEL_DIR",
)  # fmt: skip
"""Variables that name a model, in the order in which they are believed."""

REVISION_OPTION: Final = "--revision"
"""Names the revision of a model of the hub: of vLLM, SGLang and TGI."""

HUB_VARIABLES: Final = frozenset({
    "HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "TRANSFORMERS_CACHE", "XDG_CACHE_HOME",
})  # fmt: skip
"""Variables that say where the hub's cache is."""

OFFLINE_VARIABLES: Final = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
"""Variables that say whether the hub's client may ask it."""

MODELSCOPE_VARIABLES: Final = ("VLLM_USE_MODELSCOPE", "SGLANG_USE_MODELSCOPE", "LMDEPLOY_USE_MODELSCOPE")
"""Variables that take models from ModelScope, by names that look like those of the Hugging Face hub."""

VARIABLE_OPTIONS: Final[Mapping[str, str]] = {"--huggingface-hub-cache": "HF_HUB_CACHE"}
"""Options that say what a variable does to all that a server starts: of TGI."""

CACHE_OPTIONS: Final = frozenset({"--download-dir", "--download_dir", "--cache-dir", "--cache_dir", *VARIABLE_OPTIONS})
"""Options that name a folder for what is fetched: of vLLM, SGLang and LMDeploy, and of scripts around transformers."""

BESIDE_OPTIONS: Final = frozenset({
    "--tokenizer", "--tokenizer-path", "--tokenizer_path", "--tokenizer-name", "--hf-config-path", "--draft-model",
    "--speculative-model", "--speculative-draft-model-path",
})  # fmt: skip
"""Options that name something of the hub beside the model: of vLLM, SGLang, and of scripts around transformers."""

ALIAS_OPTIONS: Final = frozenset({"--served-model-name", "--served_model_name", "--model-name", "--model_name"})
"""Options that name the model as its users are to call it; what they say is fetched from nowhere."""

SHORT_MODEL_OPTION: Final = "-m"
"""Names a model, except behind Python, where it names a module."""

SERVER_PROGRAMS: Final = frozenset({
    "vllm", "vllm.entrypoints.openai.api_server", "vllm.entrypoints.cli.main", "text-generation-launcher",
    "tgi-entrypoint.sh", "sagemaker-entrypoint.sh", "sglang", "sglang.launch_server", "tritonserver", "ollama",
    "llama-server", "llama_cpp.server", "transformers", "trtllm-serve", "lmdeploy", "torchserve",
    "dockerd-entrypoint.sh", "serve", "cog.server.http", "coglet", "start_server.sh", "start-server.sh",
})  # fmt: skip
"""Programs and Python modules that are servers: the first words of the marks in the table of servers."""

_CLEAR: Final = frozenset(name for name in SERVER_PROGRAMS if "." not in name) - {"serve", "transformers"}
"""Programs whose names are no words that may mean something else."""

SUBCOMMANDS: Final = frozenset({"serve", "api_server", "run", "start"})
"""The further words of those marks."""

PORT_FLAGS: Final = frozenset({"--port", "--http-port", "--server-port", "-p"})
PORT_VARIABLES: Final = frozenset({
    "NIM_SERVER_PORT", "PORT", "OLLAMA_HOST", "LLAMA_ARG_PORT", "TS_INFERENCE_ADDRESS",
})  # fmt: skip
"""What sets a port by that table."""

CHAT_SERVERS: Final = frozenset({"vllm", "sglang", "text-generation-launcher", "lmdeploy", "tritonllm"})
"""Programs that serve chats, and cannot without a template."""

PARALLEL_OPTIONS: Final = frozenset({
    "--tensor-parallel-size", "-tp", "--tp", "--tp-size", "--tp_size", "--pipeline-parallel-size", "-pp", "--pp-size",
    "--pp_size", "--num-shard", "--nproc-per-node", "--nproc_per_node", "--num_processes", "--num_gpus",
})  # fmt: skip
"""Options by which a program is spread over GPUs: of vLLM, SGLang, TGI, TensorRT-LLM, LMDeploy, and launchers."""

PARALLEL_PROGRAMS: Final = frozenset({
    "vllm", "vllm.entrypoints.openai.api_server", "vllm.entrypoints.cli.main", "sglang", "sglang.launch_server",
    "text-generation-launcher", "tgi-entrypoint.sh", "trtllm-serve", "lmdeploy", "torchrun", "torch.distributed.run",
    "torch.distributed.launch", "accelerate", "deepspeed",
})  # fmt: skip
"""Programs and modules that have such an option."""

PARALLEL_VARIABLES: Final[Mapping[str, tuple[str, ...]]] = {
    "text-generation-launcher": ("NUM_SHARD",), "tgi-entrypoint.sh": ("NUM_SHARD",),
}  # fmt: skip
"""Variables that say the same to a program."""

BARE_OPTIONS: Final = frozenset({"--trust-remote-code", "--chat-template"}) | BESIDE_OPTIONS
"""Options that tell by being there how a model is used, or that more is; what follows them is not kept."""

_VALUED_BARE_OPTIONS: Final = BARE_OPTIONS - {"--trust-remote-code"}
_KEPT_OPTIONS: Final = MODEL_OPTIONS | CACHE_OPTIONS | {REVISION_OPTION}

GIVEN_LIMIT: Final = 8
"""Words of a script's arguments among which a command may begin."""

WORDS_LIMIT: Final = 60
"""Words kept of one command."""

_PROGRAM: Final = re.compile(r"[\w./+@:~-]{1,256}|\[", re.ASCII)
_MODEL: Final = re.compile(r"[\w./+-]{0,400}", re.ASCII)
_NUMBER: Final = re.compile(r"(?:[0-9]{1,5})?")
_ADDRESS: Final = re.compile(r"(?:(?:https?://)?(?:[\w.-]{0,100}:)?[0-9]{1,5}/?)?", re.ASCII)
_SWITCH: Final = re.compile(r"-(?!m$|c$)[A-Za-z]{1,8}", re.ASCII)
_MODULE: Final = re.compile(r"[A-Za-z_]\w{0,100}(?:\.\w{1,100}){0,20}", re.ASCII)
_PYTHON_SCRIPT: Final = re.compile(r"[\w./+-]{1,400}\.py", re.ASCII)
MORE_WORDS: Final = re.compile(r"\$\{\w*(?:ARGS|ARGUMENTS|OPTS|OPTIONS|FLAGS)\}", re.ASCII)
"""A variable of the environment that holds further words."""


def keep_words(words: Sequence[str]) -> list[str]:
    """The words of a command that may be kept, none where its program cannot be told; an unknown word is empty."""
    if words and words[0] == PASSED_ARGUMENTS:
        return [PASSED_ARGUMENTS, *_keep_options(words[1:], PORT_FLAGS - {"-p"})][:WORDS_LIMIT]
    program = _fill_defaults(words[0]) if words else None
    if program is None or (program and not _PROGRAM.fullmatch(program)) or not words[0]:
        return []
    kept, rest, name = _split_program(program, words)
    if name not in SERVER_PROGRAMS:
        given = _find_given(rest) if name.endswith(".sh") else None
        further = _keep_options(rest, frozenset()) if given is None else keep_words(rest[given:])
        return [*kept, *further][:WORDS_LIMIT]
    while rest and rest[0] in SUBCOMMANDS:
        kept.append(rest.pop(0))
    if rest and takes_model(name, kept[-1]) and _is_value(_MODEL, rest[0]):
        kept.append(rest.pop(0))
    return [*kept, *_keep_options(rest, _list_flags(name))][:WORDS_LIMIT]


def _split_program(program: str, words: Sequence[str]) -> tuple[list[str], list[str], str]:
    """The program with Python's switches and its module or script, the words after that, and the name that counts."""
    kept, rest, name = [words[0]], list(words[1:]), base_name(program)
    if not is_python(program):
        return kept, rest, name
    while rest and _SWITCH.fullmatch(rest[0]):
        kept.append(rest.pop(0))
    if rest[:1] == ["-m"] and len(rest) > 1 and _MODULE.fullmatch(rest[1]):
        return [*kept, *rest[:2]], rest[2:], rest[1]
    if rest[:1] in (["-m"], ["-c"]):
        return kept + rest[:1], [], name
    if rest and has_form(_PYTHON_SCRIPT, rest[0]):
        kept.append(rest.pop(0))
    return kept, rest, name


def _find_given(words: Sequence[str]) -> int | None:
    """Where the command begins that is given to a script, if it is one of Python or a server."""
    places = (place for place, word in enumerate(words[:GIVEN_LIMIT]) if is_python(word) or base_name(word) in _CLEAR)
    return next(places, None)


def takes_model(program: str, word: str) -> bool:
    """Whether the word that comes next names a model, as for `vllm serve`."""
    if program == "trtllm-serve":
        return True
    is_chat_server = program in CHAT_SERVERS or program == "vllm.entrypoints.cli.main"
    return is_chat_server and word == ("api_server" if program == "lmdeploy" else "serve")


def may_keep(name: str, value: str | None) -> bool:
    """Whether a variable is known to name a model or a port, and this value has the form of one."""
    if not value:
        return False
    known = HUB_VARIABLES.union(MODEL_VARIABLES, OFFLINE_VARIABLES, MODELSCOPE_VARIABLES)
    return (name in known and has_form(_MODEL, value)) or (name in PORT_VARIABLES and has_form(_ADDRESS, value))


def has_form(form: re.Pattern[str], value: str) -> bool:
    """Whether a value, with the defaults of its variables, has a form, and no variable in it is named like a secret."""
    filled = _fill_defaults(value)
    return filled is not None and form.fullmatch(filled) is not None


def _fill_defaults(text: str) -> str | None:
    """A text with the defaults of its variables; None where one is named like a secret, or the text cannot be told."""
    return fill_in(text, lambda name, default: None if names_secret(name) else default or "")


def _list_flags(name: str) -> frozenset[str]:
    """Flags of a server that set its port, and the one that names its model in short."""
    short = {"-p"} if name == "text-generation-launcher" else set()
    parallel = PARALLEL_OPTIONS if name in PARALLEL_PROGRAMS else frozenset[str]()
    return frozenset((PORT_FLAGS - {"-p"}) | short | parallel | {SHORT_MODEL_OPTION})


def _keep_options(words: Sequence[str], flags: frozenset[str]) -> list[str]:
    """Known options with their values, the place of the script's own arguments, and variables with further words."""
    kept: list[str] = []
    for place, word in enumerate(words):
        option, equals, value = word.partition("=")
        if word == PASSED_ARGUMENTS or MORE_WORDS.fullmatch(word):
            kept.append(word)
        elif word in BARE_OPTIONS or option in _VALUED_BARE_OPTIONS:
            kept.append(option)
        elif option in _KEPT_OPTIONS or option in flags:
            given = value if equals else "".join(words[place + 1 : place + 2])
            if _is_value(_NUMBER if option in PORT_FLAGS | PARALLEL_OPTIONS else _MODEL, given):
                kept += [option, given]
        if len(kept) >= WORDS_LIMIT:
            break
    return kept


def _is_value(form: re.Pattern[str], word: str) -> bool:
    """Whether a word is a value of that form, and no option."""
    return bool(word) and not word.startswith("-") and has_form(form, word)
