"""Volumes: those that the image declares, and those for models that it does not hold, each looked up in its files."""

from collections.abc import Iterator, Sequence
from posixpath import normpath
from typing import Any, Final, NamedTuple

from msgspec.structs import replace

from layerscope.audit.model_target import choose_model
from layerscope.audit.recipe.claims import measure_claim, tell_claim, tell_content
from layerscope.audit.recipe.ground import Ground, of_config, of_files, of_finding
from layerscope.audit.recipe.obstacles import (
    NO_FOLDER,
    find_obstacle,
    find_path_obstacle,
    find_pod_obstacle,
    tell_file_above,
)
from layerscope.facts.config.hub_place import find_hub_place, is_offline
from layerscope.facts.config.mount_points import (
    LONGEST_PATH,
    VOLUME_LIMIT,
    MountPoint,
    MountPurpose,
    find_file_above,
    from_root,
    is_usable,
    list_declared,
)
from layerscope.facts.fact import Evidence
from layerscope.facts.python.torch_hub import TorchHubUse
from layerscope.policies.servers import HUB, ServerRow
from layerscope.recipe.claim import Claim
from layerscope.recipe.names import name_once, to_name
from layerscope.recipe.setting import LeftOut, Setting, Source
from layerscope.rules.config.model_outside_image import ModelOutsideImage
from layerscope.rules.config.unwritable_volume import UnwritableVolume

RESERVED: Final = ("shm", "tmp", "payload")
"""Names of volumes that other settings have."""

SHORT: Final = 18
"""Characters of an application's name in that of its volumes."""

UNTOLD: Final = f"has letters that do not print, or more than {LONGEST_PATH}, or is of no folder below the root"
"""Why a path is not told."""

NAMES: Final = {MountPurpose.MODEL: "model", MountPurpose.HUB: "hub-cache"}


def derive_mounts(ground: Ground) -> Iterator[Setting | LeftOut]:
    """One volume for each place; one that lies in another is told there, and has none of its own.

    A declared one has: else an engine puts a volume without a name there, over the one around it.
    """
    names, paths = list(RESERVED), list[str]()
    places, declared = ground.facts.of(MountPoint), list_declared(ground.runtime.volumes)
    by_folder: dict[str, tuple[str, str]] = {}
    for place in sorted(places, key=lambda each: (each.path.count("/"), each.path, each.purpose)):
        obstacle = find_obstacle(place)
        around = _find_around(place.path, paths)
        if obstacle:
            yield _leave_out(place, obstacle)
            continue
        if around is not None and (around == place.path or place.path not in declared):
            yield from _tell_around(place, around)
            continue
        paths.append(place.path)
        folder = place.evidence.path or ""
        if place.exists and folder in by_folder:
            yield _mount_again(place, *by_folder[folder])
            continue
        name = name_once(_name_volume(ground, NAMES.get(place.purpose, "") or place.path), names)
        names.append(name)
        by_folder[folder] = (name, place.path)
        yield _mount_place(ground, place, name, declared)
        yield from tell_claim(ground, place, _find_source(place))
    yield from _tell_others(ground.runtime.volumes)
    if not any(each.purpose is not MountPurpose.VOLUME for each in places):
        yield from _derive_store(ground, names, paths)
    yield from _derive_torch_cache(ground, names, paths)


def _mount_place(ground: Ground, place: MountPoint, name: str, declared: Sequence[str]) -> Setting:
    """A volume of its own; below one that may not be written, an engine could not make the folder of another."""
    has_inner = any(each.startswith(f"{place.path}/") for each in declared)
    is_read_only = place.purpose is MountPurpose.MODEL and not has_inner
    reason = f"{_tell_purpose(place)}; in the image {tell_state(ground, place)}{_tell_cure(ground, place)}"
    claim = measure_claim(ground, name, place)
    return mount(name, place.path, reason, _find_source(place), read_only=is_read_only, claim=claim)


def _mount_again(place: MountPoint, name: str, path: str) -> Setting:
    """The same volume under another path, which leads to the same folder: two would lie one over the other."""
    reason = f"{_tell_purpose(place)}; in the image it is the same folder as {path}, and the same volume here"
    whole = mount(name, place.path, reason, _find_source(place))
    return replace(whole, pod={}, claims=())


