"""The APIs of model servers: how each lists its models, and how it is asked for a text."""

from typing import Any, Dict, List, Optional

from layerscope.probe.payload.http_client import Reply

DONE = "[DONE]"

NO_STOP = "layerscope: no text ends so"
"""A stop string that no text has."""

MAX_NAME_LENGTH = 400
"""Characters of a model's name; a path is the longest that is usual."""

JSON_LISTS = {
    "openai": ("GET", "/v1/models"),
    "ollama": ("GET", "/api/tags"),
    "tgi": ("GET", "/info"),
    "triton": ("POST", "/v2/repository/index"),
    "cog": ("GET", "/openapi.json"),
    "torchserve": ("GET", "/ping"),
}
"""Where each dialect tells what it serves, in the order in which an unknown server is asked.

TorchServe tells its models on another port; its /ping tells that it is one.
"""


class Call:
    """One request for a text; the answer has it in the field `main`."""

    def __init__(self, path: str, body: Dict[str, Any], main: str) -> None:
        """POST that body there."""
        self.path, self.body, self.main = path, body, main


def list_chat_calls(dialect: str, model: str, text: str, tokens: int) -> List[Call]:
    """How a chat is asked for, the usual way first."""
    if dialect == "ollama":
        body = {"model": model, "messages": _say(text), "stream": False, "options": _limit_ollama(tokens)}
        return [Call("/api/chat", body, "message.content")]
    if dialect in {"triton", "cog", "torchserve"}:
        return _list_plain_calls(dialect, model, text, tokens)
    body = {"model": model, "messages": _say(text), "max_tokens": tokens, "temperature": 0}
    calls = [Call("/v1/chat/completions", body, "choices[0].message.content")]
    return calls + (_list_plain_calls(dialect, model, text, tokens) if dialect == "tgi" else [])


def lift_stops(dialect: str, call: Call) -> Optional[Call]:
    """The same call with a stop list of its own, that ends no text; None where the API has no such list."""
    body = dict(call.body)
    if dialect == "ollama":
        body["options"] = dict(body["options"], stop=[NO_STOP])
    elif "messages" in body:
        body["stop"] = [NO_STOP]
    elif dialect == "tgi":
        body["parameters"] = dict(body["parameters"], stop=[NO_STOP])
    else:
        return None
    return Call(call.path, body, call.main)


def list_completion_calls(dialect: str, model: str, text: str, tokens: int) -> List[Call]:
    """How a continuation without any template is asked for; none where a chat is the same."""
    if dialect == "ollama":
        body = {"model": model, "prompt": text, "raw": True, "stream": False, "options": _limit_ollama(tokens)}
        return [Call("/api/generate", body, "response")]
    if dialect == "tgi":
        return _list_plain_calls(dialect, model, text, tokens)
    if dialect != "openai":
        return []
    body = {"model": model, "prompt": text, "max_tokens": tokens, "temperature": 0}
    return [Call("/v1/completions", body, "choices[0].text")]


def list_stream_calls(dialect: str, model: str, text: str, tokens: int) -> List[Call]:
    """How a text is asked for piece by piece."""
    if dialect in {"cog", "torchserve"}:
        return []
    if dialect == "triton":
        call = _list_plain_calls(dialect, model, text, tokens)[0]
        body = dict(call.body, parameters=dict(call.body["parameters"], stream=True), stream=True)
        return [Call(call.path + "_stream", body, call.main)]
    call = list_chat_calls(dialect, model, text, tokens)[0]
    main = call.main if dialect == "ollama" else "choices[0].delta.content"
    calls = [Call(call.path, dict(call.body, stream=True), main)]
    if dialect == "tgi":
        body = {"inputs": text, "parameters": {"max_new_tokens": tokens, "details": True}}
        calls.append(Call("/generate_stream", body, "token.text"))
    return calls


