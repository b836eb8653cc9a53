"""What to do about a stage of a server that broke, where the message itself is not known."""

from typing import Final

from layerscope.probe.observation import StageResult
from layerscope.probe.serving_spec import SERVING_STAGES

_CURES: Final = {
    "key-wanted": ("Name the variable that holds the key: --api-key-env NAME",),
    "key-refused": ("Look at what the variable of --api-key-env holds: the server does not take that key",),
    "unreachable": ("Look at the address, that the server runs, listens on 0.0.0.0, and that its port is published",),
    "template-missing": (
        (
            "Put the model's chat template beside its tokenizer: chat_template.jinja, or `chat_template` in "
            "tokenizer_config.json"
        ),
        "Give the server one: --chat-template FILE (vLLM, SGLang), --chat-template-file FILE (llama.cpp)",
    ),
    "other-field": (
        (
            "Read that field in the client, or start the server without its parser of reasoning, or switch the model's "
            "thinking off"
        ),
    ),
    "truncated": (
        (
            "Raise the limit of tokens: max_tokens of the request, and max_new_tokens in the model's "
            "generation_config.json (vLLM: --generation-config vllm)"
        ),
    ),
    "default-length": (
        (
            "Pass the request's limit on in the server's program, model.generate(..., max_new_tokens=N), or set "
            "max_new_tokens in the model's generation_config.json"
        ),
    ),
    "stop-string": (
        (
            "Take the stop string out of the list that has it: the one in the server's program or after --stop, "
            "stop_strings in generation_config.json, PARAMETER stop of an Ollama model"
        ),
        "Until then, let each request bring a stop list of its own",
    ),
    "trimmed": (
        (
            "Take the answer by its tokens, output[0][input_ids.shape[1]:], and not by the length of the prompt's "
            "text; where nothing is trimmed, look at the parser, and at what is caught without a word"
        ),
        'Where all of them may be special tokens, ask for them: "skip_special_tokens": false (vLLM, SGLang)',
    ),
    "empty": (
        "Look at what comes after the model: a parser, stop words or an exception that is caught give 200 without text",
    ),
    "unsteady": (
        "Ask the server for a text before it counts as ready: a warm-up in its program, or a startupProbe that asks",
        "Where it happens later as well, look in its log at the time of an empty answer: what is caught, or ran full",
    ),
    "special-only": (
        (
            "Compare the end of turn in the chat template with eos_token_id in generation_config.json: a model that is "
            "asked in the wrong form ends at once"
        ),
    ),
    "degenerate": (
        "Try another type or backend, as --dtype bfloat16: logits that are not numbers give the same token for ever",
    ),
    "unavailable": (
        (
            "Give it more time, or look at why it never becomes ready: --patience 2; in Kubernetes, a startupProbe as "
            "long as it loads"
        ),
    ),
    "no-json": (
        (
            "Look at what answers there: curl -i http://HOST:PORT/v1/models; a page comes from a proxy, a login or "
            "another server"
        ),
        "Name the address of the server itself: --url http://HOST:PORT, or let the proxy pass /v1/ on to it",
    ),
    "no-http": (
        (
            "Name the port of the server's HTTP API: --url http://HOST:PORT, with https:// where it speaks TLS; gRPC, "
            "metrics and databases have ports of their own"
        ),
    ),
    "untrusted": (
        "Name the file with the certificate of the authority that signed it: SSL_CERT_FILE=ca.pem layerscope probe …",
        "Name the server as its certificate does: --url https://NAME:PORT",
    ),
    "stream-error": (
        "Look for the exception in the server's log at that time: the answer had begun, so its status is 200",
        "Where it is CUDA's, ENV CUDA_LAUNCH_BLOCKING=1 makes the log name the call that fails",
    ),
    "no-such-model": ("Name one that it serves: --model-name NAME",),
    "redirected": ("Name the address that it leads to: --url",),
    "mute": ("Set PYTHONUNBUFFERED=1 in the image",),
    "hang": (
        "Look at what the server does meanwhile: its log, and where it waits; or give it more time: --patience 3",
    ),
}
"""By kind of failure, what to do where the message itself is not known."""

_MARKED: Final = {"no_http": "no-http", "default_length": "default-length", "unsteady": "unsteady"}
"""By a value of the stage, under which word its cures stand."""

_STREAM_CURES: Final[dict[str, tuple[str, ...]]] = {
    "truncated": (
        "Look at what stands between: a proxy that buffers or ends streams, or a server that was ended meanwhile",
    ),
    "hang": ("Look for the exception in the thread that generates, and for a proxy that holds pieces back",),
}

_ENDED: Final = frozenset({"error", "crash"})
_START_CURES: Final = ("Start it by hand, and read from its first line on what it prints: docker run --rm -it IMAGE",)
_CALL_CURES: Final = (
    "Look in the server's log at the time of that call: what is raised there tells more than the answer",
)
"""What to do about a server that ends, or answers with an error, of which nothing is known."""

_SILENT_CURES: Final = (
    (
        "Look at what it waits for: a download that no network answers (ENV HF_HUB_OFFLINE=1), or a server that has "
        "ended while what started it goes on (start it with exec, and without `tail -f`)"
    ),
    "Where it only loads, give it more time: --patience 3; in Kubernetes, a startupProbe as long as it loads",
)
"""What to do about a server that runs and does not listen."""

_STAGE_CURES: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "stream": _STREAM_CURES,
    "listen": {"hang": _SILENT_CURES},
}
"""By stage and kind, what goes before what is said of the kind alone."""

_LATE_CURES: Final = (
    (
        "Look in the server's log for a worker that ended or a full queue: it was ready before, so more time at "
        "the start does not help"
    ),
    (
        "Where others ask it as well, ask again without them, or let more wait: --max-concurrent-requests (TGI), "
        "OLLAMA_MAX_QUEUE (Ollama)"
    ),
)
"""What to do where a server that was ready has become unavailable."""

STARTING: Final = frozenset({"listen", "health"})
"""Stages whose failure is told by all that the server has printed; what follows is told by its answers."""

_LOADING: Final = STARTING | {"models"}
"""Stages in which a server that is unavailable may still be loading: one without a path for its health says so late."""


def list_serving_cures(broken: StageResult) -> tuple[str, ...]:
    """What to do about a stage of a server."""
    if broken.name not in SERVING_STAGES:
        return ()
    if broken.kind == "unavailable" and broken.name not in _LOADING:
        return _LATE_CURES
    own = _STAGE_CURES.get(broken.name, {})
    unknown = () if broken.kind not in _ENDED else _START_CURES if broken.name in STARTING else _CALL_CURES
    kind = next((kind for mark, kind in _MARKED.items() if broken.values.get(mark)), broken.kind)
    return own.get(kind) or _CURES.get(kind, unknown)
