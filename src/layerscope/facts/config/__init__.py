"""Facts about the image's config: process, environment, identity, build history."""
