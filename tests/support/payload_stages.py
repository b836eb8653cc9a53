"""Stages of the payload in the process of the test: no other Python is started, and no deadline but their own holds."""

import os
import threading
from collections.abc import Mapping
from typing import Any

from layerscope.probe.collect import ObservationBuilder
from layerscope.probe.observation import Observation
from layerscope.probe.payload.records import Recorder
from layerscope.probe.payload.serving import list_serving_stages
from layerscope.probe.payload.stages import run_stages
from layerscope.probe.protocol import TAG, Bye, RecordReader
from layerscope.probe.serving_spec import ServerAddress, ServingSpec
from layerscope.probe.spec import ProbeSpec

NONCE = "0123456789abcdef"


def ask_server(port: int, *, is_tls: bool = False, **told: Any) -> Observation:
    """What the stages see of a server that runs on this host."""
    address = ServerAddress("127.0.0.1", port, is_tls)
    serving = ServingSpec(address=address, **{"is_certain": True, "dialect": "openai", **told})
    spec = ProbeSpec("", roles=("serving",), serving=serving)
    settings: Mapping[str, Any] = spec.build_settings(NONCE)
    reader, builder = RecordReader(NONCE), ObservationBuilder(spec.stages)
    for line in _record(settings).splitlines(keepends=True):
        for record in reader.feed(f"{TAG}{NONCE} ".encode() + line):
            builder.add(record)
    builder.add(Bye(0.0))
    return builder.finish()


def _record(settings: Mapping[str, Any]) -> bytes:
    """The records of the stages, one a line."""
    source, target = os.pipe()
    kept = bytearray()

    def drain() -> None:
        while content := os.read(source, 1 << 16):
            kept.extend(content)

    thread = threading.Thread(target=drain)
    thread.start()
    run_stages(list_serving_stages(dict(settings), []), Recorder(target))
    os.close(target)
    thread.join()
    os.close(source)
    return bytes(kept)
