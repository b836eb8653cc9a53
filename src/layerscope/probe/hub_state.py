"""HubState: what the hub's cache holds of the model that an image names, what is wrong with it, and what to do."""

import shlex
from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from layerscope.probe.payload import hub_cache

OFFLINE: Final = "ENV HF_HUB_OFFLINE=1"

ASIDE: Final = "hub-aside"
"""A model lies in a cache that is no usual one: there the client looks only where a program tells it to."""

_CURES: Final[Mapping[str, tuple[str, ...]]] = {
    hub_cache.HUB_NO_REF: (
        "COPY the whole {place}, refs included",
        "or write it: RUN mkdir -p {place}/refs && printf {revision} > {place}/refs/main",
        "or name the folder in place of the repository: {place}/snapshots/{revision}",
    ),
    hub_cache.HUB_ASTRAY_REF: (
        "COPY refs and snapshots of one download: refs/main has to hold {revision}",
        "or name the folder in place of the repository: {place}/snapshots/{revision}",
    ),
    hub_cache.HUB_NO_BLOBS: (
        "COPY the whole {place}, blobs included: what lies in snapshots are links to them",
        "or copy the files themselves: hf download {name} --local-dir FOLDER, and name that folder",
    ),
    hub_cache.HUB_NO_SNAPSHOT: ("Download it again to its end, and COPY the whole {place}: RUN hf download {name}",),
    hub_cache.HUB_ELSEWHERE: (
        "Name the cache that was filled, where the container's user may read it: ENV {setting}",
        "or fill the cache as the user, and with the variables, with which the container runs",
    ),
    hub_cache.HUB_OTHER_NAME: (
        "Name what is cached: {near}",
        f"or cache what is named: RUN hf download {{name}}, and {OFFLINE}",
    ),
    hub_cache.HUB_NOT_CACHED: (
        f"Put it into the image: RUN hf download {{name}}, and {OFFLINE}",
        "or let it be fetched at every start: that takes a network, which a probe does not have",
    ),
    hub_cache.HUB_UNREADABLE: (
        "Let the container's user read it: keep it outside of /root, and RUN chmod -R a+rX {cache}",
    ),
}  # fmt: skip
"""What to do about each fault."""


class HubState(Struct, frozen=True):
    """One fault of a cache, or that it is whole: `kind`, a sentence with places, and what cures speak of."""

    kind: str
    detail: str
    values: Mapping[str, str] = {}

    @property
    def is_whole(self) -> bool:
        """Whether nothing is wrong with it."""
        return self.kind == hub_cache.HUB_WHOLE

    @property
    def cures(self) -> tuple[str, ...]:
        """What to do, with the image's own places and names."""
        filled = _Filled({name: shlex.quote(value) for name, value in self.values.items()})  # people paste commands
        return tuple(each.format_map(filled) for each in _CURES.get(self.kind, ()))


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
    others = told.get("others")
    if "near" not in found and isinstance(others, list) and others:
        found["near"] = str(others[0])[:200]
    return found
