"""Commands name packages, the first of many."""

from layerscope.rules.system_packages import reinstall_command, remove_command


def test_names_the_packages() -> None:
    """In the words of each manager."""
    assert reinstall_command("apk", ["a", "b"]) == "apk fix --no-cache a b"
    assert remove_command("dpkg", [f"p{number}" for number in range(12)]).endswith("p8 p9 …")
