"""The configuration of the loader as a fact."""

from layerscope.facts.elf.loader_configuration import LoaderConfiguration, LoaderConfigurationCollector
from layerscope.image.config import HistoryEntry
from support.contexts import CREATED, collect, collect_gaps, collect_one
from support.elf_images import GLIBC_FILES, make_image
from support.elf_writer import ElfPlan
from support.loader_files import write_ld_cache


def test_tells_each_step_with_what_is_there() -> None:
    """Folders with layer and count, preloads with their place, and the step that set the variable."""
    steps: list[str | HistoryEntry] = [
        "ADD base /",
        "COPY lib /opt/lib",
        HistoryEntry(CREATED, "ENV LD_LIBRARY_PATH=/opt/lib:/none", empty_layer=True),
    ]
    context = make_image(
        {
            **GLIBC_FILES,
            "etc/ld.so.cache": write_ld_cache([("libx.so", "/opt/lib/libx.so", 0x0303, "")]),
            "etc/ld.so.conf": b"include ld.so.conf.d/*.conf\n",
            "etc/ld.so.conf.d/a.conf": b"/opt/lib\n",
        },
        {"opt/lib/libx.so": ElfPlan(soname="libx.so")},
        env=["LD_LIBRARY_PATH=/opt/lib:/none", "LD_PRELOAD=libx.so libnone.so /opt/lib/libx.so"],
        steps=steps,
    )
    fact = collect_one(LoaderConfigurationCollector, context, LoaderConfiguration)
    assert (fact.kind, fact.interpreter_path, fact.cached) == ("glibc", "lib64/ld-linux-x86-64.so.2", 1)
    assert [(each.text, each.path, each.layer, each.objects) for each in fact.library_path] == [
        ("/opt/lib", "opt/lib", 1, 1),
        ("/none", None, None, 0),
    ]
    assert fact.library_path_step == "ENV LD_LIBRARY_PATH=/opt/lib:/none"
    assert [each.path for each in fact.preloads] == ["opt/lib/libx.so", None, "opt/lib/libx.so"]
    assert [each.path for each in fact.conf_folders] == ["opt/lib"]
    assert [each.text for each in fact.default_folders] == ["/lib64", "/usr/lib64"]


def test_says_nothing_where_nothing_needs_a_loader() -> None:
    """Unless the config sets one up all the same."""
    assert not list(collect(LoaderConfigurationCollector, make_image({"app": b"text"})))
    context = make_image({"app": b"text"}, env=["LD_LIBRARY_PATH=/none"])
    assert collect_one(LoaderConfigurationCollector, context, LoaderConfiguration).interpreter == ""


def test_a_cache_that_cannot_be_read_is_a_gap() -> None:
    """With the reason."""
    context = make_image({**GLIBC_FILES, "etc/ld.so.cache": b"nonsense"})
    (gap,) = collect_gaps(LoaderConfigurationCollector, context)
    assert gap.where == "/etc/ld.so.cache"
    assert "begins neither" in gap.why
