"""Stage `imports`: the packages that a generation needs, imported one by one, timed."""

import importlib
import importlib.util
import sys
import time
from typing import Any, Dict, List, Tuple

from layerscope.probe.payload.mapped import MAPPED
from layerscope.probe.payload.records import shorten
from layerscope.probe.payload.stages import FailedStage, SkippedStage, describe_error

MOST_MODULES = 32


def import_modules(names: List[str]) -> Tuple[str, Dict[str, Any]]:
    """Import each of them; raises FailedStage for the first that cannot be, once all were tried."""
    if not names:
        raise SkippedStage("the image has none of the packages that generate")
    found: Dict[str, Any] = {}
    failed: List[str] = []
    for name in names[:MOST_MODULES]:
        began = time.monotonic()
        try:
            module = importlib.import_module(name)
        except BaseException as error:  # noqa: BLE001 -- an import may raise anything, sys.exit included
            found[name] = {"error": shorten(describe_error(error), 1200), "exception": type(error).__name__}
            failed.append(name)
        else:
            found[name] = {"version": shorten(getattr(module, "__version__", ""), 80), "place": _place(module)}
        found[name]["seconds"] = round(time.monotonic() - began, 4)
    values = {"modules": found, "mapped": MAPPED.describe(), "torch": describe_torch()}
    if failed:
        raise FailedStage("import-error", "{}: {}".format(failed[0], found[failed[0]]["error"]), values)
    return ", ".join(("{} {}".format(name, each["version"])).strip() for name, each in found.items()), values


def find_installed(names: List[str]) -> List[str]:
    """Those of the modules that are there; none of them is imported."""
    return [name for name in names if importlib.util.find_spec(name) is not None]


def _place(module: Any) -> str:
    return shorten(getattr(module, "__file__", None) or "", 300)


def describe_torch() -> Dict[str, Any]:
    """For which CUDA and which architectures PyTorch was built, and how many threads it takes."""
    torch = sys.modules.get("torch")
    if torch is None or not hasattr(torch, "version"):
        return {}
    found: Dict[str, Any] = {"cuda": getattr(torch.version, "cuda", None), "hip": getattr(torch.version, "hip", None)}
    try:
        found["architectures"] = list(torch.cuda.get_arch_list()) if found["cuda"] else []
        found["threads"] = torch.get_num_threads()
    except Exception as error:  # noqa: BLE001 -- foreign code
        found["error"] = shorten(describe_error(error), 300)
    return found
