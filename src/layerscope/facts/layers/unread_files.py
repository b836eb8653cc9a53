"""Files of which an extractor kept nothing, since it failed or since there was too much to keep."""

from collections.abc import Iterator

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.gap import Gap
from layerscope.layers.kept_values import UNREAD, list_unread


class UnreadFileCollector(Collector):
    """Tells of them as gaps, one a layer, extractor and cause."""

    name = "layers.unread_files"

    def collect(self, context: FactContext) -> Iterator[Gap]:
        """Yield the gaps, lowest layer first."""
        groups: dict[tuple[int, str, bool], list[tuple[str, str]]] = {}
        for layer, path, value in context.extracts(UNREAD):
            for name, why, is_own_failure in list_unread(value):
                groups.setdefault((layer, name, is_own_failure), []).append((path, why))
        for (layer, name, is_own_failure), found in sorted(groups.items()):
            path, why = found[0]
            more = f", and {len(found) - 1:,} more files of layer {layer}" if len(found) > 1 else ""
            cause = f"the extractor failed: {why}" if is_own_failure else why
            yield Gap(f"{name} of a file", f"/{path}", f"{cause}{more}", is_own_failure=is_own_failure)
