"""The payload as one file: its parts joined in the order in which they need each other."""

import re
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


_DOCSTRING: Final = re.compile(r'"""(?P<title>[^\n]*?)(?:"""|\n.*?""")\n', re.DOTALL)
_OWN_IMPORT: Final = re.compile(rf"^from {re.escape(PACKAGE)}[.\w]* import (?:\([^)]*\)[^\n]*|[^(\n]*)\n", re.MULTILINE)
"""Both are read without a parser, which would take as long as a container takes to start."""


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
    docstring = _DOCSTRING.match(text)
    assert docstring is not None, f"{name}: a part begins with its docstring"
    body = _OWN_IMPORT.sub("", text[docstring.end() :]).strip("\n")
    return f"\n\n# {'-' * 3} {docstring['title']}\n\n{body}\n"
