"""`layerscope rules`: what is looked for, and why."""

import difflib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from layerscope.cli import exit_codes
from layerscope.cli.command import Command
from layerscope.cli.console import Console
from layerscope.cli.options import output_option, policy_dir_option, with_console
from layerscope.cli.outputs import TEXT_AND_JSON, Renderer, deliver, parse_outputs
from layerscope.errors import UsageError
from layerscope.policies.policies import TABLES, Policies
from layerscope.policies.table import find_place, read_head
from layerscope.report.policies_view import PolicyTable, render_policies_json, render_policies_text
from layerscope.report.rules_view import (
    render_rule_json,
    render_rule_list_json,
    render_rule_list_text,
    render_rule_text,
)
from layerscope.rules.documentation import document_rule
from layerscope.rules.registry import RULES, find_rule
from layerscope.rules.rule import Rule

CLOSE: Final = 0.8
"""Likeness from which a name is taken for a slip of another: two letters of ten."""

_CODE: Final = re.compile(r"([a-z]{2,6})[-_ ]?(\d{1,4})", re.ASCII)


@click.group("rules")
def command() -> None:
    """List the rules, explain one, or show the tables they rest on."""


@command.command("list", cls=Command)
@output_option
@with_console
def list_rules(*, output: tuple[str, ...], console: Console) -> int:
    """List every rule with its code, severity and name."""
    outputs = parse_outputs(output, formats=TEXT_AND_JSON)
    documented = [document_rule(rule) for rule in RULES]
    renderers: dict[str, Renderer] = {
        "terminal": lambda context: render_rule_list_text(documented, context),
        "json": lambda _: render_rule_list_json(documented),
    }
    deliver(outputs, renderers, context=console.render_context(), console=console)
    return exit_codes.CLEAN


@command.command("explain", cls=Command)
@click.argument("rule", metavar="CODE-OR-NAME")
@output_option
@with_console
def explain_rule(rule: str, *, output: tuple[str, ...], console: Console) -> int:
    """Tell what a rule checks, why it matters, what to do, and what it cannot see."""
    outputs = parse_outputs(output, formats=TEXT_AND_JSON)
    documented = document_rule(_find(rule))
    renderers: dict[str, Renderer] = {
        "terminal": lambda context: render_rule_text(documented, context),
        "json": lambda _: render_rule_json(documented),
    }
    deliver(outputs, renderers, context=console.render_context(), console=console)
    return exit_codes.CLEAN


@command.command("policies", cls=Command)
@policy_dir_option
@output_option
@with_console
def list_policies(*, policy_dir: Path | None, output: tuple[str, ...], console: Console) -> int:
    """List the tables of outside knowledge, and how old they are.

    What is known of drivers, GPUs, releases and error messages is no code: each table names its sources and the day on
    which they were checked.
    """
    outputs = parse_outputs(output, formats=TEXT_AND_JSON)
    policies = Policies(policy_dir)
    policies.check()
    tables = [
        PolicyTable(name, *read_head(name, policies.directory), find_place(name, policies.directory)) for name in TABLES
    ]
    today = datetime.now(UTC).date()
    renderers: dict[str, Renderer] = {
        "terminal": lambda context: render_policies_text(tables, today, context),
        "json": lambda _: render_policies_json(tables, today),
    }
    deliver(outputs, renderers, context=console.render_context(), console=console)
    return exit_codes.CLEAN


def _find(handle: str) -> Rule:
    rule = find_rule(handle)
    if rule is None:
        codes = {rule.code.lower(): rule.code for rule in RULES}
        names = {rule.name(): rule.name() for rule in RULES}
        near = _find_near(handle, {**codes, **names})
        hint = f"did you mean {near}?" if near else "'layerscope rules list' names them all"
        raise UsageError(f"explaining rule {handle[:80]!r}: there is none of that code or name; {hint}")
    return rule


def _find_near(handle: str, known: Mapping[str, str]) -> str:
    """The rule that a slip or two lie between; codes all look alike, so of them only one that is written otherwise."""
    wanted = handle.strip().lower()[:80]
    code = _CODE.fullmatch(wanted)
    if code is not None:
        return known.get(f"{code[1]}{int(code[2]):03}", "")
    near = difflib.get_close_matches(wanted, known, n=1, cutoff=CLOSE)
    return known[near[0]] if near else ""
