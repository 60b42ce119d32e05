"""The commands by which each tool publishes a list of images from one repository."""

import json
from collections.abc import Callable, Iterable

from tests.benchmarks.cases import MANYFEST, Command, Contender, Place

Commands = Callable[[Place], Iterable[Command]]


def publishers(count: int) -> tuple[Contender, ...]:
    """Return all tools, with the first ``count`` images."""
    return (
        Contender("docker", ("docker", "--version"), docker(count)),
        Contender("manyfest create; push", (MANYFEST, "--version"), create_then_push(count)),
        Contender("manyfest create --push", (MANYFEST, "--version"), create_and_push(count)),
        Contender("buildah", ("buildah", "--version"), buildah(count)),
        Contender("crane", ("crane", "version"), crane(count)),
        Contender("regctl", ("regctl", "version"), regctl(count), regctl_without_tls),
        Contender("docker buildx", ("docker", "buildx", "version"), buildx(count)),
        Contender("manifest-tool", ("manifest-tool", "--version"), manifest_tool, spec(count)),
    )


def docker(count: int) -> Commands:
    return lambda place: (
        ("docker", "manifest", "create", "--insecure", place.list_name, *place.site.images(count)),
        ("docker", "manifest", "push", "--insecure", place.list_name),
    )


def create_then_push(count: int) -> Commands:
    return lambda place: (
        (MANYFEST, "create", place.list_name, *place.site.images(count)),
        (MANYFEST, "push", place.list_name),
    )


def create_and_push(count: int) -> Commands:
    return lambda place: (
        (MANYFEST, "create", "--push", place.list_name, *place.site.images(count)),
    )


def buildah(count: int) -> Commands:
    """Push without ``--all``: the images are in the target repository already."""

    def commands(place: Place) -> Iterable[Command]:
        storage = (f"--root={place.home}/root", f"--runroot={place.home}/run")
        manifest = ("buildah", "--storage-driver=vfs", *storage, "manifest")
        plain = "--tls-verify=false"
        yield (*manifest, "create", "list")
        for image in place.site.images(count):
            yield (*manifest, "add", plain, "list", f"docker://{image}")
        yield (*manifest, "push", plain, "list", f"docker://{place.list_name}")

    return commands


def crane(count: int) -> Commands:
    return lambda place: (
        (
            *("crane", "index", "append", "--insecure", "-t", place.list_name),
            *(f"--manifest={image}" for image in place.site.images(count)),
        ),
    )


def regctl(count: int) -> Commands:
    return lambda place: (
        (
            *("regctl", "index", "create", place.list_name),
            *(f"--ref={image}" for image in place.site.images(count)),
        ),
    )


def regctl_without_tls(place: Place) -> None:
    place.run(("regctl", "registry", "set", "--tls=disabled", place.site.far))


def buildx(count: int) -> Commands:
    """buildx speaks plain HTTP to a registry on loopback without an option."""
    create = ("docker", "buildx", "imagetools", "create", "-t")
    return lambda place: ((*create, place.list_name, *place.site.images(count)),)


def spec(count: int) -> Callable[[Place], None]:
    """Prepare the spec file of manifest-tool, in JSON, which is YAML, too."""

    def write(place: Place) -> None:
        manifests = [{"image": image} for image in place.site.images(count)]
        document = {"image": place.list_name, "manifests": manifests}
        (place.home / "list.yaml").write_text(json.dumps(document))

    return write


def manifest_tool(place: Place) -> Iterable[Command]:
    file = str(place.home / "list.yaml")
    return (("manifest-tool", "--plain-http", "push", "from-spec", file),)
