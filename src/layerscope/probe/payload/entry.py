"""The way in: what this process is to do, read from standard input or from the command line."""

import contextlib
import json
import os
import sys
from types import CodeType
from typing import Any, BinaryIO, Callable, Dict, List, Tuple

from layerscope.probe.payload.batch import Batch
from layerscope.probe.payload.canary import Canary
from layerscope.probe.payload.driver import describe_devices, describe_driver
from layerscope.probe.payload.environment import describe_environment
from layerscope.probe.payload.imports import find_installed, import_modules
from layerscope.probe.payload.keeper import Keeper
from layerscope.probe.payload.kernel import run_kernel
from layerscope.probe.payload.loader_trace import trace_imports
from layerscope.probe.payload.mapped import with_mapped
from layerscope.probe.payload.memory import measure_memory
from layerscope.probe.payload.other_engines import OTHER_ENGINES, OtherCanary
from layerscope.probe.payload.own_generation import OwnGeneration
from layerscope.probe.payload.own_model import OwnModel
from layerscope.probe.payload.pretrained import Pretrained
from layerscope.probe.payload.records import Recorder
from layerscope.probe.payload.serving import list_serving_stages
from layerscope.probe.payload.stages import Stage, run_stages
from layerscope.probe.payload.visibility import print_markers

MAX_SETTINGS = 1 << 20
MAX_BLOB = 64 << 20


def run_payload(program: CodeType) -> None:
    """Read settings and blobs from standard input, and do what they say."""
    settings, blobs = read_settings(sys.stdin.buffer)
    role = settings.get("role", "keeper")
    if role == "keeper":
        output = os.dup(1)
        os.dup2(2, 1)  # whatever else prints shall not stand between records
        Keeper(program, settings, blobs, output).run()
    elif role == "markers":
        print_markers(settings["nonce"])
    else:
        arm_dump(settings["stacks"])
        measure = None if role == "system" else measure_memory
        run_stages(ROLES[role](settings, blobs), Recorder(settings["records"]), measure)
        leave()


def leave() -> None:
    """End here: a framework takes a second or two to be taken down, in which nothing more is learned."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, OSError, ValueError):  # closed, or replaced by the image's own
            stream.flush()
    os._exit(0)


def read_settings(stream: BinaryIO) -> Tuple[Dict[str, Any], List[bytes]]:
    """A line of JSON, and after it as many bytes as it says for each blob."""
    settings = json.loads(stream.readline(MAX_SETTINGS).decode("ascii"))
    return settings, [stream.read(min(size, MAX_BLOB)) for size in settings.get("blobs", ())]


def arm_dump(descriptor: int) -> None:
    """Write the stacks of all threads at SIGUSR1, and at a crash; works while C code runs."""
    try:
        import faulthandler
        import signal

        faulthandler.register(signal.SIGUSR1, file=descriptor, all_threads=True, chain=False)
        faulthandler.enable(file=descriptor, all_threads=True)
    except (ImportError, AttributeError, OSError, ValueError):  # then there are no stacks
        pass


def list_system_stages(_settings: Dict[str, Any], _blobs: List[bytes]) -> List[Stage]:
    """What is asked of the system, in a process that no framework was loaded into."""
    return [
        Stage("env", describe_environment),
        Stage("devices", describe_devices),
        Stage("driver", describe_driver),
        Stage("kernel", run_kernel, ("driver",)),
    ]


def list_generation_stages(settings: Dict[str, Any], blobs: List[bytes]) -> List[Stage]:
    """A generation with the canary model: in plain PyTorch, and by transformers where that is there."""
    if settings.get("looks"):
        settings = dict(settings, modules=find_installed(settings["modules"]))
    stages = [Stage("imports", lambda: import_modules(settings["modules"]))]
    others = [name for name in OTHER_ENGINES if name in settings["modules"]]
    if "torch" not in settings["modules"]:
        return stages + _list_other_stages(others, settings, blobs)
    golden = dict(settings["golden"], logits=blobs[1])
    canary = Canary(blobs[0], golden)
    pretrained = Pretrained(dict(zip(settings["files"], [blobs[0], *blobs[2:]])), golden, settings["scratch"])

    def generate() -> Tuple[str, Dict[str, Any]]:
        pretrained.device = canary.device
        return pretrained.generate()

    has_transformers = "transformers" in settings["modules"]
    if has_transformers:
        stages.append(Stage("tokenizer", pretrained.load_tokenizer, ("imports",)))
    stages += [
        Stage("weights", canary.load, ("imports",)),
        Stage("device", with_mapped(lambda: canary.move(settings["device"])), ("weights",)),
        Stage("prefill", canary.prefill, ("device",)),
        Stage("decode", canary.decode, ("prefill",)),
        Stage("detokenize", with_mapped(canary.detokenize), ("decode",)),
    ]
    if has_transformers:
        stages.append(Stage("transformers", with_mapped(generate), ("tokenizer", "device")))
    return stages


def _list_other_stages(others: List[str], settings: Dict[str, Any], blobs: List[bytes]) -> List[Stage]:
    """The same without PyTorch, by the first of the engines that are there."""
    if not others:
        return []
    canary = OtherCanary(others[0], blobs[0], dict(settings["golden"], logits=blobs[1]))
    return [
        Stage("weights", canary.load, ("imports",)),
        Stage("device", lambda: canary.move(settings["device"]), ("weights",)),
        Stage("prefill", canary.prefill, ("device",)),
        Stage("decode", canary.decode, ("prefill",)),
        Stage("detokenize", canary.detokenize, ("decode",)),
    ]


def list_model_stages(settings: Dict[str, Any], _blobs: List[bytes]) -> List[Stage]:
    """The image's own model, from its tokenizer to its text."""
    own = OwnModel(settings["model"], settings["device"])
    generation = OwnGeneration(own)
    stages = [Stage("own-lookup", own.look_up)] if settings["model"].get("name") else []
    if not own.folder:
        return stages
    return [
        *stages,
        Stage("own-tokenizer", own.load_tokenizer, tuple(each.name for each in stages)),
        Stage("own-weights", own.load, ("own-tokenizer",)),
        Stage("own-device", own.move, ("own-weights",)),
        Stage("own-prefill", generation.prefill, ("own-device",)),
        Stage("own-decode", generation.decode, ("own-prefill",)),
        Stage("own-text", generation.tell_text, ("own-decode",)),
        Stage("own-stream", generation.stream, ("own-text",)),
    ]


def list_trace_stages(settings: Dict[str, Any], _blobs: List[bytes]) -> List[Stage]:
    """How libraries are searched, which takes a process of its own for each module."""
    return [Stage("loader", lambda: trace_imports(settings["modules"], settings["scratch"]))]


ROLES: Dict[str, Callable[[Dict[str, Any], List[bytes]], List[Stage]]] = {
    "system": list_system_stages,
    "generation": list_generation_stages,
    "model": list_model_stages,
    "batch": lambda settings, blobs: [Stage("batch", Batch(settings, blobs).run)],
    "trace": list_trace_stages,
    "serving": list_serving_stages,
}
