"""The services of a compose project: of several files, the later over the earlier, with `extends` and `include`.

https://github.com/compose-spec/compose-spec/blob/main/13-merge.md, `14-include.md` and `05-services.md#extends`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from layerscope.errors import SettingsError
from layerscope.gate.compose_variables import interpolate, read_env_file
from layerscope.gate.compose_yaml import RESET, ComposeDocument, Override, read_document

MAX_FILES: Final = 100
"""Files of a project, and services that extend each other; real ones have a few."""

_REMOTE: Final = ("://", "git@", "oci:")


@dataclass(frozen=True)
class ComposeService:
    """A service by the keys that were found, the variables that fill them, and the file and line of its image."""

    name: str
    keys: Mapping[str, object]
    variables: Mapping[str, str]
    path: Path
    line: int

    def merge(self, below: "ComposeService | None") -> "ComposeService":
        """The service with what the one below says beside it; a key that is reset is in neither."""
        if below is None:
            return self
        place = self if "image" in self.keys or "build" in self.keys else below
        return replace(self, keys={**below.keys, **self.keys}, path=place.path, line=place.line)

    def find(self, key: str) -> object:
        """A value; None where there is none, or it was reset."""
        value = self.keys.get(key)
        value = value.value if isinstance(value, Override) else value
        return None if value is RESET else value

    def find_text(self, key: str) -> str | None:
        """A text with its variables filled in; raises SettingsError for what is none."""
        value, where = self.find(key), f"{self.where}: {key}"
        if value is None:
            return None
        if not isinstance(value, str):
            raise SettingsError(f"{where} is {value!r}, expected text")
        return interpolate(value, self.variables, f"{where} {value!r}")

    @property
    def where(self) -> str:
        """The beginning of a complaint about it."""
        return f"reading the compose file {str(self.path)!r}: service {self.name}"


class ComposeProject:
    """The files of a project, read at once, whose services are worked out when they are asked for."""

    def __init__(self, paths: Sequence[Path], variables: Mapping[str, str], *, left: int = MAX_FILES) -> None:
        """Read the files, and those that they include; raises SettingsError."""
        if left < len(paths):
            raise SettingsError(f"reading the compose file {str(paths[0])!r}: more than {MAX_FILES} files are included")
        self.variables = variables
        self._left = left - len(paths)
        self._documents = [read_document(path) for path in paths]
        self._read: dict[Path, ComposeDocument] = {document.path: document for document in self._documents}
        self._included = list(self._iter_included())

    @property
    def name(self) -> str | None:
        """What the last file that says it calls the project."""
        said = [(each, each.keys["name"]) for each in self._documents if isinstance(each.keys.get("name"), str)]
        if not said:
            return None
        document, name = said[-1]
        return interpolate(str(name), self.variables, f"{document.trouble}: name {name!r}")

    def list_names(self) -> tuple[str, ...]:
        """The services, in the order in which the files name them first."""
        names: dict[str, None] = {}
        for document in self._documents:
            if document.replaces:
                names.clear()
            for name, service in document.services.items():
                if service is RESET:
                    names.pop(name, None)
                else:
                    names.setdefault(name)
        included = [name for project in self._included for name in project.list_names()]
        for name in included:
            if name in names or included.count(name) > 1:
                raise SettingsError(f"{self._documents[0].trouble}: service {name} is included and said again")
        return (*included, *names)

    def find(self, name: str) -> ComposeService | None:
        """A service of that name, with what it extends."""
        found: ComposeService | None = None
        for project in self._included:
            found = project.find(name) or found
        for document in self._documents:
            found = None if document.replaces else found
            service = document.services.get(name)
            if service is RESET:
                found = None
            elif service is not None:
                own = self._resolve(document, name, ())
                found = own if isinstance(service, Override) else own.merge(found)
        return found

    def _resolve(self, document: ComposeDocument, name: str, seen: tuple[tuple[Path, str], ...]) -> ComposeService:
        """A service as one file says it, over what it extends."""
        value = document.services[name]
        raw = value.value if isinstance(value, Override) else value
        assert isinstance(raw, dict), "read_document refuses other services"
        own = ComposeService(name, raw, self.variables, document.path, document.lines.get(name, 1))
        extends = own.find("extends")
        if extends is None:
            return own
        if (document.path, name) in seen:
            raise SettingsError(f"{own.where}: it extends itself")
        if len(seen) >= MAX_FILES:
            raise SettingsError(f"{own.where}: extends: more than {MAX_FILES} services one from another")
        base, other = self._find_base(own, extends, document)
        if base not in other.services or other.services[base] is RESET:
            raise SettingsError(f"{own.where}: extends: there is no service {base!r} in {str(other.path)!r}")
        below = self._resolve(other, base, (*seen, (document.path, name)))
        return own.merge(replace(below, name=name))

    def _find_base(
        self, own: ComposeService, extends: object, document: ComposeDocument
    ) -> tuple[str, ComposeDocument]:
        """The name of the service that is extended, and the file that has it."""
        table = {"service": extends} if isinstance(extends, str) else extends
        if not isinstance(table, dict) or not isinstance(table.get("service"), str):
            raise SettingsError(f"{own.where}: extends is {extends!r}, expected a service, or a table with one")
        fill = {key: table[key] for key in ("service", "file") if key in table}
        texts = {key: replace(own, keys=fill).find_text(key) or "" for key in fill}
        if not texts.get("file"):
            return texts["service"], document
        path = _place(texts["file"], document.path.parent, own.where)
        if path not in self._read:
            if len(self._read) >= MAX_FILES:
                raise SettingsError(f"{own.where}: extends: more than {MAX_FILES} files")
            self._read[path] = read_document(path)
        return texts["service"], self._read[path]

    def _iter_included(self) -> Iterator["ComposeProject"]:
        for document in self._documents:
            raw = document.keys.get("include")
            if raw is None or raw is RESET:
                continue
            if not isinstance(raw, list):
                raise SettingsError(f"{document.trouble}: include is {raw!r}, expected a list")
            for entry in raw:
                project = self._include(entry, document)
                self._left = project._left  # noqa: SLF001  # another of the same class
                yield project

    def _include(self, entry: object, document: ComposeDocument) -> "ComposeProject":
        where = f"{document.trouble}: include"
        table = {"path": entry} if isinstance(entry, str) else entry
        if not isinstance(table, dict):
            raise SettingsError(f"{where} {entry!r}: expected a path, or a table with one")
        texts = {key: _list_texts(table.get(key), self.variables, where) for key in ("path", "env_file")}
        folders = _list_texts(table.get("project_directory"), self.variables, where)
        if not texts["path"]:
            raise SettingsError(f"{where} {entry!r}: expected a path")
        here = document.path.parent
        paths = [_place(text, here, where) for text in texts["path"]]
        folder = _place(folders[0], here, where) if folders else paths[0].parent
        files = [_place(text, here, where) for text in texts["env_file"]] or [folder / ".env"]
        local: dict[str, str] = {}
        for file in files:
            local.update(read_env_file(file, {**local, **self.variables}))
        return ComposeProject(paths, {**local, **self.variables}, left=self._left)


def _list_texts(value: object, variables: Mapping[str, str], where: str) -> list[str]:
    values = [] if value is None else value if isinstance(value, list) else [value]
    if not all(isinstance(each, str) for each in values):
        raise SettingsError(f"{where}: {value!r}: expected paths")
    return [interpolate(str(each), variables, f"{where} {each!r}") for each in values]


def _place(text: str, folder: Path, where: str) -> Path:
    """The path of another file, meant from the folder of the one that names it."""
    if any(sign in text for sign in _REMOTE):
        raise SettingsError(f"{where}: {text!r} is not on this host, which is not followed")
    return folder / text
