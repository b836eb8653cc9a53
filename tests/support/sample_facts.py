"""Facts as collectors give them, of an image in which all is well; tests change what they are about."""

from datetime import UTC, datetime

from msgspec.structs import replace

from layerscope.facts.config.identity import Identity
from layerscope.facts.config.process import Process, WorkingDirectory
from layerscope.facts.fact import Evidence
from layerscope.facts.layers.anomalies import LayerAnomaly
from layerscope.facts.layers.build_times import BuildTimes, TimedStep
from layerscope.facts.layers.endings import EndedFiles
from layerscope.facts.layers.folders import Folder
from layerscope.facts.layers.origins import Maker, Origin
from layerscope.facts.layers.proof import LayerDamage, LayerProof
from layerscope.facts.layers.tables import LayerTable
from layerscope.facts.layers.weight import ImageWeight
from layerscope.facts.system.programs import Program, ProgramState
from layerscope.formats.shebang import parse_shebang
from layerscope.image.digest import Digest

MB = 1_000_000

BLOB = Digest.of(b"blob")
CONTENT = Digest.of(b"content")
OTHER = Digest.of(b"other")

TABLE = LayerTable(
    evidence=Evidence(layer=3),
    layer=3,
    instruction="COPY model /model",
    form="eStargz",
    entries=7,
    is_named=True,
    problem=None,
    count=0,
    places=(),
)

PROOF = LayerProof(
    evidence=Evidence(layer=3, detail="blobs/sha256/3"),
    layer=3,
    name="blobs/sha256/3",
    instruction="COPY model /model",
    claimed_diff_id=CONTENT,
    found_diff_id=CONTENT,
    claimed_digest=BLOB,
    found_digest=BLOB,
    claimed_size=1000,
    found_size=1000,
    media_type="application/vnd.oci.image.layer.v1.tar+gzip",
    claimed_compression="gzip",
    found_compression="gzip",
)

DAMAGED = replace(
    PROOF,
    found_diff_id=None,
    found_digest=None,
    damage=LayerDamage("truncated", "the archive ends inside an entry", 4096, 2),
)

PROCESS = Process(
    evidence=Evidence(layer=0, path="usr/bin/serve"),
    entrypoint=("serve",),
    cmd=(),
    origin="entrypoint",
    program=Program("serve", ProgramState.FOUND, "usr/bin/serve", 0, 0o755),
    inner=None,
    working_directory=WorkingDirectory("/app", exists=True, is_directory=True, layer=0, mode=0o755),
    user="app",
    stop_signal=None,
    exposed_ports=("9000/tcp",),
    has_health_check=True,
    is_health_check_disabled=False,
    health_program=None,
    clients=("curl",),
)

IDENTITY = Identity(
    evidence=Evidence(layer=0, path="etc/passwd"),
    specification="app",
    uid=1000,
    user_name="app",
    group_specification="",
    gid=1000,
    home="/home/app",
    has_passwd=True,
    has_group_file=True,
)


def anomaly(
    kind: str,
    *paths: str,
    meaning: str = "it is so",
    is_refused: bool = False,
    detail: str = "",
    count: int | None = None,
) -> LayerAnomaly:
    """Anomalies of one kind in layer 2: those of the paths, or so many of which the paths are named."""
    places = tuple(Evidence(layer=2, path=path or None, detail=detail) for path in paths) or (Evidence(layer=2),)
    number = len(places) if count is None else count
    return LayerAnomaly(places[0], 2, kind, meaning, is_refused, number, places, "ADD rootfs.tar /")


def ended(
    ending: str,
    size: int,
    *,
    by: str = "RUN rm -rf /opt/data",
    made_by: str = "RUN fetch /opt/data",
    maker: Maker = Maker.STEP,
) -> EndedFiles:
    """Two files of layer 1, ended by layer 4."""
    return EndedFiles(
        evidence=Evidence(layer=4, path="opt/data"),
        ending=ending,
        layer=4,
        instruction=by,
        files=2,
        size=size,
        origins=(Origin(1, 2, size, made_by, maker),),
        folders=(Folder(1, "opt/data", 2, size),),
    )


def weight(total: int) -> ImageWeight:
    """An image of that many bytes, all visible."""
    return ImageWeight(Evidence(), total, total, 0, 0, 0, 0, 1.0)


def script(line: str, *, path: str = "app/start.sh", interpreter: Program | None = None) -> Program:
    """An executable script in layer 1 whose first line is that."""
    return Program(f"/{path}", ProgramState.FOUND, path, 1, 0o755, shebang=parse_shebang(line), interpreter=interpreter)


def missing(word: str) -> Program:
    """A program that no layer has."""
    return Program(word, ProgramState.MISSING, word.strip("/"))


def found(word: str) -> Program:
    """A program that is there."""
    return Program(word, ProgramState.FOUND, word.strip("/"), 0, 0o755)


def step(layer: int, day: int, *, month: int = 3, instruction: str = "", starts_stage: bool = False) -> TimedStep:
    """A step of 2026."""
    return TimedStep(
        layer, datetime(2026, month, day, tzinfo=UTC), None, instruction or f"RUN step-{layer}", starts_stage
    )


def times(*steps: TimedStep, base_layers: int = 0) -> BuildTimes:
    """The times of these steps."""
    return BuildTimes(Evidence(), steps, base_layers)
