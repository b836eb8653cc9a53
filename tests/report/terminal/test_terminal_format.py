"""What a person reads, whole, as snapshots; and that it can be read anywhere."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from msgspec import structs

from layerscope.audit.result import AuditResult
from layerscope.layers.scan import Proof
from layerscope.report.context import RenderContext
from layerscope.report.terminal.terminal_format import TerminalFormat
from layerscope.rules.fix import Fix
from layerscope.rules.severity import Severity
from layerscope.rules.wording import tell_size
from support.example_results import CLEAN, DAMAGED, HOSTILE, UNPROVED, WASTEFUL, make_wasteful
from support.results import ResultRecipe, make_finding, make_result
from support.tar_writer import file

FAILED = RenderContext(exit_code=1)


def _render(result: AuditResult, context: RenderContext) -> str:
    return TerminalFormat().render(result, context)


@pytest.mark.parametrize(
    ("name", "context"),
    [
        ("wasteful-80.txt", RenderContext(exit_code=1)),
        ("wasteful-120.txt", RenderContext(width=120, exit_code=1)),
        ("wasteful-80-ascii.txt", RenderContext(unicode=False, exit_code=1)),
        ("wasteful-80-color.txt", RenderContext(color=True, exit_code=1)),
    ],
)
def test_a_wasteful_image_is_told_whole(
    name: str, context: RenderContext, snapshot: Callable[[str, str], None]
) -> None:
    """Verdict, image, layers, waste, findings, gaps and next steps, at two widths, in ASCII and in colour."""
    snapshot(name, _render(make_wasteful(), context))


@pytest.mark.parametrize(
    ("name", "recipe", "exit_code"),
    [
        ("clean-80.txt", CLEAN, 0),
        ("damaged-80.txt", DAMAGED, 4),
        ("unproved-80.txt", UNPROVED, 0),
        ("hostile-80.txt", HOSTILE, 0),
        ("empty-80.txt", ResultRecipe(), 0),
    ],
)
def test_other_images_are_told_whole(
    name: str, recipe: ResultRecipe, exit_code: int, snapshot: Callable[[str, str], None]
) -> None:
    """An image without findings, a damaged one, one that was not here, a hostile one, one without layers."""
    snapshot(name, _render(make_result(recipe), RenderContext(exit_code=exit_code)))


@pytest.mark.parametrize("width", [40, 50, 59, 60, 80, 100, 120, 160])
@pytest.mark.parametrize("unicode", [True, False])
def test_no_line_is_wider_than_the_page(width: int, unicode: bool) -> None:
    """Every width that a person may have is kept, but by commands, which are there to be copied."""
    text = _render(make_wasteful(), RenderContext(width=width, unicode=unicode, exit_code=1))
    assert max(len(line) for line in text.splitlines() if not line.startswith("  $ ")) <= width


@pytest.mark.parametrize("width", [40, 46, 59, 60])
def test_no_size_is_cut_on_a_narrow_page(width: int) -> None:
    """Bars, shares and numbers of files give way, in the layers and in what could be saved."""
    result = make_wasteful()
    text = _render(result, RenderContext(width=width))
    layers, _, saved = text.partition("\nLayers")[2].partition("\nWhat could be saved")
    for weight in result.weight.layers:
        assert f" {tell_size(weight.total)} " in layers
    sizes = [line.split("LAY")[0] for line in saved.partition("\n\n")[0].splitlines()[2:]]
    assert sizes
    assert not any("…" in size for size in sizes)
    assert ("█" in layers) is (width >= 60)


def test_every_cure_of_a_finding_is_told() -> None:
    """With the finding and, with its commands, among the next steps; all of its lines where nothing is limited."""
    finding = make_finding(fix="update the driver", steps=("apt-get install driver",))
    other = Fix("install another build", tuple(f"RUN {number}" for number in range(6)))
    result = make_result(replace(WASTEFUL, findings=[structs.replace(finding, fixes=(*finding.fixes, other))]))
    text = _render(result, FAILED)
    assert "    → fix    update the driver\n    → or     install another build\n" in text
    assert "    apt-get install driver\n    or install another build\n    RUN 0\n" in text
    assert "3 more lines (--limit 0 shows all)" in text
    assert "RUN 5" in _render(result, replace(FAILED, limit=None))


def test_a_command_stays_on_one_line_however_long() -> None:
    """What is copied can be pasted."""
    reference = f"registry.example/{'team/' * 30}app:1"
    text = _render(make_result(replace(WASTEFUL, reference=reference)), RenderContext(width=60))
    assert f"\n  $ layerscope tree {reference} --layer 2 --sort size\n" in text


@pytest.mark.parametrize(
    "reference",
    [
        "-",
        "docker-archive:-",
        "oci-archive:-:app:1",
        "/dev/stdin",
        "/dev/fd/63",
        "docker-archive:/dev/fd/63",
        "/proc/self/fd/63",
    ],
)
def test_no_command_reads_again_what_came_through_a_pipe(reference: str) -> None:
    """It is gone."""
    text = _render(make_result(replace(WASTEFUL, reference=reference)), RenderContext())
    assert "  $ layerscope rules explain" in text
    assert f"{reference} " not in text.partition("Next steps")[2]


def test_the_hint_leads_to_the_layer_at_fault() -> None:
    """That of a grave finding which is not about waste, without the option for waste."""
    grave = make_finding("CUDA031", (4, "usr/lib/libcuda.so.1"), severity=Severity.CRITICAL)
    text = _render(make_result(replace(WASTEFUL, findings=[grave, *WASTEFUL.findings])), RenderContext())
    assert f"\n  $ layerscope tree {WASTEFUL.reference} --layer 4" in text
    assert "--sort size" not in text


def test_a_hint_gives_up_its_option_before_it_leaves_the_page() -> None:
    """An overlong name of an image leaves it anyway."""
    for length, is_sorted in ((38, True), (39, False), (50, False), (51, True)):
        text = _render(make_result(replace(WASTEFUL, reference="a" * length)), RenderContext())
        assert ("--layer 2 --sort size" in text) is is_sorted


def test_every_line_of_the_verdict_hangs_below_its_first_word() -> None:
    """The last one too, in a narrow page."""
    lines = _render(make_wasteful(), RenderContext(width=50, exit_code=1)).partition("\n\n")[0].splitlines()
    assert len(lines) > 2
    assert all(line.startswith((" " * 11, "\N{HEAVY CHECK MARK} ", "\N{HEAVY BALLOT X} ")) for line in lines)


def test_sums_of_an_image_that_was_not_read_whole_are_lower_bounds() -> None:
    """A layer that breaks off: sums say so, the layer's own numbers are unknown, and there is no score."""
    text = _render(make_result(replace(WASTEFUL, absent=frozenset({3}))), RenderContext(width=120))
    size, waste = (next(line for line in text.splitlines() if line.startswith(name)) for name in ("size ", "waste "))
    assert re.search(r"≥ \S+ MB unpacked .* ≥ \d+ entries", size)
    assert re.search(r"≥ .* shipped and not seen · not every layer could be read whole", waste)
    assert "efficiency" not in text
    row = next(line for line in text.splitlines() if line.startswith("3 "))
    assert row.count("\N{EN DASH}") == 4
    assert "≥ 30.0 kB" in next(line for line in text.splitlines() if line.startswith("1 "))


