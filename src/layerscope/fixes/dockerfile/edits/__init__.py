"""The edits, each for the findings of one rule or of few."""
