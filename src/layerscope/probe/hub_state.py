"""HubState: what the hub's cache holds of the model that an image names, what is wrong with it, and what to do."""

import re
import shlex
from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from layerscope.probe.payload import hub_cache
from layerscope.probe.payload.hub_places import OLD_VARIABLE

ASIDE: Final = "hub-aside"
"""A model lies in a cache that is no usual one: there the client looks only where a program tells it to."""

_CURES: Final[Mapping[str, tuple[str, ...]]] = {
    hub_cache.HUB_NO_REF: (
        "{copy} the whole {place}, refs included",
        "or write it: {run}mkdir -p {place}/refs && printf {revision} > {place}/refs/main",
        "or name the folder in place of the repository: {place}/snapshots/{revision}",
    ),
    hub_cache.HUB_ASTRAY_REF: (
        "{copy} refs and snapshots of one download: refs/{ref} has to hold {revision}, and no end of line",
        "or name the folder in place of the repository: {place}/snapshots/{revision}",
    ),
    hub_cache.HUB_OTHER_REVISION: (
        "Name the revision that is cached: {revision}",
        "or cache the one that is named: {run}{download} --revision {wanted}",
    ),
    hub_cache.HUB_NO_BLOBS: (
        "{copy} the whole {place}, blobs included: what lies in snapshots are links to them",
        "or copy the files themselves: {download} --local-dir FOLDER, and name that folder",
    ),
    hub_cache.HUB_INCOMPLETE: (
        "Download it again to its end, every file of it: {run}{download}",
        "or {copy} the whole {place} from where it is complete",
    ),
    hub_cache.HUB_NO_SNAPSHOT: ("Download it again to its end, and {copy} the whole {place}: {run}{download}",),
    hub_cache.HUB_ELSEWHERE: (
        "Name the cache that was filled, where the container's user may read it: {env}{setting}",
        "and let that user read it: {run}chmod a+x {closed} && chmod -R a+rX {other}; or move it out of there",
        "or fill the cache as the user, and with the variables, with which the container runs",
    ),
    hub_cache.HUB_OTHER_NAME: (
        "Name what is cached: {near}",
        "or cache what is named: {run}{download}{then_offline}",
    ),
    hub_cache.HUB_NOT_CACHED: (
        "Put it {into}: {run}{download}{then_offline}",
        "or let it be fetched at every start: that takes a network, which {online} does not have",
        "or mount a cache that holds it at {cache}: a probe leaves the model out with --model none",
    ),
    hub_cache.HUB_UNREADABLE: (
        "Let the {reader} read it: {run}{opening}chmod -R a+rX {cache}",
        "or keep it in a folder that every user may enter",
    ),
    hub_cache.HUB_NO_WEIGHTS: ("If a program is to load its weights, download them: {run}{download}",),
}  # fmt: skip
"""What to do about each fault; a line is left out where one of `_NEEDED` that it speaks of is not known."""

_FIRST_HF: Final = 34
"""The minor version of huggingface_hub 0 whose command is `hf`."""

_NEEDED: Final = ("near", "closed", "online")

_BUILT: Final = {
    "run": "RUN ", "env": "ENV ", "copy": "COPY", "into": "into the image", "reader": "container's user",
}  # fmt: skip
_HERE: Final = {"run": "", "env": "export ", "copy": "copy", "into": "into the cache", "reader": "user"}
"""The words of a Dockerfile, and those of a shell for what is probed where it runs."""


