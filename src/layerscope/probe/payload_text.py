"""The payload as one file: its parts joined in the order in which they need each other."""

import ast
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Final

PACKAGE: Final = "layerscope.probe.payload"

PARTS: Final = (
    "records", "stages", "host_files", "resources", "scratch", "environment", "driver", "kernel", "memory", "mapped",
    "imports", "tensors", "generated_text", "onnx_graph", "other_engines", "canary", "pretrained", "own_files",
    "load_report", "hub_places", "hub_snapshot", "hub_cache", "own_prompts", "own_truncation", "own_tokenizer",
    "own_model", "own_generation", "batch", "loader_trace", "visibility", "process_tree", "child", "http_client",
    "answer_text", "api_dialects", "answer_stream", "default_length", "server_log", "watched_server", "server_process",
    "serving_start", "serving_models", "serving_calls", "serving_stops", "serving", "keeper", "entry",
)  # fmt: skip
"""The parts; each may need those before it."""

_HEAD: Final = '''\
"""layerscope's probe: what runs inside an image. It needs nothing but a Python from 3.6 on, and changes nothing.

Settings come on standard input, records go to standard output. `layerscope probe --help` tells more.
"""
'''
_FOOT: Final = """
if __name__ == "__main__":
    if "PROGRAM" not in globals():
        with open(__file__, "rb") as _stream:
            PROGRAM = compile(_stream.read(), __file__, "exec")
    run_payload(PROGRAM)
"""


@cache
def render_payload() -> str:
    """The one file."""
    return _HEAD + "".join(map(_render_part, PARTS)) + _FOOT


def read_part(name: str) -> str:
    """The text of one part."""
    return files(PACKAGE).joinpath(f"{name}.py").read_text(encoding="utf-8")


def _render_part(name: str) -> str:
    """A part without its docstring, which becomes a comment, and without what it imports from other parts."""
    text = read_part(name)
    tree, lines = ast.parse(text), text.splitlines()
    for node in _iter_left_out(tree):
        assert node.end_lineno is not None, "parsed from text"
        for number in range(node.lineno - 1, node.end_lineno):
            lines[number] = ""
    body = "\n".join(lines).strip("\n")
    title = (ast.get_docstring(tree) or name).partition("\n")[0]
    return f"\n\n# {'-' * 3} {title}\n\n{body}\n"


def _iter_left_out(tree: ast.Module) -> Iterator[ast.stmt]:
    for place, node in enumerate(tree.body):
        is_docstring = not place and isinstance(node, ast.Expr)
        is_part = isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE)
        if is_docstring or is_part:
            yield node
