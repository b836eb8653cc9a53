"""An image on another base: it works as it did, or it is not written, with the fact that speaks against it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from layerscope.audit.applied import Applied, LayerOutcome, Prove, list_layer_changes
from layerscope.audit.options import AuditOptions
from layerscope.audit.pipeline import audit_image
from layerscope.audit.read_image import cache_fingerprint, read_documents, read_image
from layerscope.audit.rebased import apply_rebase, check_read
from layerscope.audit.result import AuditResult
from layerscope.errors import ImageError, UsageError
from layerscope.facts.cuda.gpu_verdict import Cause, GpuVerdict, Verdict
from layerscope.facts.fact import Evidence
from layerscope.facts.fact_set import FactSet
from layerscope.fixes.destinations.layout import LayoutDestination
from layerscope.formats.elf_object import NeededVersion
from layerscope.image.digest import Digest
from layerscope.layers.cache import LayerCache
from layerscope.progress import SilentProgress
from layerscope.sources.layout import LayoutSource
from support.built_image import BuiltImage, build_image
from support.elf_images import GLIBC_FILES, LOADER, MUSL_FILES, Content, write_files
from support.elf_writer import ElfPlan
from support.images import load_fixture, write_image, write_oci_layout
from support.tar_member import TarMember, directory, file, symlink, whiteout

FOO = ElfPlan(soname="libfoo.so.1", exports=("foo",), provided_versions=("FOO_1", "FOO_2"))
BASE: Mapping[str, Content] = {**GLIBC_FILES, "lib64/libfoo.so.1": FOO, "etc/os-release": b"ID=debian\n"}
APP = ElfPlan(
    interpreter=LOADER,
    needed=("libc.so.6", "libfoo.so.1"),
    required_versions=(NeededVersion("libfoo.so.1", "FOO_2"), NeededVersion("libc.so.6", "GLIBC_2.34")),
)
OWN: Sequence[Sequence[TarMember]] = (
    write_files({"opt/app/run": APP}),
    [directory("opt/venv/bin"), symlink("opt/venv/bin/python", "/usr/bin/python3.12"), file("etc/issue", b"own")],
)
RUNTIME: Mapping[str, object] = {
    "Env": ["PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C"],
    "Labels": {"vendor": "old"},
    "Cmd": ["/usr/bin/python3.12"],
}
OWN_RUNTIME: Mapping[str, object] = {
    **RUNTIME,
    "Env": ["PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin", "LANG=C", "APP=1"],
    "Labels": {"vendor": "old", "team": "own"},
    "Entrypoint": ["/opt/app/run"],
    "Cmd": None,
    "WorkingDir": "/opt/app",
    "User": "1000",
}


def make_history(*steps: str) -> list[dict[str, object]]:
    """The history of these steps, of which ENV makes no layer."""
    return [{"created_by": step, **({"empty_layer": True} if step.startswith("ENV") else {})} for step in steps]


OLD_STEPS = ("ADD rootfs", "ENV LANG=C")
NEW_STEPS = ("ADD rootfs", "RUN upgrade", "ENV LANG=C.UTF-8")
OWN_STEPS = ("COPY app", "ENV APP=1", "RUN venv")


@dataclass(frozen=True)
class Bench:
    """A folder in which images are written and put on other bases."""

    folder: Path

    def write(self, name: str, image: BuiltImage) -> LayoutSource:
        """The image as a layout."""
        write_oci_layout(image, self.folder / name)
        return LayoutSource(str(self.folder / name))

    @property
    def options(self) -> AuditOptions:
        """An audit in this process."""
        return AuditOptions(LayerCache(self.folder / "cache", fingerprint=cache_fingerprint()), jobs=1)

    def rebase(self, image: BuiltImage, old: BuiltImage, new: BuiltImage, *, prove: Prove | None = None) -> Applied:
        """The image, moved from one base to the other."""
        options, progress = self.options, SilentProgress()
        below = self.write("old", old)
        before = audit_image(self.write("image", image), options=replace(options, base=below))
        documents = read_documents(below, options=options, progress=progress)
        above = read_image(self.write("new", new), options=options, progress=progress)
        check_read(above)
        place = LayoutDestination(self.folder / "rebased")
        return apply_rebase(
            before,
            documents,
            above,
            place,
            options=options,
            progress=progress,
            begin=None if prove is None else lambda _: prove,
        )

    def load(self, digest: Digest) -> Any:
        """A document of the new image."""
        return json.loads((self.folder / "rebased/blobs/sha256" / digest.hex).read_bytes())

    @property
    def is_written(self) -> bool:
        """Whether there is a new image, or anything else that was not there."""
        return {path.name for path in self.folder.iterdir()} - {"old", "image", "new", "cache"} == {"rebased"}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """An empty one."""
    return Bench(tmp_path)


def make_base(
    files: Mapping[str, Content] = BASE, *, extra: Sequence[TarMember] = (), runtime: Mapping[str, object] = RUNTIME
) -> BuiltImage:
    """A base of one layer."""
    return build_image([[*write_files(files), *extra]], runtime=runtime, history=make_history(*OLD_STEPS))


def make_image(base: BuiltImage, own: Sequence[Sequence[TarMember]] = OWN, **runtime: object) -> BuiltImage:
    """The image on that base."""
    history = make_history(*OLD_STEPS, *OWN_STEPS)
    return build_image([*base.layers, *own], runtime={**OWN_RUNTIME, **runtime}, history=history)


def make_new_base(files: Mapping[str, Content] = BASE, **runtime: object) -> BuiltImage:
    """A base of two layers, with other variables."""
    settings = {
        "Env": ["PATH=/usr/local/sbin:/usr/bin:/bin", "LANG=C.UTF-8", "NEW=1"],
        "Labels": {"vendor": "new"},
        "StopSignal": "SIGINT",
        **runtime,
    }
    patch = [file("etc/patched", b"1"), file("etc/issue", b"new base")]
    return build_image([write_files(files), patch], runtime=settings, history=make_history(*NEW_STEPS))


def test_what_else_is_to_prove_it_may_object(bench: Bench) -> None:
    """Then nothing is written."""
    done = bench.rebase(make_image(make_base()), make_base(), make_base(), prove=lambda *_: ["it does less"])
    assert done.objections == ("it does less",)
    assert not bench.is_written


def test_an_image_is_put_on_a_base_on_which_it_works(bench: Bench) -> None:
    """Layers of both are the same to the digest, and it is written where it is wanted."""
    old, new = make_base(), make_new_base()
    image = make_image(old)
    done = bench.rebase(image, old, new)
    assert done.objections == ()
    assert bench.is_written
    config = bench.load(done.new.config.digest)
    assert config["rootfs"]["diff_ids"] == [*new.diff_ids, *image.diff_ids[1:]]
    assert all(layer.is_kept for layer in done.new.written)
    outcomes = [change.outcome for change in list_layer_changes(done)]
    assert outcomes == [*[LayerOutcome.ADDED] * 2, LayerOutcome.LEFT_OUT, *[LayerOutcome.KEPT] * 2]
    assert done.after.tree.get("etc/patched") is not None


def test_the_config_is_that_of_the_image_on_the_new_base(bench: Bench) -> None:
    """What came from the old base is the new one's; history, too."""
    old = make_base()
    done = bench.rebase(make_image(old), old, make_new_base())
    config = bench.load(done.new.config.digest)
    assert config["config"] == {
        "Env": ["PATH=/opt/venv/bin:/usr/local/sbin:/usr/bin:/bin", "LANG=C.UTF-8", "NEW=1", "APP=1"],
        "Labels": {"vendor": "new", "team": "own"},
        "Entrypoint": ["/opt/app/run"],
        "Cmd": None,
        "WorkingDir": "/opt/app",
        "User": "1000",
        "StopSignal": "SIGINT",
    }
    assert [step["created_by"] for step in config["history"]] == [*NEW_STEPS, *OWN_STEPS]
    assert done.rebase is not None
    assert "Env NEW=1" in done.rebase.changes