def _leave_out(place: MountPoint, obstacle: str, *forms: str) -> LeftOut:
    """That a place has no volume, in these forms or in all."""
    told = f"for {place.what}" if place.what else place.told
    return LeftOut(f"a volume at {place.path}", f"{told}: {obstacle}", _find_source(place), forms)


def _tell_around(place: MountPoint, around: str) -> Iterator[LeftOut]:
    """That a place is mounted with the one around it, except where that one cannot be."""
    told = f"{'it is' if around == place.path else f'it lies in {around}, which is'} mounted already"
    obstacle = find_pod_obstacle(around)
    yield _leave_out(place, told, *(("docker", "compose") if obstacle else ()))
    if obstacle:
        yield _leave_out(place, f"it lies in {around}, which no pod mounts: {obstacle}", "kubernetes")


def _find_around(place: str, paths: Sequence[str]) -> str | None:
    """The nearest path among those that are mounted already at which a place is, or below which it lies."""
    return max((path for path in paths if f"{place}/".startswith(f"{path}/")), key=len, default=None)


def _name_volume(ground: Ground, text: str) -> str:
    """A name that no other application has: engines and clusters have one volume of each name."""
    return f"{ground.name[:SHORT]}-{to_name(text) or 'data'}"


def tell_state(ground: Ground, place: MountPoint) -> str:
    """How the folder stands in the image, and whether the user may write there."""
    if not place.exists:
        return "it is not there, so that an engine makes it, as root's"
    user = ground.identity.uid if ground.identity is not None else None
    told = f"it belongs to user {place.uid} with mode {place.mode:04o}"
    if place.is_writable is not None and user and place.purpose is not MountPurpose.MODEL:
        told += f", {'writable' if place.is_writable else 'not writable'} by user {user}"
    if place.is_empty:
        return told
    hidden = "docker and podman copy that into a new volume, and a claim or a folder of the host hides it"
    return f"{told}, and holds {tell_content(ground, place)}: {hidden}"


def _tell_others(volumes: Sequence[str]) -> Iterator[LeftOut]:
    """Declared volumes that are not looked at: their paths cannot be told, or they are too many."""
    unusable = sum(not is_usable(each) for each in volumes)
    if unusable:
        yield LeftOut("other volumes", f"of {unusable} that VOLUME declares, the path {UNTOLD}", of_config("Volumes"))
    more = len(list_declared(volumes)) - VOLUME_LIMIT
    if more > 0:
        yield LeftOut("more volumes", f"{more} more are declared; mount those that are used", of_config("Volumes"))


def _tell_cure(ground: Ground, place: MountPoint) -> str:
    """Where it is told how the user gets to own the volume, if it does not."""
    is_root = ground.identity is None or ground.identity.is_root
    is_read = place.purpose is MountPurpose.MODEL or place.is_offline
    is_closed = not is_root and not is_read and (place.is_writable is False or not place.exists)
    return f"; {UnwritableVolume.code} tells what makes it the user's in docker and compose" if is_closed else ""


def _tell_purpose(place: MountPoint) -> str:
    if place.purpose is MountPurpose.VOLUME:
        return f"{place.told}; without a name, each container gets a volume of its own"
    if place.purpose is MountPurpose.MODEL:
        return f"{place.what}, {place.told}, is not in the image: put it there"
    if place.is_offline:
        return f"{place.what}, {place.told}, is not in the image, whose client may ask nobody: put it there"
    return f"{place.what}, {place.told}, is not in the image: kept here, it is fetched once"


def _find_source(place: MountPoint) -> Source:
    if place.purpose is not MountPurpose.VOLUME:
        return of_finding(ModelOutsideImage.code)
    return of_finding(UnwritableVolume.code) if place.is_writable is False else of_config("Volumes")


def _derive_store(ground: Ground, names: list[str], paths: list[str]) -> Iterator[Setting | LeftOut]:
    """Where the server keeps what it is told to fetch, if the image holds no model and names none."""
    row, server = ground.server_row, ground.server
    if row is None or server is None or not row.store or is_offline(ground.environment):
        return
    search = choose_model(ground.result)
    if search.reason and not search.reason.isprintable():
        yield LeftOut("a volume for the model", f"its path, or that of its cache, {UNTOLD}")
    if search.target is not None or search.reason:
        return
    place = from_root(_find_store(ground, row))
    reason = f"{server.name} keeps there what it fetches, and the image holds no model"
    name = name_once(_name_volume(ground, NAMES[MountPurpose.HUB]), names)
    node = ground.result.tree.resolve(place.strip("/"))
    source = of_config("Env") if node is None else of_files(Evidence(node.layer, node.path))
    yield from _mount_cache(ground, _Cache(name, place, reason, source), paths)


