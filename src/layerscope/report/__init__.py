"""How a result is told."""
