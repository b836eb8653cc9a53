"""Images that a real BuildKit builds and pushes, by the docker and buildx of the engine's own Debian release."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from support.live_engines import LiveEngine

SUITE: Final = "trixie"
PLUGIN: Final = "usr/libexec/docker/cli-plugins/docker-buildx"
DOCKERFILE: Final = """\
FROM scratch
COPY busybox /bin/busybox
COPY --chmod=4755 script /bin/script
COPY words /opt/words
COPY nothing/ /
USER 1000
ENTRYPOINT ["/bin/busybox", "cat", "/opt/words"]
"""


def find_tools() -> Path | None:
    """Where `engine.sh install` has unpacked that release's programs; None where it has not."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = Path(os.environ.get("LAYERSCOPE_TOOLS") or cache / "layerscope-tools") / SUITE
    return folder if (folder / PLUGIN).exists() else None


def build_and_push(
    engine: LiveEngine, tools: Path, context: Path, target: str, *, output: str = "", options: Sequence[str] = ()
) -> None:
    """Build an image of four layers, the last empty, there and push it; `output` is more of how it is exported."""
    busybox = shutil.which("busybox")
    assert busybox is not None, "no busybox: install busybox-static"
    (context / "config/cli-plugins").mkdir(parents=True, exist_ok=True)
    (context / "config/cli-plugins/docker-buildx").unlink(missing_ok=True)
    (context / "config/cli-plugins/docker-buildx").symlink_to(tools / PLUGIN)
    files = context / "files"
    (files / "nothing").mkdir(parents=True, exist_ok=True)
    shutil.copy(busybox, files / "busybox")
    (files / "script").write_text("#!/bin/busybox sh\n")
    (files / "words").write_text("Monday, Tuesday\n" * 1000)
    (files / "Dockerfile").write_text(DOCKERFILE)
    export = f"type=image,name={target},push=true,registry.insecure=true,oci-mediatypes=true{output}"
    command = [str(tools / "usr/bin/docker"), "buildx", "build", "--output", export, *options, str(files)]
    environment = {**os.environ, "DOCKER_HOST": engine.host, "DOCKER_CONFIG": str(context / "config")}
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=300)
