"""The verdict on a server: what its stages come to, and what to do about the one that broke."""

from typing import Any, Final

from msgspec import Struct

from layerscope.probe.observation import PASSED, SKIPPED, Observation, StageResult
from layerscope.probe.serving_spec import SERVING_STAGES
from layerscope.probe.signals import explain_signal

_TEXTS: Final = ("chat-512", "chat-16", "completion")
"""Stages that give a text, the one that proves most first."""

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
    "empty": (
        "Look at what comes after the model: a parser, stop words or an exception that is caught give 200 without text",
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


class ServerSeen(Struct, frozen=True):
    """What was learnt of a server, as it is told."""

    name: str
    place: str
    model: str = ""
    first_text: float | None = None
    tokens_per_second: float | None = None


SMALL_CONTEXT: Final = 1024
"""Tokens: what the longer of the two questions takes, with an answer of 512."""

_STARTING: Final = frozenset({"listen", "health"})
"""Stages whose failure is told by all that the server has printed; what follows is told by its answers."""

_LOADING: Final = _STARTING | {"models"}
"""Stages in which a server that is unavailable may still be loading: one without a path for its health says so late."""

_LAST_WORDS: Final = 6000
"""Characters at the end of a server's log in which a known error is looked for."""


def describe_server(seen: Observation) -> ServerSeen | None:
    """The server, once it listened; None before that, and where none was asked."""
    listen = _values(seen, "listen")
    if "port" not in listen:
        return None
    how = str(listen.get("how") or "")
    first = _values(seen, "stream").get("first_text")
    rate = next((_values(seen, name).get("tokens_per_second") for name in ("chat-512", "chat-16")), None)
    return ServerSeen(
        name=str(listen.get("server") or "a server") + (f" ({how})" if how else ""),
        place=f"{listen.get('host', '')} port {listen['port']}",
        model=str(_values(seen, "models").get("model", "")),
        first_text=first if isinstance(first, float) else None,
        tokens_per_second=float(rate) if isinstance(rate, int | float) else None,
    )


def list_server_lines(seen: Observation) -> list[tuple[str, str]]:
    """What a person is told of the server, by label."""
    server = describe_server(seen)
    if server is None:
        return []
    lines = [("server", f"{server.name}, {server.place}")]
    if server.model:
        lines.append(("model", server.model))
    speed = []
    if server.first_text is not None:
        speed.append(f"first text after {server.first_text:.2f} s")
    if server.tokens_per_second is not None:
        speed.append(f"{server.tokens_per_second:.1f} tokens a second")
    return [*lines, *([("speed", ", ".join(speed))] if speed else [])]


def find_text_stage(seen: Observation) -> StageResult | None:
    """The stage in which the server gave a text; None where it gave none."""
    found = (seen.find(name) for name in _TEXTS)
    return next((stage for stage in found if stage is not None and stage.status == PASSED and _has_text(stage)), None)


def _has_text(stage: StageResult) -> bool:
    return bool(str(stage.values.get("text", "")).strip())


def tell_generation(seen: Observation, stage: StageResult) -> str:
    """A generation that was seen, in a sentence."""
    server = describe_server(seen)
    name = str(_values(seen, "listen").get("server") or "the server")
    model = f" with {server.model}" if server is not None and server.model else ""
    return f"{name}{model} answers: {stage.detail}"


def find_serving_device(seen: Observation) -> str:
    """On what the server computed, as far as it is known: it holds a GPU's nodes open, or none."""
    nodes = [stage.values["gpu_nodes"] for stage in seen.stages if "gpu_nodes" in stage.values]
    if not nodes:
        return ""
    if not any(nodes):
        return "the CPU"
    devices = _values(seen, "driver").get("devices")
    first = devices[0] if isinstance(devices, list) and devices else None
    return str(first.get("name") or "the GPU") if isinstance(first, dict) else "the GPU"


def tell_no_text(seen: Observation) -> str:
    """Why a server that answers was not made to generate; empty where none was asked."""
    stages = (seen.find(name) for name in ("models", "chat-16"))
    stage = next((stage for stage in stages if stage is not None and stage.status == SKIPPED), None)
    return f"a server runs, and was not made to generate: {stage.detail}" if stage is not None else ""


def explain_failure(broken: StageResult) -> str:
    """What a stage says of its failure, and what a signal means that ended the server."""
    code = broken.values.get("code")
    told = explain_signal(128 - code if code < 0 else code) if isinstance(code, int) else ""
    return f"{told}: {broken.detail}" if told else broken.detail


def list_server_words(seen: Observation, broken: StageResult) -> list[str]:
    """What the server printed about a failure: all of it while it started, and later the lines of that call."""
    if broken.name in _STARTING:
        return [text[-_LAST_WORDS:] for name, text in sorted(seen.logs.items()) if name.startswith("serving ")]
    lines = broken.values.get("log")
    return ["\n".join(map(str, lines))] if isinstance(lines, list) else []


def list_serving_cures(broken: StageResult) -> tuple[str, ...]:
    """What to do about a stage of a server."""
    if broken.name not in SERVING_STAGES:
        return ()
    if broken.kind == "unavailable" and broken.name not in _LOADING:
        return _LATE_CURES
    own = _STAGE_CURES.get(broken.name, {})
    unknown = () if broken.kind not in _ENDED else _START_CURES if broken.name in _STARTING else _CALL_CURES
    kind = "no-http" if broken.values.get("no_http") else broken.kind
    return own.get(kind) or _CURES.get(kind, unknown)


def list_serving_remarks(seen: Observation) -> tuple[str, ...]:
    """What a server does that nobody wants, though it answers."""
    listen, remarks = _values(seen, "listen"), []
    port, expected = listen.get("port"), listen.get("expected")
    if listen.get("loopback_only"):
        remarks.append(
            f"port {port} is open on the loopback address alone: from outside the container it is refused; "
            "start the server with --host 0.0.0.0"
        )
    if isinstance(expected, int) and port != expected:
        remarks.append(f"it listens on port {port}, and {expected} was expected: publish {port}, or change its port")
    context, long = _values(seen, "models").get("context"), _values(seen, "chat-512")
    if isinstance(context, int) and context < SMALL_CONTEXT and long.get("finish") == "length":
        remarks.append(
            f"a question and its answer have room for {context} tokens together, and longer ones are cut off: raise "
            "the server's context (--max-model-len, llama.cpp: --ctx-size), as far as the model allows"
        )
    stream = _values(seen, "stream")
    if stream.get("streams") is False:
        remarks.append("it streams nothing: the whole answer comes at once")
    elif stream.get("end_marker") is False and stream.get("finish") and _values(seen, "models")["dialect"] == "openai":
        remarks.append(
            "its streams end without [DONE]: a client that waits for that mark waits until the connection ends"
        )
    if _values(seen, "request-log").get("silent"):
        remarks.append("the server prints nothing: set its log level, so that a failure can be seen")
    if _values(seen, "completion").get("suspect") == "template":
        remarks.append("a raw completion gives text where a chat does not: look at the chat template")
    return tuple(remarks)


def _values(seen: Observation, name: str) -> dict[str, Any]:
    stage = seen.find(name)
    return stage.values if stage is not None else {}
