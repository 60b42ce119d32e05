"""The commands by which each tool publishes a list of images from one repository."""

import json
from collections.abc import Callable, Iterable

from tests.benchmarks.jobs.empty_program import EMPTY
from tests.benchmarks.measuring.cases import MANYFEST, Command, Contender, Place
from tests.benchmarks.measuring.measurements import Target

Commands = Callable[[Place], Iterable[Command]]


def publishers(count: int, aim: Target | None = None) -> tuple[Contender, ...]:
    """Return all tools, with the first ``count`` images; ``aim`` is that of one command of ours."""
    ours = (MANYFEST, "--version")
    return (
        Contender("docker", ("docker", "--version"), docker(count)),
        Contender("manyfest create; push", ours, create_then_push(count)),
        Contender("manyfest create --push", ours, create_and_push(count), aim=aim),
        Contender("buildah", ("buildah", "--version"), buildah(count)),
        Contender("crane", ("crane", "version"), crane(count)),
        Contender("regctl", ("regctl", "version"), regctl(count), regctl_without_tls),
        Contender("oras", ("oras", "manifest", "index", "create", "--help"), oras(count)),
        Contender("docker buildx", ("docker", "buildx", "version"), buildx(count)),
        Contender("manifest-tool", ("manifest-tool", "--version"), manifest_tool, spec(count)),
        EMPTY,
    )


def docker(count: int) -> Commands:
    def commands(place: Place) -> Iterable[Command]:
        plain = place.site.unless_tls("--insecure")
        manifest = ("docker", "manifest")
        yield (*manifest, "create", *plain, place.list_name, *place.site.images(count))
        yield (*manifest, "push", *plain, place.list_name)

    return commands


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
        plain = place.site.unless_tls("--tls-verify=false")
        yield (*manifest, "create", "list")
        for image in place.site.images(count):
            yield (*manifest, "add", *plain, "list", f"docker://{image}")
        yield (*manifest, "push", *plain, "list", f"docker://{place.list_name}")

    return commands


def crane(count: int) -> Commands:
    return lambda place: (
        (
            *("crane", "index", "append", *place.site.unless_tls("--insecure")),
            *("-t", place.list_name),
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
    """Tell regctl, which has no option for it, where plain HTTP is spoken."""
    for host in place.site.unless_tls(place.site.far, place.site.other):
        place.run(("regctl", "registry", "set", "--tls=disabled", host))


def oras(count: int) -> Commands:
    """Name the images by their tags: they are in the list's repository."""
    return lambda place: (
        (
            *("oras", "manifest", "index", "create", *place.site.unless_tls("--plain-http")),
            *(place.list_name, *map(str, range(count))),
        ),
    )


def buildx(count: int) -> Commands:
    """Create without an option: buildx speaks plain HTTP to a registry on loopback."""
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
    plain = place.site.unless_tls("--plain-http")
    return (("manifest-tool", *plain, "push", "from-spec", file),)
