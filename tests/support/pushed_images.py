"""Images to push into a registry, sound or not, and what the registry has afterwards."""

import json
import os
import urllib.error
import urllib.request
from typing import Final

from support.built_image import BuiltImage, build_image
from support.live_engines import LiveEngine
from support.live_images import load
from support.live_registry import LiveRegistry
from support.tar_writer import file

PASSWD: Final = b"root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/:/bin/sh\n"
_DIRECT: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))
SECRET: Final = b"machine example.org login me password Zt7pWq4hYd2k\n"


def make_image(tag: str, *, leaks: bool = False) -> BuiltImage:
    """An image that keeps to every policy, unless it leaks a password."""
    layers = [[file("etc/passwd", PASSWD), file("app/tag", tag.encode())]]
    if leaks:
        layers.append([file("app/.netrc", SECRET, mode=0o600)])
    return build_image(layers, tag=tag, runtime={"User": "app"})


def load_pushed(engine: LiveEngine, registry: LiveRegistry, tag: str, *, leaks: bool = False) -> str:
    """Give an engine an image that is named after the registry; returns its name."""
    name = f"{registry.address}/team/llm:{tag}"
    load(engine, make_image(name, leaks=leaks))
    return name


def list_pushed(registry: LiveRegistry, repository: str = "team/llm") -> list[str]:
    """The tags that the registry has."""
    try:
        with _DIRECT.open(f"http://{registry.address}/v2/{repository}/tags/list") as answer:
            return sorted(json.load(answer)["tags"] or [])
    except urllib.error.HTTPError:
        return []


def lead_to(engine: LiveEngine) -> dict[str, str]:
    """This process's variables, with those that lead to the engine and its own program."""
    return {**os.environ, **engine.environment, "PATH": f"/usr/bin:{os.environ['PATH']}"}
