"""Talking to a container engine, through the Docker SDK."""
