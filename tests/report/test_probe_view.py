"""A probe as a person reads of it: verdict, stages, libraries, the loader's search, findings, what to do."""

from msgspec.structs import replace

from layerscope.facts.fact import Evidence
from layerscope.facts.probe.live_libraries import LiveLibraries
from layerscope.probe.loader_trace import TracedLibrary
from layerscope.probe.observation import Observation, StageResult
from layerscope.probe.probed import Probed
from layerscope.probe.verdict import judge
from layerscope.report.context import RenderContext
from layerscope.report.probe_view import render_probe_text, sort_findings
from layerscope.rules.severity import Severity
from support.results import make_finding

SEEN = Observation(
    (
        StageResult("env", "passed", detail="Python 3.11 as uid 65534"),
        StageResult("devices", "skipped", detail="no device"),
        StageResult("driver", "skipped", detail="no device"),
        StageResult("imports", "failed", 1.25, "import-error", "torch: OSError: \x1b[31mno[bold]"),
        StageResult("weights", "blocked"),
    ),
    is_complete=True,
    seconds=3.5,
)


def draw(probed: Probed, *, findings: tuple[str, ...] = (), unicode: bool = True) -> list[str]:
    """The lines of a page."""
    found = tuple(make_finding(code, rule="failing-import", message="it is so") for code in findings)
    return render_probe_text(
        "acme/generate", probed, RenderContext(width=120, unicode=unicode), findings=found
    ).splitlines()


def find_line(lines: list[str], word: str) -> str:
    """The one that holds it."""
    return next(line for line in lines if word in line)


def test_the_first_broken_stage_is_marked_and_what_follows_is_its_consequence() -> None:
    """What the image says is shown as text, whatever it holds."""
    lines = draw(Probed(SEEN, judge(SEEN)), findings=("PROBE005",))
    assert lines[0].startswith("✘ ERROR")
    broken = next(line for line in lines if "the first that broke" in line)
    assert "\x1b" not in broken
    assert "no[bold]" in broken
    assert any("a consequence of imports" in line for line in lines)
    assert "  PROBE005 failing-import" in lines


def test_a_stage_that_a_server_refutes_is_in_doubt() -> None:
    """The look-up failed, and the server found its model all the same."""
    look_up = StageResult("own-lookup", "failed", kind="hub-no-ref", detail="no refs/main")
    served = StageResult("chat-16", "passed", values={"text": "Hello"})
    refuted, broken = Observation((look_up, served), is_complete=True), Observation((look_up,), is_complete=True)
    line = find_line(draw(Probed(seen=refuted, verdict=judge(refuted))), "model: lookup")
    assert line.startswith("  ? ")
    assert line.endswith("refuted: the server answers")
    assert find_line(draw(Probed(seen=broken, verdict=judge(broken))), "  ✘ model: lookup")


def test_a_finding_is_cured_where_the_verdict_knows_no_cure() -> None:
    """What the verdict says already is not said twice."""
    probed = Probed(SEEN, judge(SEEN))
    finding = make_finding("PROBE005", rule="failing-import", fix="Ask what it means", steps=("layerscope explain X",))

    def count(given: Probed) -> int:
        text = render_probe_text("acme/generate", given, RenderContext(width=120, unicode=True), findings=(finding,))
        return text.count("sk what it means")

    assert count(probed) == 1
    assert probed.verdict is not None
    told = replace(probed, verdict=replace(probed.verdict, cures=("ask what it means",)))
    assert count(told) == 1


def test_libraries_are_told_in_a_line() -> None:
    """How many, from where, and how many needs were compared."""
    live = LiveLibraries(Evidence(), 131, ("usr/lib/libcuda.so.550",), ("tmp/x.so", "tmp/y.so"), 57)
    lines = draw(Probed(SEEN, judge(SEEN), libraries=live))
    assert (
        "  131 libraries in memory, 1 of them from the NVIDIA runtime, 2 in no layer; 57 needs compared with the "
        "image's files" in lines
    )


