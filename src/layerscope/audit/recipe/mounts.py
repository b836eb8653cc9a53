"""Volumes: those that the image declares, and those for models that it does not hold, each looked up in its files."""

from collections.abc import Iterator
from posixpath import normpath
from typing import Any, Final

from layerscope.audit.model_target import choose_model
from layerscope.audit.recipe.ground import Ground, of_config, of_files, of_finding
from layerscope.facts.config.hub_place import find_hub_place, is_offline
from layerscope.facts.config.mount_points import MountPoint, MountPurpose
from layerscope.facts.fact import Evidence
from layerscope.facts.python.torch_hub import TorchHubUse
from layerscope.policies.servers import HUB, ServerRow
from layerscope.recipe.memory_volume import SHM
from layerscope.recipe.names import name_once, to_name
from layerscope.recipe.setting import LeftOut, Setting, Source
from layerscope.rules.config.model_outside_image import ModelOutsideImage
from layerscope.rules.config.unwritable_volume import UnwritableVolume

RESERVED: Final = ("shm", "tmp", "payload")
"""Names of volumes that other settings have."""

SHORT: Final = 18
"""Characters of an application's name in that of its volumes."""

NAMES: Final = {MountPurpose.MODEL: "model", MountPurpose.HUB: "hub-cache"}


def derive_mounts(ground: Ground) -> Iterator[Setting | LeftOut]:
    """One volume for each place; one that lies in another is told there, and has none of its own."""
    names, paths = list(RESERVED), list[str]()
    places = ground.facts.of(MountPoint)
    for place in sorted(places, key=lambda each: (each.path.count("/"), each.path, each.purpose)):
        around = next((path for path in paths if f"{place.path}/".startswith(f"{path.rstrip('/')}/")), None)
        if around is not None:
            told = "it is" if around == place.path else f"it lies in {around}, which is"
            yield LeftOut(f"a volume at {place.path}", f"for {place.what}: {told} mounted already", _find_source(place))
            continue
        name = name_once(_name_volume(ground, NAMES.get(place.purpose, "") or place.path), names)
        names.append(name)
        paths.append(place.path)
        is_read_only = place.purpose is MountPurpose.MODEL
        reason = f"{_tell_purpose(place)}; in the image {tell_state(ground, place)}{_tell_cure(ground, place)}"
        yield mount(name, place.path, reason, _find_source(place), read_only=is_read_only)
    if not any(each.purpose is not MountPurpose.VOLUME for each in places):
        yield from _derive_store(ground, names, paths)
    yield from _derive_torch_cache(ground, names, paths)


def _name_volume(ground: Ground, text: str) -> str:
    """A name that no other application has: engines and clusters have one volume of each name."""
    return f"{ground.name[:SHORT]}-{to_name(text) or 'data'}"


def tell_state(ground: Ground, place: MountPoint) -> str:
    """How the folder stands in the image, and whether the user may write there."""
    if not place.exists:
        return "it is not there, so that an engine makes it, as root's"
    if not place.is_folder:
        return "it is there and no folder, so that nothing can be mounted there"
    user = ground.identity.uid if ground.identity is not None else None
    told = f"it belongs to user {place.uid} with mode {place.mode:04o}"
    if place.is_writable is not None and user and place.purpose is not MountPurpose.MODEL:
        told += f", {'writable' if place.is_writable else 'not writable'} by user {user}"
    return told if place.is_empty else f"{told}, and holds files, which a folder of the host would hide"


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


def _derive_store(ground: Ground, names: list[str], paths: list[str]) -> Iterator[Setting]:
    """Where the server keeps what it is told to fetch, if the image holds no model and names none."""
    row, server = ground.server_row, ground.server
    if row is None or server is None or not row.store or is_offline(ground.environment):
        return
    search = choose_model(ground.result)
    if search.target is not None or search.reason:
        return
    place = _find_store(ground, row)
    if _is_taken(ground, place, paths):
        return
    node = ground.result.tree.resolve(place.strip("/"))
    state = _tell(ground, place)
    reason = f"{server.name} keeps there what it fetches, and the image holds no model; in the image {state}"
    source = of_config("Env") if node is None else of_files(Evidence(node.layer, node.path))
    yield mount(name_once(_name_volume(ground, NAMES[MountPurpose.HUB]), names), place, reason, source)


def _derive_torch_cache(ground: Ground, names: list[str], paths: list[str]) -> Iterator[Setting]:
    """Where PyTorch's hub keeps what a started script fetches, if the image has nothing there."""
    use = ground.facts.find(TorchHubUse)
    if use is None:
        return
    environment, home = ground.environment, _find_home(ground)
    cache = environment.get("XDG_CACHE_HOME") or f"{home}/.cache"
    place = normpath(f"/{environment.get('TORCH_HOME') or f'{cache}/torch'}").replace("//", "/")
    if _is_taken(ground, place, paths):
        return
    state = _tell(ground, place)
    reason = f"the started script fetches weights by torch.hub, which keeps them there; in the image {state}"
    yield mount(name_once(_name_volume(ground, "torch-cache"), names), place, reason, of_files(use.evidence))


def _is_taken(ground: Ground, place: str, paths: list[str]) -> bool:
    """Whether the image has files there, or another volume does; nothing can be mounted at the root."""
    node = ground.result.tree.resolve(place.strip("/"))
    is_filled = node is not None and bool(ground.result.tree.children(node.path))
    is_possible = place != "/" and place.isprintable()
    return is_filled or not is_possible or any(f"{place}/".startswith(f"{path.rstrip('/')}/") for path in paths)


def _tell(ground: Ground, place: str) -> str:
    node = ground.result.tree.resolve(place.strip("/"))
    return "it is not there" if node is None else f"it belongs to user {node.uid} and is empty"


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


def mount(name: str, path: str, reason: str, source: Source, *, read_only: bool = False) -> Setting:
    """A volume by name; a pod takes a claim of that name, which has to be made first: its size is nobody's guess."""
    assert path != SHM, "it has a setting of its own"
    fields = ["type=volume", f"source={name}", f"target={path}", *(["readonly"] if read_only else [])]
    row: dict[str, Any] = {"type": "volume", "source": name, "target": path}
    place: dict[str, Any] = {"name": name, "mountPath": path}
    if read_only:
        row["read_only"] = place["readOnly"] = True
    volume = {"name": name, "persistentVolumeClaim": {"claimName": name}}
    is_possible = ":" not in path  # Kubernetes takes no other path
    return Setting(
        f"a volume at {path}",
        reason,
        source,
        docker=(("--mount", ",".join(map(_quote_field, fields))),),
        compose={"volumes": [row]},
        pod={"volumes": [volume]} if is_possible else {},
        container={"volumeMounts": [place]} if is_possible else {},
        volumes=(name,),
    )


def _quote_field(field: str) -> str:
    """A field as a reader of comma-separated values takes it."""
    if not set(field) & set(',"\r\n'):
        return field
    return '"' + field.replace('"', '""') + '"'
