"""Layer surgery: a new image made of the layers of an old one, without a build."""