def test_a_source_without_digests_leaves_their_lines_out() -> None:
    """No row says that there is nothing."""
    result = make_result(CLEAN)
    text = _render(replace(result, image=replace(result.image, manifest_digest=None)), RenderContext())
    assert not re.search("^(index|manifest)", text, re.MULTILINE)
    assert re.search("^config ", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("reference", "told"), [("-", "standard input"), ("docker-archive:-", "standard input (docker-archive)")]
)
def test_an_image_from_a_pipe_is_called_so(reference: str, told: str) -> None:
    """A lone dash is no name."""
    assert f"image    {told}\n" in _render(make_result(replace(CLEAN, reference=reference)), RenderContext())


def test_the_path_of_an_image_breaks_after_a_slash() -> None:
    """On a page that is narrower than the path."""
    recipe = replace(CLEAN, reference="oci-archive:/srv/images/of-a-team/generate.tar")
    text = _render(make_result(recipe), RenderContext(width=40))
    assert "\nimage    oci-archive:/srv/images/\n         of-a-team/generate.tar\n" in text


def test_plain_output_holds_no_control_characters() -> None:
    """In a pipe there is text and nothing else, and no line ends in spaces."""
    text = _render(make_result(HOSTILE), RenderContext())
    assert all(line.isprintable() and line == line.rstrip() for line in text.splitlines())


