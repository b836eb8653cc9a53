"""From an audit, and a probe where there is one, to the recipe of a run: one file for each kind of setting."""
