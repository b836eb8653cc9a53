"""A compose file as it is written: its services with their lines, and what `!reset` and `!override` say."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from layerscope.errors import SettingsError

MAX_SIZE: Final = 1 << 20
"""Bytes of a compose file; real ones have some thousands."""

RESET: Final = object()
"""What stands in place of a value that is taken out (`!reset`)."""


@dataclass(frozen=True)
class Override:
    """A value that replaces the one below it whole (`!override`)."""

    value: object


@dataclass(frozen=True)
class ComposeDocument:
    """One file: its top-level keys but for services; services by name, of which one may be RESET; and their lines."""

    path: Path
    keys: Mapping[str, object]
    services: Mapping[str, object]
    lines: Mapping[str, int]
    replaces: bool = False
    """Whether its services replace all of those below."""

    @property
    def trouble(self) -> str:
        """The beginning of a complaint about it."""
        return f"reading the compose file {str(self.path)!r}"


def read_document(path: Path) -> ComposeDocument:
    """The file at a path; raises SettingsError for what is none."""
    trouble = f"reading the compose file {str(path)!r}"
    try:
        import yaml
    except ImportError as error:
        raise SettingsError(f"{trouble}: it is YAML, which takes layerscope[compose]: pip install PyYAML") from error
    content = _read(path, trouble)
    try:
        loader = _make_loader(yaml)(content)
        node = loader.get_single_node()
        document = None if node is None else loader.construct_document(node)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise SettingsError(f"{trouble}: expected YAML: {' '.join(str(error).split())}") from error
    if not isinstance(document, dict):
        raise SettingsError(f"{trouble}: expected a table with services")
    services = document.pop("services", None)
    replaces = services is RESET or isinstance(services, Override)
    services = services.value if isinstance(services, Override) else services
    services = {} if services is None or services is RESET else services
    if not isinstance(services, dict) or not all(map(_is_service, services.values())):
        raise SettingsError(f"{trouble}: expected services, each a table")
    named = {str(name): service for name, service in services.items()}
    return ComposeDocument(path, document, named, dict(_iter_lines(node)), replaces)


def _is_service(value: object) -> bool:
    return value is RESET or isinstance(value.value if isinstance(value, Override) else value, dict)


def _read(path: Path, trouble: str) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_SIZE + 1)
    except OSError as error:
        raise SettingsError(f"{trouble}: {error.strerror}") from error
    if len(content) > MAX_SIZE:
        raise SettingsError(f"{trouble}: more than {MAX_SIZE:,} bytes")
    return content


def _make_loader(yaml: Any) -> Any:
    """A safe loader that knows the two tags of compose."""

    class Loader(yaml.SafeLoader):  # type: ignore[misc]  # PyYAML has no types here
        """The safe loader, with two more tags."""

    def construct(loader: Any, node: Any) -> object:
        kinds = {"mapping": loader.construct_mapping, "sequence": loader.construct_sequence}
        if node.id in kinds:
            return kinds[node.id](node, deep=True)
        plain = yaml.ScalarNode(loader.resolve(yaml.ScalarNode, node.value, (True, False)), node.value)
        return loader.construct_object(plain)

    Loader.add_constructor("!reset", lambda _loader, _node: RESET)
    Loader.add_constructor("!override", lambda loader, node: Override(construct(loader, node)))
    return Loader


def _iter_lines(node: Any) -> Iterator[tuple[str, int]]:
    """The services of a document that is a table, each with the line of its name."""
    for key, value in node.value:
        if key.value == "services" and value.id == "mapping":
            yield from ((str(name.value), name.start_mark.line + 1) for name, _ in value.value)
