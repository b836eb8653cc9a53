"""The JSON Schema of the report, generated from its types; `json_v1.schema.json` beside this file is its text."""

from pathlib import Path
from typing import Final

import msgspec

from layerscope.report.json_text import encode_json
from layerscope.report.json_v1 import SCHEMA_VERSION, ReportV1

SCHEMA_FILE: Final = Path(__file__).with_name("json_v1.schema.json")
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def render_schema() -> str:
    """Return the schema as text."""
    schema = msgspec.json.schema(ReportV1)
    return encode_json({"$schema": DIALECT, "title": f"layerscope report, version {SCHEMA_VERSION}", **schema})
