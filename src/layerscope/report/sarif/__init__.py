"""SARIF 2.1.0: what viewers, editors and GitHub's code scanning read."""
