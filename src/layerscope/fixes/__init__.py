"""What to change: the plan, and the layers of an image edited without a build."""
