"""What the layer pass keeps of Python scripts that are named like a program's beginning."""

from dataclasses import dataclass, field
from typing import Final

import msgspec

from layerscope.facts.system.entry_names import PYTHON_NAMES
from layerscope.formats.python_data_loaders import find_loader_workers
from layerscope.formats.python_imports import CONTENT_LIMIT, parse_python_imports
from layerscope.formats.python_model_calls import parse_model_calls
from layerscope.formats.python_torch_hub import find_hub_call
from layerscope.layers.extractor import Wants

_PACKAGES: Final = "-packages/"


@dataclass(frozen=True)
class PythonEntryExtractor:
    """Keeps what such a script imports, names and starts; a site directory has no image's own program."""

    name: str = "python-entry-scripts"
    version: int = 5
    wants: Wants = field(default=Wants(names=PYTHON_NAMES, limit=CONTENT_LIMIT))

    def extract(self, path: str, content: bytes, *, size: int, mode: int) -> object:
        """Modules, whether the script changes where they are looked for, and calls that load models and data."""
        del size, mode
        if _PACKAGES in path:
            return None
        calls = [[each.call, each.value, each.revision, each.is_local] for each in parse_model_calls(content)]
        return {
            **msgspec.to_builtins(parse_python_imports(content)),
            "calls": calls,
            "workers": find_loader_workers(content),
            "torch_hub": find_hub_call(content) is not None,
        }