def test_an_image_cannot_add_escape_sequences_of_its_own() -> None:
    """In colour, the only sequences are those of this program: they set colours and nothing else."""
    text = _render(make_result(HOSTILE), RenderContext(color=True))
    assert set(re.findall(r"\x1b.", text)) == {"\x1b["}
    assert "\x1b" not in re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_ascii_output_is_ascii() -> None:
    """Where the terminal has no more than ASCII, nothing else is printed."""
    assert _render(make_wasteful(), RenderContext(unicode=False)).isascii()


def test_the_same_result_prints_the_same_bytes() -> None:
    """Two renderings are equal."""
    assert _render(make_wasteful(), FAILED) == _render(make_wasteful(), FAILED)


def test_the_verdict_comes_first_and_the_next_steps_last() -> None:
    """The first lines judge, the last section says what to do."""
    lines = _render(make_wasteful(), FAILED).splitlines()
    headings = [
        line for line in lines if line in {"What could be saved  by cause; causes overlap", "Not known", "Next steps"}
    ]
    assert lines[0].startswith("✔ INTACT")
    assert lines[1].startswith("✘ FAILED")
    assert headings[-1] == "Next steps"


def test_a_long_list_of_findings_is_cut_and_says_so() -> None:
    """With a limit of two, the third finding is counted."""
    recipe = ResultRecipe(findings=[make_finding("LAY101", wasted=number) for number in range(1, 4)])
    text = _render(make_result(recipe), RenderContext(limit=2))
    assert text.count("LAY101 deleted-in-later-layer") == 3  # two findings and the cause
    assert "1 more medium finding (--limit 0 shows all)" in text


def test_without_a_limit_everything_is_shown() -> None:
    """Twenty findings are twenty findings."""
    recipe = ResultRecipe(findings=[make_finding("CONF009", message=f"number {n}") for n in range(20)])
    text = _render(make_result(recipe), RenderContext(limit=None))
    assert all(f"number {n}" in text for n in range(20))


def test_a_threshold_that_fails_nothing_is_named() -> None:
    """`--fail-on never` is told beside the counts."""
    recipe = ResultRecipe(findings=[make_finding(severity=Severity.CRITICAL)])
    assert "✔ PASSED   ◆ 1 critical  --fail-on never" in _render(make_result(recipe), RenderContext(fail_on=None))


def test_credentials_are_nowhere() -> None:
    """A token in environment, command and history reaches no report."""
    assert "vT8mKq2LxWz5RbN7cJ4d" not in _render(make_result(WASTEFUL), RenderContext(width=160, limit=None))


def test_what_an_earlier_reading_proved_is_told_as_such() -> None:
    """Nobody is to think that bytes were looked at now which were not."""
    result = make_result(ResultRecipe(layers=[[file("a", b"x")], [file("b", b"y")]]))
    vouched = tuple(
        replace(layer, scan=replace(layer.scan, proof=Proof.CACHED))
        for layer in result.layers
        if layer.scan is not None
    )
    one, both = replace(result, layers=(vouched[0], result.layers[1])), replace(result, layers=vouched)
    told = [_render(each, RenderContext()).splitlines()[0] for each in (one, both)]
    assert told == [
        "✔ INTACT   2 layers as their digests say, 1 of them by an earlier reading",
        "✔ INTACT   2 layers as their digests say, by an earlier reading",
    ]
