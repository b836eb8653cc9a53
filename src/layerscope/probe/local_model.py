"""A model on this host, for a probe of this very environment: only what is named is looked for."""

import os
from collections.abc import Iterable
from pathlib import Path

from layerscope.errors import ProbeError
from layerscope.probe.model_search import ModelTarget, Process, find_model


def find_local_model(wanted: str) -> ModelTarget:
    """The folder, or the hub's cached model, of that name; raises ProbeError."""
    process = Process(environment=dict(os.environ), folder=str(Path.cwd()), home=str(Path.home()))
    search = find_model(HostFiles(), process, wanted)
    if search.target is None:
        raise ProbeError(f"probing here: expected a model at {wanted}: {search.reason}")
    return search.target


class HostFiles:
    """The files of this host."""

    def list_names(self, folder: str) -> list[str]:
        """The names in a folder."""
        try:
            return sorted(each.name for each in Path(folder).iterdir())
        except OSError:
            return []

    def find_size(self, path: str) -> int | None:
        """The bytes of a file."""
        try:
            return Path(path).stat().st_size
        except OSError:
            return None

    def iter_folders(self, name: str) -> Iterable[str]:  # noqa: ARG002 -- as in an image
        """None: a host is not searched."""
        return ()
