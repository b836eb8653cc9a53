"""The check of images against a policy, told in every format that it has."""
