"""The running container: what it says when it is asked to generate, stage by stage."""