def _derive_torch_cache(ground: Ground, names: list[str], paths: list[str]) -> Iterator[Setting | LeftOut]:
    """Where PyTorch's hub keeps what a started script fetches, if the image has nothing there."""
    use = ground.facts.find(TorchHubUse)
    if use is None:
        return
    environment, home = ground.environment, _find_home(ground)
    cache = environment.get("XDG_CACHE_HOME") or f"{home}/.cache"
    place = from_root(environment.get("TORCH_HOME") or f"{cache}/torch")
    reason = "the started script fetches weights by torch.hub, which keeps them there"
    name = name_once(_name_volume(ground, "torch-cache"), names)
    yield from _mount_cache(ground, _Cache(name, place, reason, of_files(use.evidence)), paths)


class _Cache(NamedTuple):
    """A folder that is filled from elsewhere, and why it is kept."""

    name: str
    path: str
    reason: str
    source: Source


def _mount_cache(ground: Ground, cache: _Cache, paths: list[str]) -> Iterator[Setting | LeftOut]:
    """A volume, unless the image has files there or another volume lies around it; where none can be, why."""
    tree, path = ground.result.tree, cache.path
    node = tree.resolve(path.strip("/"))
    obstacle = find_path_obstacle(path)
    if above := find_file_above(tree, path):
        obstacle = NO_FOLDER if node is not None else tell_file_above(above)
    if not is_usable(path) and not obstacle:
        yield LeftOut("a volume for a cache", f"{cache.reason}: its path {UNTOLD}", cache.source)
    elif obstacle:
        yield LeftOut(f"a volume at {path}", f"{cache.reason}: {obstacle}", cache.source)
    elif not (node is not None and tree.children(node.path)) and _find_around(path, paths) is None:
        state = "it is not there" if node is None else f"it belongs to user {node.uid} and is empty"
        yield mount(cache.name, path, f"{cache.reason}; in the image {state}", cache.source)
        if find_pod_obstacle(path):
            yield LeftOut(f"a claim at {path}", find_pod_obstacle(path), cache.source, forms=("kubernetes",))


def _find_home(ground: Ground) -> str:
    identity = ground.identity
    return ground.environment.get("HOME") or (identity.home if identity is not None else None) or "/"


def _find_store(ground: Ground, row: ServerRow) -> str:
    """The folder, by the variables that move it and by the user's home."""
    environment, home = ground.environment, _find_home(ground)
    if row.store == HUB:
        return find_hub_place(environment, home)
    given = next(filter(None, (environment.get(name, "") for name in row.store_variables)), row.store)
    return normpath(f"/{home}/{given[2:]}" if given.startswith("~/") else f"/{given}").replace("//", "/")


def mount(
    name: str, path: str, reason: str, source: Source, *, read_only: bool = False, claim: Claim | None = None
) -> Setting:
    """A volume by name; a pod takes a claim of that name, whose size is nobody's guess."""
    assert not find_path_obstacle(path), "nothing can be mounted there"
    fields = ["type=volume", f"source={name}", f"target={path}", *(["readonly"] if read_only else [])]
    row: dict[str, Any] = {"type": "volume", "source": name, "target": path}
    place: dict[str, Any] = {"name": name, "mountPath": path}
    if read_only:
        row["read_only"] = place["readOnly"] = True
    volume = {"name": name, "persistentVolumeClaim": {"claimName": name}}
    is_possible = not find_pod_obstacle(path)
    return Setting(
        f"a volume at {path}",
        reason,
        source,
        docker=(("--mount", ",".join(map(_quote_field, fields))),),
        compose={"volumes": [row]},
        pod={"volumes": [volume]} if is_possible else {},
        container={"volumeMounts": [place]} if is_possible else {},
        volumes=(name,),
        claims=(claim or Claim(name),) if is_possible else (),
    )


def _quote_field(field: str) -> str:
    """A field as a reader of comma-separated values takes it."""
    if not set(field) & set(',"\r\n'):
        return field
    return '"' + field.replace('"', '""') + '"'
