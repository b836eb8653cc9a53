"""Changes of the Dockerfile that an image was built from."""
