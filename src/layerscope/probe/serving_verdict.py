"""The verdict on a server: what its stages come to."""

from typing import Any, Final

from msgspec import Struct

from layerscope.probe.observation import SKIPPED, Observation, StageResult
from layerscope.probe.server_log_remarks import list_log_remarks
from layerscope.probe.serving_cures import STARTING
from layerscope.probe.signals import explain_signal


class ServerSeen(Struct, frozen=True):
    """What was learnt of a server, as it is told."""

    name: str
    place: str
    model: str = ""
    first_text: float | None = None
    tokens_per_second: float | None = None


SMALL_CONTEXT: Final = 1024
"""Tokens: what the longer of the two questions takes, with an answer of 512."""

UNNAMED: Final = "the server"
"""What a server is called of which nothing tells the name."""

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
    is_named_alone = server.name == UNNAMED and seen.find("env") is None  # by the address that was given
    lines = [] if is_named_alone else [("server", f"{server.name}, {server.place}")]
    if server.model:
        lines.append(("serves", server.model))
    speed = []
    if server.first_text is not None:
        speed.append(f"first text after {server.first_text:.2f} s")
    if server.tokens_per_second is not None:
        speed.append(f"{server.tokens_per_second:.1f} tokens a second")
    return [*lines, *([("speed", ", ".join(speed))] if speed else [])]


def find_text_stage(seen: Observation) -> StageResult | None:
    """The stage in which the server gave a text; None where it gave none."""
    return seen.text_stage


def tell_generation(seen: Observation, stage: StageResult) -> str:
    """A generation that was seen, in a sentence."""
    server = describe_server(seen)
    name = str(_values(seen, "listen").get("server") or UNNAMED)
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
    if broken.name in STARTING:
        return [text[-_LAST_WORDS:] for name, text in sorted(seen.logs.items()) if name.startswith("serving ")]
    lines = broken.values.get("log")
    return ["\n".join(map(str, lines))] if isinstance(lines, list) else []


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
    remarks += list_log_remarks(_values(seen, "request-log"))
    if _values(seen, "completion").get("suspect") == "template":
        remarks.append("a raw completion gives text where a chat does not: look at the chat template")
    return tuple(remarks)


def _values(seen: Observation, name: str) -> dict[str, Any]:
    stage = seen.find(name)
    return stage.values if stage is not None else {}
