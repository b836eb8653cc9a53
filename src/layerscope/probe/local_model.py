"""A model on this host, for a probe of this very environment: only what is named is looked for."""

import os
from collections.abc import Iterable
from pathlib import Path

from layerscope.errors import ProbeError
from layerscope.probe.model_search import ModelTarget, Process, find_model
from layerscope.probe.payload.hub_cache import SeenFiles
from layerscope.probe.payload.hub_places import Asker


def find_local_model(wanted: str) -> ModelTarget:
    """The folder, or the hub's cached model, of that name; raises ProbeError."""
    process = Process(
        environment=dict(os.environ),
        folder=str(Path.cwd()),
        home=str(Path.home()),
        asker=Asker(user=os.geteuid()),
    )
    search = find_model(HostFiles(), process, wanted)
    if search.target is None:
        raise ProbeError(f"probing here: expected a model at {wanted}: {search.reason}")
    return search.target


class HostFiles(SeenFiles):
    """The files of this host."""

    def iter_folders(self, name: str) -> Iterable[str]:  # noqa: ARG002 -- as in an image
        """None: a host is not searched."""
        return ()
