"""A probe of an image in a live engine, as a person starts it."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from layerscope.probe.container_run import LABEL
from layerscope.probe.owner import is_alive
from support.live_engines import LiveEngine


def probe(engine: LiveEngine, tag: str, cache: Path, *options: str) -> tuple[int, Mapping[str, Any], str]:
    """Exit code, the probe of the report, and talk."""
    command = [sys.executable, "-m", "layerscope", "probe", f"{engine.kind.scheme}:{tag}", "-o", "json", *options]
    done = subprocess.run(
        [*command, "--cache-dir", str(cache)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **engine.environment},
    )
    return done.returncode, json.loads(done.stdout)["probe"] if done.stdout else {}, done.stderr


class Probed(NamedTuple):
    """Exit code, the whole report, and talk."""

    code: int
    document: Mapping[str, Any]
    talk: str


def probe_tidily(engine: LiveEngine, tag: str, cache: Path, scratch: Path, *options: str) -> Probed:
    """The same, and that no container, process or temporary file is left; `scratch` is an empty folder."""
    command = [sys.executable, "-m", "layerscope", "probe", f"{engine.kind.scheme}:{tag}", "-o", "json", *options]
    environment = {**os.environ, **engine.environment, "TMPDIR": str(scratch)}
    with subprocess.Popen(
        [*command, "--cache-dir", str(cache)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, start_new_session=True,
    ) as process:  # fmt: skip
        output, talk = process.communicate()
    assert list_session(process.pid) == []
    assert engine.client.containers.list(all=True, filters={"ancestor": tag}) == []
    assert list_left(engine) == []
    assert list(scratch.iterdir()) == []
    return Probed(process.returncode, json.loads(output) if output else {}, talk)


def list_left(engine: LiveEngine) -> list[str]:
    """Containers of probes that have ended; another worker of the test run may have one that runs."""
    found = engine.client.api.containers(all=True, filters={"label": LABEL})
    return [each["Id"] for each in found if not is_alive(each["Labels"][LABEL])]


def list_session(leader: int) -> list[str]:
    """Processes that are left of a session."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            name, _, rest = path.read_text().rpartition(")")
            if rest.split()[3] == str(leader):
                found.append(name)
    return found