def test_the_manifest_tells_of_the_new_base(bench: Bench) -> None:
    """And the annotation of what was done to what; a base in a folder has no name that others know."""
    old, new = make_base(), make_new_base()
    done = bench.rebase(make_image(old), old, new)
    annotations = bench.load(done.new.manifest.digest)["annotations"]
    (entry,) = json.loads((bench.folder / "new/index.json").read_bytes())["manifests"]
    assert annotations["org.opencontainers.image.base.digest"] == entry["digest"]
    assert "org.opencontainers.image.base.name" not in annotations
    provenance = json.loads(annotations["io.layerscope.fix"])
    assert provenance["rebase"]["to"]["manifest"] == entry["digest"]
    assert provenance["config"] == str(done.before.image.config_digest)


def test_a_path_that_both_have_is_told(bench: Bench) -> None:
    """The image's own is seen; the same content at the same path is not worth a word."""
    old = make_base()
    done = bench.rebase(make_image(old), old, make_new_base())
    assert done.cuts.left == ("/etc/issue: the new base, unlike the old one, has it, and the image's own is seen",)


def test_a_folder_in_place_of_a_link_or_file_is_told_and_the_reverse(bench: Bench) -> None:
    """Whether its layer names the folder or not; folders of both are merged."""
    old = make_base()
    own = [directory("opt/link"), file("opt/link/a", b"1"), file("opt/file/a", b"1"), file("opt/folder", b"1")]
    bases = [symlink("opt/link", "/etc"), file("opt/file", b"1"), directory("opt/folder"), directory("opt/app")]
    new = build_image([write_files(BASE), bases], runtime=RUNTIME, history=make_history(*NEW_STEPS))
    done = bench.rebase(make_image(old, (*OWN[:-1], own)), old, new)
    told = "the new base, unlike the old one, has it, and the image's own is seen"
    assert done.cuts.left == tuple(f"/opt/{name}: {told}" for name in ("file", "folder", "link"))


