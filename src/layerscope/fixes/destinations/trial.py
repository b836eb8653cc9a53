"""An image on trial: loaded into the destination's engine under a name that nobody knows, and gone afterwards."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from layerscope.fixes.builds.workplace import hold_name
from layerscope.fixes.destinations.engine import EngineDestination
from layerscope.fixes.surgery.image_writer import NewImage
from layerscope.image.reference import Reference

INDEX = "index.json"


@contextmanager
def hold_on_trial(
    destination: EngineDestination, layout: Path, new: NewImage, complain: Callable[[str], None]
) -> Iterator[str]:
    """The name under which the engine has the layout's image for now; raises SourceError and OSError."""
    with hold_name(destination, complain) as name:
        hidden = replace(destination, reference=Reference.parse(name), replaces=True)
        with _called(layout / INDEX, hidden.annotations):
            hidden.publish(layout, new)
        yield name


@contextmanager
def _called(index: Path, annotations: Mapping[str, str]) -> Iterator[None]:
    """The layout's index with other annotations, by which some engines name what they load, for as long as this."""
    content = index.read_bytes()
    document = json.loads(content)
    for manifest in document["manifests"]:
        manifest["annotations"] = {**manifest.get("annotations", {}), **annotations}
    index.write_text(json.dumps(document, separators=(",", ":")), encoding="utf-8")
    try:
        yield
    finally:
        index.write_bytes(content)
