"""Top-level imports of JavaScript are found; what may never run is not."""

from hypothesis import given
from hypothesis import strategies as st

from layerscope.formats.javascript_imports import SIZE_LIMIT, parse_imports

SCRIPT = b"""#!/usr/bin/env node
'use strict';
/* const no = require('in-comment')
require('in-comment-too') */
// require('line-comment')
const express = require('express');
const { createHash } = require("crypto")
const {
  a,
} = require('./lib/database');
require('dotenv').config();
module.exports = require('./app')
import fs from 'node:fs/promises';
import './side-effect.js';
export { b } from "./b.js";
import {
  c,
} from '@scope/c/sub';
try {
  require('optional');
} catch {}
function later() {
  return require('lazy');
}
const name = require(`./${variable}`);
import('dynamic');
"""


def test_finds_statements_at_the_first_column() -> None:
    """Optional, lazy, computed and commented ones are not among them."""
    assert parse_imports(SCRIPT) == (
        "express", "crypto", "./lib/database", "dotenv", "./app", "node:fs/promises", "./side-effect.js", "./b.js",
        "@scope/c/sub",
    )  # fmt: skip


def test_a_bundle_is_not_looked_at() -> None:
    """It brings what it needs."""
    assert parse_imports(b"require('a')\n" + b" " * SIZE_LIMIT) == ()


@given(st.text(alphabet="consta requi('\")={},\n/*from x", max_size=200))
def test_takes_any_text(text: str) -> None:
    """It ends, with names or none."""
    parse_imports(text.encode())
