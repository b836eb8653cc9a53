"""CUDA as a person reads it: frameworks, copies of CUDA, device code, and what the image declares."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from rich.table import Table
from rich.text import Text

from layerscope.facts.cuda.compilers import BuildTools
from layerscope.facts.cuda.declared import CudaDeclaration
from layerscope.facts.cuda.device_code import LibraryCode
from layerscope.facts.cuda.driver_files import DriverFile
from layerscope.facts.cuda.framework import Build, Framework
from layerscope.facts.cuda.libraries import CudaCopy, CudaLibrary
from layerscope.facts.cuda.packages import CondaPrefix, CudaPackage
from layerscope.facts.cuda.toolkit import CudaToolkit
from layerscope.formats.device_code import CodeKind, DeviceTarget
from layerscope.report.escape import escape_line, measure, shorten
from layerscope.report.facts.sheet import DEEP, Cell, Sheet, slashed, start_grid, tell, tell_path
from layerscope.rules.wording import tell_count, tell_size

_PREFIXES: Final = {CodeKind.SASS: "sm_", CodeKind.PTX: "compute_", CodeKind.LTO: "lto_", CodeKind.OTHER: "unknown_"}
_ORDER: Final = tuple(_PREFIXES)
_VALUE_WIDTH: Final = 300
"""Characters of a variable that are shown; NVIDIA_REQUIRE_CUDA has 1,500."""
_DRAWN: Final = (
    Framework, CudaCopy, CudaLibrary, CudaPackage, CondaPrefix, CudaToolkit, LibraryCode, CudaDeclaration, DriverFile,
    BuildTools,
)  # fmt: skip


def draw_cuda(sheet: Sheet) -> None:
    """Draw the family; the table of GPUs follows it."""
    _draw_frameworks(sheet)
    _draw_copies(sheet)
    _draw_toolkits(sheet)
    _draw_code(sheet)
    _draw_declaration(sheet)
    _draw_driver(sheet)
    _draw_tools(sheet)
    sheet.rest(_DRAWN)


def _draw_frameworks(sheet: Sheet) -> None:
    """Frameworks with what they were built for."""
    frameworks = sheet.facts.of(Framework)
    if not frameworks:
        return
    sheet.section("Frameworks")

    def row(each: Framework) -> Sequence[Cell]:
        layer = sheet.layer(each.evidence.layer)
        return tell(f"{each.name} {each.version}".strip()), _tell_build(each), layer, tell_path(each.environment)

    sheet.table(("name", "~built for", ">layer", "~environment"), frameworks, row, noun="framework")


def _tell_build(each: Framework) -> Text:
    """CUDA and cuDNN, or what else it computes on."""
    if each.build is Build.CPU:
        return Text("the CPU alone")
    if each.build is Build.ROCM:
        return Text("ROCm")
    parts = [f"CUDA {each.cuda}" if each.cuda else "", f"cuDNN {each.cudnn}" if each.cudnn else ""]
    parts.append(f"torch {each.torch}" if each.torch else "")
    told = ", ".join(filter(None, parts)) or ("CUDA, any release" if each.build is Build.CUDA else "not known")
    return tell(told)


def _draw_copies(sheet: Sheet) -> None:
    """Each copy of CUDA's libraries with its parts, the largest first."""
    copies = sorted(sheet.facts.of(CudaCopy), key=lambda each: (-each.size, each.root))
    if not copies:
        return
    sheet.section("Copies of CUDA's libraries")
    shown, more = sheet.cut(copies, "copy", "copies")
    for copy in shown:
        release = f"CUDA {copy.release}" if copy.release else "release not known"
        files = tell_count(copy.files, "file")
        sheet.path(tell_path(copy.root))
        facts = f"{copy.kind}, {release}, {tell_size(copy.size)} in {files}, {sheet.in_layer(copy.evidence.layer)}"
        sheet.page.add_line(escape_line(facts), indent=DEEP + 2)
        parts = sorted(copy.parts, key=lambda part: (-part.size, part.name))
        names = [f"{part.name} {part.version}".strip() for part in parts]
        rows = [(tell(name), tell_size(part.size)) for name, part in zip(names, parts, strict=True)]
        _draw_pairs(sheet, rows, indent=DEEP + 4)
    if more:
        sheet.note(more)


def _draw_toolkits(sheet: Sheet) -> None:
    """Toolkits with what only building needs."""
    toolkits = sheet.facts.of(CudaToolkit)
    if not toolkits:
        return
    sheet.section("Toolkits")

    def row(each: CudaToolkit) -> Sequence[Cell]:
        marks = (("nvcc", each.has_compiler), ("headers", each.has_headers), ("compat", each.has_compat),
                 ("stubs", each.has_stubs))  # fmt: skip
        has = ", ".join(name for name, is_there in marks if is_there) or "libraries alone"
        for_building = tell_size(each.development_size) if each.development else sheet.page.symbols.dash
        root = tell_path(each.root) if each.root else Text("among the system's libraries")
        return tell(each.version or "not known"), has, for_building, sheet.layer(each.evidence.layer), root

    sheet.table(("CUDA", "~has", ">to build with", ">layer", "~root"), toolkits, row, noun="toolkit")