FAULTS: Mapping[str, tuple[Mapping[str, Content], str]] = {
    "missing library": ({path: BASE[path] for path in BASE if "libfoo" not in path}, "ELF001 is new: "),
    "missing symbol version": (
        {**BASE, "lib64/libfoo.so.1": ElfPlan(soname="libfoo.so.1", exports=("foo",), provided_versions=("FOO_1",))},
        " is new: ",
    ),
    "older glibc": (
        {
            **BASE,
            "lib64/libc.so.6": ElfPlan(
                soname="libc.so.6", exports=("malloc", "puts"), provided_versions=("GLIBC_2.2.5", "GLIBC_2.17")
            ),
        },
        " is new: ",
    ),
    "another libc": ({**MUSL_FILES, "etc/os-release": b"ID=alpine\n"}, " is new: "),
    "another Python": (
        {path.replace("3.12", "3.13"): content for path, content in BASE.items()},
        "/opt/venv/bin/python led to /usr/bin/python3.12, which the new base lacks",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_base_on_which_the_image_does_not_work_is_refused(name: str, bench: Bench) -> None:
    """With the fact that speaks against it; nothing is written."""
    files, told = FAULTS[name]
    old = make_base()
    done = bench.rebase(make_image(old), old, make_new_base(files))
    assert any(told in objection for objection in done.objections), done.objections
    assert not done.is_proved
    assert not (bench.folder / "rebased").exists()


def test_a_program_that_is_lost_is_refused(bench: Bench) -> None:
    """What the container starts came from the old base."""
    old = make_base({**BASE, "usr/bin/serve": b"#!/usr/bin/python3.12\n"})
    done = bench.rebase(make_image(old, Entrypoint=["serve"]), old, make_new_base())
    assert "serve ran on the old base (/usr/bin/serve), and does not on the new one" in done.objections


def test_packages_for_another_python_are_refused(bench: Bench) -> None:
    """They lie where the new base's Python does not look, and no link tells."""
    site = "usr/lib/python3.12/site-packages"
    package = write_files(
        {
            f"{site}/fast.cpython-312-x86_64-linux-gnu.so": ElfPlan(needed=("libc.so.6",), exports=("PyInit_fast",)),
            f"{site}/fast-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: fast\nVersion: 1.0\n",
        }
    )
    old = make_base()
    files = {path.replace("3.12", "3.13"): content for path, content in BASE.items()}
    done = bench.rebase(make_image(old, [OWN[0], package]), old, make_new_base(files))
    assert any(objection.startswith("PY") for objection in done.objections), done.objections


def test_a_script_whose_interpreter_is_lost_is_refused(bench: Bench) -> None:
    """Though nobody starts it here."""
    old = make_base({**BASE, "usr/bin/perl": BASE["usr/bin/python3.12"]})
    own = [*OWN, [file("usr/bin/report", b"#!/usr/bin/perl\n", mode=0o755)]]
    done = bench.rebase(make_image(old, own), old, make_new_base())
    wanted = "1 script such as /usr/bin/report ran with /usr/bin/perl, which the new base lacks"
    assert wanted in done.objections


def test_a_new_finding_that_weighs_little_is_no_reason(bench: Bench) -> None:
    """It is told all the same."""
    old = make_base()
    cache = {"var/cache/apt/pkgcache.bin": b"x" * 20_000}
    done = bench.rebase(make_image(old), old, make_new_base({**BASE, **cache}))
    assert done.objections == ()
    assert "LAY104" in {finding.code for finding in done.added}


def test_what_both_bases_have_by_other_numbers_is_not_new(bench: Bench) -> None:
    """A link of the older Python's folder that led nowhere leads nowhere in the newer one's, too."""
    old, new = (make_base(extra=[symlink(f"usr/lib/python3.{number}/gone", "lost")]) for number in (11, 13))
    done = bench.rebase(make_image(old), old, new)
    assert not [each for each in (*done.added, *done.removed) if each.code == "LAY204"]
    assert "/usr/lib/python3.13/gone" in " ".join(each.message for each in done.after.findings)


def test_whiteouts_of_the_image_hold_on_the_new_base(bench: Bench) -> None:
    """What it deleted stays deleted."""
    old = make_base(extra=[file("etc/motd", b"1")])
    image = make_image(old, [*OWN, [whiteout("etc/motd")]])
    new = build_image([write_files({**BASE, "etc/motd": b"2"})], runtime=RUNTIME)
    done = bench.rebase(image, old, new)
    assert done.objections == ()
    assert "etc/motd" not in done.after.tree


def test_another_image_below_is_refused(bench: Bench) -> None:
    """Its layers are not the lowest ones."""
    with pytest.raises(UsageError, match=r"expected all of them|are not the lowest ones"):
        bench.rebase(make_image(make_base()), make_new_base(), make_base())


def test_an_image_without_layers_of_its_own_is_refused(bench: Bench) -> None:
    """Nothing would be left of it."""
    base = make_base()
    with pytest.raises(UsageError, match="has no layers above those of"):
        bench.rebase(base, base, make_new_base())


def test_a_base_for_another_platform_is_refused(bench: Bench) -> None:
    """Its programs would not run those of the image."""
    old = make_base()
    arm = build_image([write_files(BASE)], architecture="arm64")
    with pytest.raises(UsageError, match="is for linux/arm64, expected linux/amd64"):
        bench.rebase(make_image(old), old, arm)


def test_a_damaged_base_is_refused(bench: Bench) -> None:
    """Before anything is made of it."""
    write_image(load_fixture("damaged"), bench.folder / "damaged", "oci-dir")
    source = LayoutSource(str(bench.folder / "damaged"))
    with pytest.raises(ImageError, match=r"--rebase: layer \d of .* is damaged"):
        check_read(read_image(source, options=bench.options, progress=SilentProgress()))


@pytest.mark.parametrize("stage", ["write_rebased", "audit_layout", "rebase_config"])
def test_a_stop_in_the_middle_leaves_nothing(stage: str, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whenever Ctrl-C comes."""

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(f"layerscope.audit.rebased.{stage}", stop)
    old = make_base()
    with pytest.raises(KeyboardInterrupt):
        bench.rebase(make_image(old), old, make_new_base())
    assert {path.name for path in bench.folder.iterdir()} == {"old", "image", "new", "cache"}


def make_verdict(verdict: Verdict, driver: str) -> GpuVerdict:
    """The verdict on one GPU."""
    return GpuVerdict(
        evidence=Evidence(path="usr/lib/libtorch_cuda.so"),
        name="A100",
        compute_capability="8.0",
        architecture="Ampere",
        verdict=verdict,
        cause=Cause.CODE,
        reason="libtorch_cuda.so lacks code for it",
        minimum_driver=driver,
    )


def test_a_gpu_on_which_it_fares_worse_is_refused(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A newer driver that is needed is told."""
    verdicts = iter([make_verdict(Verdict.NATIVE, "525.60.13"), make_verdict(Verdict.PARTIAL, "570.26")])
    audit = audit_image

    def judge(*arguments: Any, **options: Any) -> AuditResult:
        result = audit(*arguments, **options)
        return replace(result, facts=FactSet([*result.facts, next(verdicts)]))

    monkeypatch.setattr("layerscope.audit.applied.audit_image", judge)
    monkeypatch.setitem(globals(), "audit_image", judge)
    old = make_base()
    done = bench.rebase(make_image(old), old, make_new_base())
    wanted = "A100: native on the old base, partial on the new one: libtorch_cuda.so lacks code for it"
    assert wanted in done.objections
    assert "A100: needs driver 570.26 on the new base, 525.60.13 on the old one" in done.cuts.left
