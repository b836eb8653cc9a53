"""Every collector is listed, and every extractor reaches the layer pass once."""

import importlib
import inspect
from pathlib import Path

from layerscope import facts
from layerscope.facts.collector import Collector
from layerscope.facts.extractors import EXTRACTORS
from layerscope.facts.registry import COLLECTORS
from layerscope.facts.system.script_extractor import ScriptExtractor
from layerscope.layers.extractor_set import open_reading


def test_lists_every_collector_of_every_family() -> None:
    """A module that defines one and is not listed would never run."""
    folder = Path(inspect.getfile(facts)).parent
    modules = [path.relative_to(folder).with_suffix("") for path in folder.glob("*/*.py")]
    defined = set()
    for module in modules:
        loaded = importlib.import_module(f"layerscope.facts.{'.'.join(module.parts)}")
        defined |= {
            value
            for value in vars(loaded).values()
            if inspect.isclass(value) and issubclass(value, Collector) and value.__module__ == loaded.__name__
        }
    assert {type(collector) for collector in COLLECTORS} == defined


def test_names_of_collectors_tell_their_family() -> None:
    """And are given once."""
    names = [collector.name for collector in COLLECTORS]
    assert len(set(names)) == len(names)
    assert all(type(collector).__module__.split(".")[2] == collector.name.partition(".")[0] for collector in COLLECTORS)


def test_extractors_are_distinct_and_sorted() -> None:
    """Every collector's, though two may share one, and no other."""
    assert set(EXTRACTORS) == {extractor for collector in COLLECTORS for extractor in collector.extractors}
    names = [extractor.name for extractor in EXTRACTORS]
    assert names == sorted(set(names))
    assert ScriptExtractor.name in names


def test_extractors_keep_plain_data_or_nothing_of_any_bytes() -> None:
    """Whatever a file holds, they neither raise nor return what the cache cannot keep."""
    for extractor in EXTRACTORS:
        for content in (
            b"",
            b"\0" * 100,
            b"\xff\xfe#!",
            b"#!\xff\n",
            b"-----BEGIN PGP SIGNED",
            b"-----BEGIN RSA PRIVATE KEY",
        ):
            for path in (*sorted(extractor.wants.paths), "bin/x", "root/.netrc", ".env", "config.json"):
                reading = open_reading(extractor, path, size=len(content), mode=0o755)
                if content:
                    reading.feed(memoryview(content))
                value = reading.finish()
                assert value is None or isinstance(value, bool | int | str | bytes | list | dict)
