"""How a person reads a result."""
