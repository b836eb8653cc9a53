"""Reads `image.toml`: an image written down as text, layers from the lowest to the highest."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from support.built_image import BuiltImage, BuiltLayer, Variant, build_layer, render_json
from support.compression import Packing
from support.damage import Damage, Place
from support.recipe_entries import EntryTable, RecipeError, iter_members
from support.tar_writer import DIALECTS, write_tar

EPOCH: Final = datetime(2026, 1, 1, tzinfo=UTC)
SECOND: Final = 1_000_000_000
DIALECT_NAMES: Final = {dialect.name: dialect for dialect in DIALECTS}


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of the recipe; a key it does not know is an error."""


class HealthcheckTable(_Table, frozen=True):
    """The health check, its times in seconds."""

    test: list[str]
    interval: float = 30
    timeout: float = 30
    retries: int = 3


class ConfigTable(_Table, frozen=True):
    """How the image is to be run."""

    env: list[str] = []
    entrypoint: list[str] | None = None
    cmd: list[str] | None = None
    user: str = ""
    workdir: str = ""
    labels: dict[str, str] = {}
    expose: list[str] = []
    volumes: list[str] = []
    stop_signal: str = ""
    shell: list[str] | None = None
    onbuild: list[str] = []
    healthcheck: HealthcheckTable | None = None


class DamageTable(_Table, frozen=True):
    """Damage to a layer, as `damage.Damage` describes it."""

    on: Place = Place.BLOB
    flip: int | None = None
    drop: int = 0
    append: str = ""
    sealed: bool = False


class StepTable(_Table, frozen=True):
    """One build step: an entry in the history, and a layer where it has entries or says `layer = true`."""

    created_by: str = ""
    created: datetime | None = None
    comment: str = ""
    author: str = ""
    in_history: bool = True
    entries: list[EntryTable] = []
    layer: bool = False
    only: list[str] = []
    """Architectures that have the step; all where empty."""
    dialect: str = "pax"
    global_records: dict[str, str] = {}
    trailer: bool = True
    padded: bool = False
    second_archive: list[EntryTable] = []
    """Entries of an archive that follows the trailer of the first."""
    packing: Packing | None = None
    media_type: str | None = None
    diff_id: str | None = None
    claimed_size: int | None = None
    urls: list[str] = []
    absent: bool = False
    damage: list[DamageTable] = []

    @property
    def has_layer(self) -> bool:
        """Whether the step made a layer."""
        return self.layer or bool(self.entries)


class RecipeTable(_Table, frozen=True):
    """The whole file."""

    purpose: str
    tag: str
    steps: list[StepTable]
    config: ConfigTable = ConfigTable()
    architectures: tuple[str, ...] = ("amd64",)
    author: str = ""
    created: datetime = EPOCH
    history: bool = True
    attested: bool = False
    docker_types: bool = False
    annotations: dict[str, str] = {}


@dataclass(frozen=True)
class ImageRecipe:
    """A recipe and the image that it describes."""

    name: str
    table: RecipeTable

    @property
    def purpose(self) -> str:
        """What the image is there to show."""
        return self.table.purpose

    def build(self) -> BuiltImage:
        """The image, the same bytes each time."""
        table = self.table
        variants = tuple(_build_variant(table, architecture) for architecture in table.architectures)
        return BuiltImage(table.tag, variants, table.attested, table.docker_types, table.annotations)


def load_recipe(path: Path) -> ImageRecipe:
    """Read a recipe from its file, or from the `image.toml` of its folder."""
    file = path / "image.toml" if path.is_dir() else path
    try:
        table = msgspec.toml.decode(file.read_bytes(), type=RecipeTable)
    except (msgspec.MsgspecError, ValueError) as error:
        raise RecipeError(f"reading recipe {file}: {error}") from error
    return ImageRecipe(file.parent.name, table)


def _build_variant(table: RecipeTable, architecture: str) -> Variant:
    steps = [step for step in table.steps if not step.only or architecture in step.only]
    layers = tuple(_build_step(step, table.created) for step in steps if step.has_layer)
    config: dict[str, object] = {
        "architecture": architecture,
        "os": "linux",
        "created": _spell(table.created),
        "config": _render_config(table.config),
        "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]},
    }
    if table.author:
        config["author"] = table.author
    if table.history:
        config["history"] = [_render_history(step, table.created) for step in steps if step.in_history]
    return Variant(layers, render_json(config), architecture=architecture)


def _build_step(step: StepTable, created: datetime) -> BuiltLayer:
    if step.dialect not in DIALECT_NAMES:
        raise RecipeError(f"dialect {step.dialect!r} is none of {', '.join(DIALECT_NAMES)}")
    built = build_layer(_write_archives(step, step.created or created), damage=_damage(step), diff_id=step.diff_id)
    return BuiltLayer(
        built.tar,
        built.diff_id,
        packing=step.packing,
        media_type=step.media_type,
        claimed_size=step.claimed_size,
        urls=tuple(step.urls),
        absent=step.absent,
        damage=built.damage,
    )


def _write_archives(step: StepTable, written: datetime) -> bytes:
    dialect = DIALECT_NAMES[step.dialect]
    members = [member for entry in step.entries for member in iter_members(entry, written=written)]
    records = {key: value.encode() for key, value in step.global_records.items()}
    tar = write_tar(members, dialect=dialect, global_records=records, trailer=step.trailer, padded=step.padded)
    if not step.second_archive:
        return tar
    second = [member for entry in step.second_archive for member in iter_members(entry, written=written)]
    return tar + write_tar(second, dialect=dialect)


def _damage(step: StepTable) -> tuple[Damage, ...]:
    return tuple(Damage(table.on, table.flip, table.drop, table.append.encode(), table.sealed) for table in step.damage)


def _render_config(config: ConfigTable) -> dict[str, object]:
    """The runtime configuration in Docker's spelling, without what is not set."""
    spelled: dict[str, object] = {
        "User": config.user,
        "ExposedPorts": {port: {} for port in config.expose},
        "Env": config.env,
        "Entrypoint": config.entrypoint,
        "Cmd": config.cmd,
        "Volumes": {path: {} for path in config.volumes},
        "WorkingDir": config.workdir,
        "Labels": config.labels,
        "StopSignal": config.stop_signal,
        "Shell": config.shell,
        "OnBuild": config.onbuild,
        "Healthcheck": _render_healthcheck(config.healthcheck) if config.healthcheck else None,
    }
    return {key: value for key, value in spelled.items() if value}


def _render_healthcheck(check: HealthcheckTable) -> dict[str, object]:
    return {
        "Test": check.test,
        "Interval": int(check.interval * SECOND),
        "Timeout": int(check.timeout * SECOND),
        "Retries": check.retries,
    }


def _render_history(step: StepTable, created: datetime) -> dict[str, object]:
    entry: dict[str, object] = {"created": _spell(step.created or created), "created_by": step.created_by}
    entry |= {"author": step.author} if step.author else {}
    entry |= {"comment": step.comment} if step.comment else {}
    return entry if step.has_layer else entry | {"empty_layer": True}


def _spell(moment: datetime) -> str:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat().replace("+00:00", "Z")
