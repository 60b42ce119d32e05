"""The images that both command lines are shown, by the names they have below ``PLACE``."""

from manyfest.contracts.images import docker_image, oci_image, windows_image, with_config

DOCKER = {
    "app:armv7": docker_image("linux/arm/v7"),
    "app:amd64": docker_image("linux/amd64"),
    "app:arm64": docker_image("linux/arm64/v8"),
    "app:loong64": docker_image("linux/loong64"),
    "app:win": windows_image(),
    "other:amd64": docker_image("linux/amd64", text="other"),
    "other:386": docker_image("linux/386", text="other"),
    "app:bare": with_config(b"{}"),
    "app:again": with_config(
        b'{"architecture": "amd64", "os": "windows", "os.features": ["a", "a", "b"]}'
    ),
}
OCI = {
    "oci:riscv64": oci_image("linux/riscv64"),
    "oci:amd64": oci_image("linux/amd64"),
    "a/first:amd64": oci_image("linux/amd64", text="first"),
    "oci:odd": oci_image(
        "linux/amd64", annotations={"a": "<&>\u2028é"}, artifactType="x/y", **{"x-unknown": [1e3]}
    ),
}
IMAGES = DOCKER | OCI


def by_digest(name: str) -> str:
    """The same image as ``repository@digest``."""
    return f"{name.partition(':')[0]}@{IMAGES[name].digest}"


def by_both(name: str) -> str:
    """The same image as ``repository:tag@digest``."""
    return f"{name}@{IMAGES[name].digest}"
