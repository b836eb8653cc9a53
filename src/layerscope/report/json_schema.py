"""The JSON Schemas of the reports, generated from their types; the files named here hold their text."""

from pathlib import Path
from typing import Final

import msgspec

from layerscope.report.diff.json_v1 import DiffV1
from layerscope.report.gate.json_v1 import CheckV1
from layerscope.report.json_text import encode_json
from layerscope.report.json_v1 import SCHEMA_VERSION, ReportV1

SCHEMA_FILE: Final = Path(__file__).with_name("json_v1.schema.json")
DIFF_SCHEMA_FILE: Final = Path(__file__).with_name("diff") / "json_v1.schema.json"
CHECK_SCHEMA_FILE: Final = Path(__file__).with_name("gate") / "json_v1.schema.json"
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def render_schema() -> str:
    """The schema of an audit's report."""
    return _render(ReportV1, "layerscope report")


def render_diff_schema() -> str:
    """The schema of a comparison's report."""
    return _render(DiffV1, "layerscope comparison")


def render_check_schema() -> str:
    """The schema of a check's report."""
    return _render(CheckV1, "layerscope check")


def _render(kind: type[msgspec.Struct], title: str) -> str:
    schema = msgspec.json.schema(kind)
    return encode_json({"$schema": DIALECT, "title": f"{title}, version {SCHEMA_VERSION}", **schema})