def test_the_search_of_the_loader_is_told_library_by_library() -> None:
    """What won and why; what nothing was found for, with what was tried; what the files let expect."""
    traced = (
        TracedLibrary("torch", "liba.so.1", "/opt/liba.so.1", "RUNPATH", "/opt/_C.so", ("/old/liba.so.1",), 3),
        TracedLibrary("torch", "libb.so.2", "", "", "", ("/lib/libb.so.2",), 9),
        TracedLibrary("torch", "libc.so.6", "/old/libc.so.6", "LD_LIBRARY_PATH", "", (), 0, ("/lib/libc.so.6",)),
    )
    lines = draw(Probed(SEEN, judge(SEEN), traced=traced))
    start = lines.index("Libraries  searched by import torch")
    assert lines[start + 1 : start + 8] == [
        "  ✔ liba.so.1  RUNPATH of _C.so, 3 paths tried before",
        "    /opt/liba.so.1",
        "  ✘ libb.so.2  not found",
        "    not there: /lib/libb.so.2",
        "  ? libc.so.6  LD_LIBRARY_PATH",
        "    /old/libc.so.6",
        "    the files let expect /lib/libc.so.6",
    ]


def test_a_page_can_be_drawn_in_ascii() -> None:
    """For logs that know nothing else."""
    assert "\n".join(draw(Probed(SEEN, judge(SEEN)), unicode=False)).isascii()


def test_the_finding_of_the_root_comes_first_and_unrelated_ones_last() -> None:
    """What the break confirms stands between, whatever each weighs."""
    verdict = judge(SEEN)
    findings = [
        replace(make_finding("CONF010", rule="buffered-python-output", severity=Severity.LOW), confirmed="visibility"),
        replace(make_finding("ELF001", rule="missing-library", severity=Severity.CRITICAL), confirmed="imports"),
        make_finding("PROBE005", rule="failing-import", severity=Severity.HIGH, message="Stage imports fails: no"),
    ]
    assert [each.code for each in sort_findings(findings, verdict)] == ["PROBE005", "ELF001", "CONF010"]


def test_lost_output_is_told_once() -> None:
    """As a finding, or as a remark where no rule was asked."""
    muted = StageResult(
        "visibility", "passed", kind="muted", detail="lost when a process ends without flushing: stdout"
    )
    seen = replace(SEEN, stages=(StageResult("env", "passed"), muted))
    probed = Probed(seen, judge(seen))
    assert "  ? output is lost when a process ends without flushing: stdout: set PYTHONUNBUFFERED=1" in draw(probed)
    finding = replace(make_finding("CONF010", rule="buffered-python-output"), confirmed="visibility")
    page = render_probe_text("acme/generate", probed, RenderContext(width=120, unicode=True), findings=(finding,))
    assert "output is lost when" not in page


def test_stages_are_called_in_sentences_as_they_are_shown() -> None:
    """In the verdict, and where one stage needs another."""
    stages = (
        StageResult("listen", "failed", kind="unreachable", detail="nothing answers"),
        StageResult("health", "skipped", detail="it needs stage chat-16"),
    )
    seen = replace(SEEN, stages=stages)
    lines = draw(Probed(seen, judge(seen)))
    assert lines[0] == "✘ ERROR   stage 'server listens' fails"
    assert any(line.endswith("skipped: it needs stage 'chat, 16 tokens'") for line in lines)


def test_a_fault_that_shows_again_is_told_once() -> None:
    """A later stage that fails in the same way is the same fault, and one that fails in another is not."""
    row = StageResult("chat-16", "failed", 0.1, "special-only", "1 token came and no text")
    again, other = replace(row, name="chat-512"), replace(row, name="stream", kind="truncated", detail="it ends")
    seen = Observation((StageResult("listen", "passed"), row, again, other), is_complete=True)
    lines = draw(Probed(seen, judge(seen)))
    assert sum("1 token came and no text" in line for line in lines[5:]) == 1
    assert sum("the same as chat, 16 tokens" in line for line in lines) == 1
    assert any("it ends" in line for line in lines)


def test_what_other_processes_printed_is_left_out() -> None:
    """The log of the process in which the broken stage ran is shown alone."""
    row = StageResult("own-weights", "failed", 0.1, "lfs-pointer", "a pointer")
    logs = {"generation stderr": "Loading weights: 100%\n", "model stderr": "a pointer was met\n"}
    lines = draw(Probed(seen := Observation((row,), logs=logs, is_complete=True), judge(seen)))
    assert [line for line in lines if line.startswith("Last of")] == ["Last of model stderr"]


def test_a_long_exception_is_shortened_in_headline_and_stage() -> None:
    """Its log has the whole of it."""
    detail = f"RuntimeError: {'x' * 1100} it ends"
    row = StageResult("imports", "failed", kind="import-error", detail=detail)
    seen = Observation((row,), python="3.11", is_complete=True)
    text = "".join(draw(Probed(seen, judge(seen))))
    assert "it ends" in text
    assert text.count("x") < 700