class HubState(Struct, frozen=True):
    """One fault of a cache, or that it is whole: `kind`, a sentence with places, and what cures speak of."""

    kind: str
    detail: str
    values: Mapping[str, str] = {}

    @property
    def cures(self) -> tuple[str, ...]:
        """What to do to the image, with its own places and names."""
        return self.list_cures()

    @property
    def is_fault(self) -> bool:
        """Whether something is wrong with it: who needs a tokenizer alone has no weights."""
        return bool(self.cures) and self.kind != hub_cache.HUB_NO_WEIGHTS

    def list_cures(self, *, is_here: bool = False) -> tuple[str, ...]:
        """The same; in the words of a shell where it is of this environment, and of no image."""
        words = _HERE if is_here else _BUILT
        quoted = {name: shlex.quote(value) for name, value in self.values.items()}  # people paste commands
        filled = _Filled({**quoted, **words, **self._list_phrases(words)})
        unknown = tuple(f"{{{name}}}" for name in _NEEDED if name not in filled)
        lines = [each for each in _CURES.get(self.kind, ()) if not any(name in each for name in unknown)]
        told = [_begin(each.format_map(filled), is_first=not place) for place, each in enumerate(lines)]
        first = next((place for place, each in enumerate(lines) if "{download}" in each), None)
        if first is not None and not self.values.get("client"):
            told[first] += f" (huggingface-cli before huggingface_hub 0.{_FIRST_HF})"
        return tuple(told)

    def _list_phrases(self, words: Mapping[str, str]) -> dict[str, str]:
        """What cures say one way or another: a client that is told to ask nobody downloads nothing either."""
        is_offline = bool(self.values.get("offline"))
        program = _name_downloader(self.values.get("client", ""))
        found = {"download": f"{'HF_HUB_OFFLINE=0 ' if is_offline else ''}{program} download {self._quote('name')}"}
        found["opening"] = ""
        found["then_offline"] = "" if is_offline else f", and {words['env']}HF_HUB_OFFLINE=1"
        found["ref"] = self._quote("wanted") if self.values.get("wanted") else "main"
        if not is_offline:
            found["online"] = "a probe"
        if closed := self.values.get("closed"):
            found["closed"] = shlex.join(closed.split("\n"))
            found["opening"] = f"chmod a+x {found['closed']} && "
        return found

    def _quote(self, name: str) -> str:
        return shlex.quote(self.values[name]) if name in self.values else name.upper()


def _name_downloader(version: str) -> str:
    """The command of the hub's client: `hf` came with huggingface_hub 0.34, and the other one went with 1.0."""
    match = re.match(r"0\.(\d{1,3})(?!\d)", version)
    return "huggingface-cli" if match is not None and int(match[1]) < _FIRST_HF else "hf"


def _begin(line: str, *, is_first: bool) -> str:
    """A line as it begins where it stands: the first speaks of no other."""
    bare = line.removeprefix("or ") if is_first else line
    return bare[:1].upper() + bare[1:] if is_first else line


class _Filled(dict[str, str]):
    """Values by name; one that is not known stays for whoever reads it."""

    def __missing__(self, key: str) -> str:
        return key.upper()


def read_hub_state(told: object) -> HubState | None:
    """What `examine_cache` has told, here or in a container; None for what it cannot have told."""
    if not isinstance(told, dict) or str(told.get("kind")) not in {*_CURES, hub_cache.HUB_WHOLE}:
        return None
    return HubState(str(told["kind"]), str(told.get("detail", ""))[:800], _list_values(told))


def _list_values(told: Mapping[str, Any]) -> dict[str, str]:
    """What cures speak of, each a short text."""
    found = {name: str(value)[:300] for name, value in told.items() if isinstance(value, str) and value}
    other = found.get("other", "")
    is_home = other.endswith("/hub")
    found["setting"] = f"HF_HOME={other.removesuffix('/hub')}" if is_home else f"HF_HUB_CACHE={other}"
    if found.get("variable", "").startswith(f"{OLD_VARIABLE}="):  # it goes before the others
        found["setting"] = f"{OLD_VARIABLE}={other}"
    closed = told.get("closed")
    if isinstance(closed, list) and closed:
        found["closed"] = "\n".join(str(each).replace("\n", " ")[:300] for each in closed[:8])
    if told.get("offline") is True:
        found["offline"] = "1"
    return found
