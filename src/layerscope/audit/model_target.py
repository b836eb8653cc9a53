"""The model that an audited image is to run, found in its merged tree and in how its process starts."""

from collections.abc import Iterator

from layerscope.audit.result import AuditResult
from layerscope.facts.config.identity import Identity
from layerscope.facts.python.distributions import Distribution
from layerscope.facts.python.named_models import NamedModel
from layerscope.facts.system.started_commands import StartedCommand
from layerscope.filesystem.tree import MergedTree
from layerscope.layers.entry import EntryType
from layerscope.probe.model_search import Process, Search, find_model
from layerscope.probe.payload.hub_places import Asker


def choose_model(result: AuditResult, wanted: str | None = None) -> Search:
    """The model, or why there is none; `wanted` is what the user names, as a path in the image or a name of the hub."""
    runtime = result.image.config.runtime
    pairs = (entry.partition("=") for entry in runtime.env)
    environment = {name: value for name, _, value in pairs}
    identities = result.facts.of(Identity)
    home = next((each.home for each in identities if each.home), "/")  # as engines do it for a user without an entry
    process = Process(
        (*runtime.entrypoint, *runtime.cmd),
        environment,
        runtime.working_dir or "/",
        home,
        result.facts.of(StartedCommand),
        result.facts.of(NamedModel),
        volumes=runtime.volumes,
        asker=_find_asker(result),
    )
    return find_model(TreeFiles(result.tree), process, wanted)


def _find_asker(result: AuditResult) -> Asker:
    """The container's user, and versions of which the image has one alone."""
    user = next((each.uid for each in result.facts.of(Identity)), None)
    return Asker(user, _find_version(result, "transformers"), _find_version(result, "huggingface-hub"))


def _find_version(result: AuditResult, key: str) -> str:
    """The version of a distribution; empty where there is none, or where environments have different ones."""
    found = {each.version for each in result.facts.of(Distribution) if each.key == key}
    return found.pop() if len(found) == 1 else ""


class TreeFiles:
    """The files of a merged tree, links followed inside it."""

    def __init__(self, tree: MergedTree) -> None:
        """Look there."""
        self._tree = tree

    def list_names(self, folder: str) -> list[str]:
        """The names in a folder."""
        node = self._tree.resolve(folder.strip("/"))
        return [path.rpartition("/")[2] for path in self._tree.children(node.path)] if node is not None else []

    def find_size(self, path: str) -> int | None:
        """The bytes of a file."""
        node = self._tree.resolve(path.strip("/"))
        return node.size if node is not None and node.type is EntryType.FILE else None

    def find_mode(self, path: str) -> int | None:
        """The permissions of a folder."""
        node = self._tree.resolve(path.strip("/"))
        return node.mode & 0o7777 if node is not None else None

    def find_owner(self, path: str) -> int | None:
        """The id of the user whose a folder is."""
        node = self._tree.resolve(path.strip("/"))
        return node.uid if node is not None else None

    def read_reference(self, path: str) -> str:  # noqa: ARG002 -- as on a host
        """Nothing: of an image, names and sizes are known."""
        return ""

    def iter_folders(self, name: str) -> Iterator[str]:
        """Every folder that holds a file of that name."""
        ending = f"/{name}"
        for path, _ in self._tree.walk_ordinals():
            if path.endswith(ending):
                yield f"/{path.removesuffix(ending)}"
