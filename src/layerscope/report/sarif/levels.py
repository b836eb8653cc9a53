"""Severities as SARIF and GitHub's code scanning know them, and which rules are about security."""

from typing import Final, Literal

from layerscope.rules.severity import Confidence, Severity

LevelName = Literal["error", "warning", "note"]

LEVELS: Final[dict[Severity, LevelName]] = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
"""`level` of a result (SARIF 2.1.0, 3.27.10); `none` would say that nothing is wrong."""

SECURITY_SCORES: Final = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.0",
    Severity.INFO: "0.1",
}
"""`security-severity` by which GitHub calls an alert critical (over 9.0), high (7.0), medium (4.0) or low.

https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
"""

PRECISIONS: Final = {Confidence.HIGH: "high", Confidence.MEDIUM: "medium", Confidence.LOW: "low"}
"""`precision` of a rule, by which GitHub orders alerts."""

SECURITY_RULES: Final = frozenset(
    {
        "blob-digest-mismatch",
        "diff-id-mismatch",
        "refused-entry",
        "irregular-entry",
        "toc-tar-mismatch",
        "unverified-layer",
        "expired-release",
        "altered-package",
        "expired-node",
        "python-end-of-life",
        "altered-distribution",
        "empty-library-path-entry",
        "escaping-runpath",
        "excessive-driver-capabilities",
        "root-user",
        "secret-in-environment",
        "secret-in-history",
        "secret-in-layer",
        "needed-privilege",
    }
)
"""Rules whose findings somebody could make use of: changed bytes, credentials, rights, searched folders, no updates."""