def _draw_code(sheet: Sheet) -> None:
    """Libraries with device code, those with most of it first, and what they weigh together by architecture."""
    libraries = sorted(sheet.facts.of(LibraryCode), key=lambda each: (-_measure(each), each.name, each.path))
    if not libraries:
        return
    containers = sum(each.containers for each in libraries)
    told = f"{tell_count(containers, 'container')} in {tell_count(len(libraries), 'file')}"
    sheet.section("Device code", f"{told}, {tell_size(sum(map(_measure, libraries)))}")

    shown, more = sheet.cut(libraries, "file")
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column(overflow="fold")
    for each in shown:
        grid.add_row(tell_size(_measure(each)), slashed(_tell_library(sheet, each)))
    sheet.page.add(grid, indent=DEEP)
    if more:
        sheet.note(more)
    sums: Counter[int] = Counter()
    for each in libraries:
        sums.update(dict(each.bytes_by_arch))
    if sums:
        sheet.page.add_blank()
        sheet.page.add_line(("bytes by architecture, of all files", "muted"), indent=DEEP)
        _draw_pairs(
            sheet, [(Text(f"sm_{arch}"), tell_size(size)) for arch, size in sorted(sums.items())], indent=DEEP + 2
        )
    linking = sum(each.linking_bytes for each in libraries)
    if linking:
        sheet.page.add_line(("of no use when it runs, but for linking: ", "muted"), tell_size(linking), indent=DEEP)


def _tell_library(sheet: Sheet, each: LibraryCode) -> Text:
    """One file: its name, and below it what its code is for."""
    told = tell(each.name, "path")
    told.append(f"  {tell_count(each.containers, 'container')}, {sheet.in_layer(each.evidence.layer)}", "muted")
    told.append(
        "; most found outside .nv_fatbin, where cuobjdump does not look" if each.is_self_loaded else "", "muted"
    )
    told.append("; programs load another of its name" if each.is_passed_over else "", "muted")
    told.append(f"; {tell_count(each.damaged, 'container')} damaged" if each.damaged else "", "doubt")
    return told.append(f"\n{tell_targets(target for group in each.groups for target in group.targets)}")


def _draw_pairs(sheet: Sheet, pairs: Sequence[tuple[Text, str]], *, indent: int) -> None:
    """Names with sizes in as many columns as there is room for, read from top to bottom."""
    wide = max((measure(name.plain) + len(size) + 4 for name, size in pairs), default=1)
    columns = max((sheet.page.width - indent) // wide, 1)
    rows = -(-len(pairs) // columns)
    grid = Table.grid(padding=(0, 2, 0, 0))
    for _ in range(columns):
        grid.add_column(style="muted", overflow="fold")
        grid.add_column(justify="right", overflow="fold")
    for row in range(rows):
        cells = [pairs[at] if at < len(pairs) else ("", "") for at in range(row, rows * columns, rows)]
        grid.add_row(*(cell for pair in cells for cell in pair))
    sheet.page.add(grid, indent=indent)


def tell_targets(targets: Iterable[DeviceTarget]) -> str:
    """Targets in NVIDIA's words, each once: machine code by architecture, then PTX: `sm_75 sm_90a compute_90`."""
    known = {(_ORDER.index(target.kind), target.arch, target.suffix) for target in targets}
    return " ".join(f"{_PREFIXES[_ORDER[kind]]}{arch}{suffix}" for kind, arch, suffix in sorted(known))


def _measure(library: LibraryCode) -> int:
    """The bytes of a library's code, that for linking included."""
    return sum(size for _, size in library.bytes_by_arch) + library.linking_bytes


def _draw_declaration(sheet: Sheet) -> None:
    """What the image's config says to the NVIDIA runtime."""
    declaration = sheet.facts.find(CudaDeclaration)
    if declaration is None:
        return
    if not declaration.variables and not declaration.labels:
        sheet.section("What the image declares", "nothing about GPUs")
        return
    sheet.section("What the image declares")
    grid = start_grid()
    pairs = [(variable.name, variable.value) for variable in declaration.variables]
    for name, value in (*pairs, *declaration.labels):
        short = shorten(escape_line(value), _VALUE_WIDTH, ellipsis=sheet.page.symbols.ellipsis)
        grid.add_row(tell(name), slashed(short))
    sheet.page.add(grid, indent=DEEP)
    if declaration.is_check_disabled:
        sheet.note("the runtime's check of requirements is switched off")
    if declaration.is_legacy:
        sheet.note("NVIDIA_REQUIRE_CUDA is not set: the runtime takes CUDA_VERSION for it")


def _draw_driver(sheet: Sheet) -> None:
    """Files of the driver, which a host brings itself."""
    files = sheet.facts.of(DriverFile)
    if not files:
        return
    sheet.section("Files of the driver", "which the host brings at run time")

    def row(each: DriverFile) -> Sequence[Cell]:
        state = (
            f"link to /{each.target}" if each.target else "link to nothing" if each.is_link else tell_size(each.size)
        )
        path = tell_path(each.evidence.path).append(f"\nsearched by way of {escape_line(each.search)}" if each.search
                                                    else "", "muted")  # fmt: skip
        return str(each.kind), tell(each.version), tell(state), sheet.layer(each.evidence.layer), path

    sheet.table(("kind", "version", "~size", ">layer", "~path"), files, row, noun="file")


def _draw_tools(sheet: Sheet) -> None:
    """Compilers that kernels compiled at run time need, as Triton's do."""
    tools = sheet.facts.find(BuildTools)
    if tools is None or not sheet.facts.of(Framework):
        return
    compilers = ", ".join(f"/{path}" for path in tools.compilers) or "none on the PATH"
    headers = ", ".join(tools.headers) or "none"
    sheet.section("To compile at run time")
    told = f"C compiler: {compilers}; Python headers: {headers}"
    sheet.page.add_line(escape_line(f"{told}; CC={tools.variable}" if tools.variable else told), indent=DEEP)