def _list_plain_calls(dialect: str, model: str, text: str, tokens: int) -> List[Call]:
    body: Dict[str, Any] = {"inputs": text, "parameters": {"max_new_tokens": tokens, "details": True}}
    if dialect == "tgi":
        return [Call("/generate", body, "generated_text")]
    if dialect == "triton":
        body = {"text_input": text, "max_tokens": tokens, "parameters": {"temperature": 0, "max_tokens": tokens}}
        return [Call(f"/v2/models/{model}/generate", body, "text_output")]
    if dialect == "cog":
        return [Call("/predictions", {"input": {"prompt": text}}, "output")]
    return [Call(f"/predictions/{model}", {"data": text}, "")]


def _say(text: str) -> List[Dict[str, str]]:
    return [{"role": "user", "content": text}]


def _limit_ollama(tokens: int) -> Dict[str, Any]:
    return {"num_predict": tokens, "temperature": 0}


def read_models(dialect: str, reply: Reply) -> Optional[List[str]]:
    """The names of what is served; None where the answer is not one of that dialect."""
    body = reply.read_json()
    if dialect == "openai" and isinstance(body, dict) and isinstance(body.get("data"), list):
        return _list_names(body["data"], "id")
    if dialect == "ollama" and isinstance(body, dict) and isinstance(body.get("models"), list):
        return _list_names(body["models"], "name")
    if dialect == "tgi" and isinstance(body, dict) and isinstance(body.get("model_id"), str):
        return [body["model_id"][:MAX_NAME_LENGTH]]
    if dialect == "triton" and isinstance(body, list):
        ready = [row for row in body if isinstance(row, dict) and row.get("state", "READY") == "READY"]
        return _list_names(ready, "name")
    if dialect == "cog" and isinstance(body, dict) and "/predictions" in (body.get("paths") or {}):
        return ["the model"]
    if dialect == "torchserve" and isinstance(body, dict) and isinstance(body.get("status"), str):
        return []
    return None


def _list_names(rows: List[Any], name: str) -> List[str]:
    found = [row.get(name) for row in rows if isinstance(row, dict)]
    return [each for each in found if isinstance(each, str) and 0 < len(each) <= MAX_NAME_LENGTH][:50]


def read_context(reply: Reply, model: str) -> Optional[int]:
    """How many tokens a text and its prompt may have together, where the list of models says so.

    vLLM and SGLang say `max_model_len`, llama.cpp says `meta.n_ctx`.
    """
    body = reply.read_json()
    rows = body.get("data") if isinstance(body, dict) else None
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, dict) and row.get("id") == model:
            meta = row.get("meta")
            size = row.get("max_model_len", meta.get("n_ctx") if isinstance(meta, dict) else None)
            return size if isinstance(size, int) else None
    return None


def takes_text(dialect: str, reply: Reply) -> bool:
    """Whether a model's own description says that it takes a text; only Triton and Cog describe theirs."""
    body = reply.read_json()
    if not isinstance(body, dict):
        return True
    if dialect == "triton":
        inputs = body.get("inputs")
        return not isinstance(inputs, list) or "text_input" in _list_names(inputs, "name")
    schemas = (body.get("components") or {}).get("schemas") or {}
    properties = (schemas.get("Input") or {}).get("properties")
    return not isinstance(properties, dict) or "prompt" in properties


def find_end(dialect: str, data: str, body: Any) -> bool:
    """Whether a piece of a stream says that it is the last."""
    if data == DONE:
        return True
    if dialect == "ollama":
        return isinstance(body, dict) and body.get("done") is True
    return dialect == "tgi" and isinstance(body, dict) and isinstance(body.get("generated_text"), str)


def find_message(reply: Reply) -> str:
    """What a refusal says, in one line."""
    body = reply.read_json()
    for _ in range(4):
        if not isinstance(body, dict):
            break
        keys = [key for key in ("error", "message", "detail", "errors", "msg") if body.get(key)]
        if not keys:
            break
        body = body[keys[0]]
    if isinstance(body, list) and body and isinstance(body[0], dict):
        body = body[0].get("msg", body[0])
    text = body if isinstance(body, str) else reply.text
    return " ".join(text.split())[:400]
