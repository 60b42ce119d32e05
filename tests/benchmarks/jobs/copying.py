"""Benchmark: copy a list of images with large layers, to a registry, to a layout, and again."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from attrs import evolve, frozen

from tests.benchmarks.jobs.empty_program import EMPTY
from tests.benchmarks.jobs.publishers import regctl_without_tls
from tests.benchmarks.jobs.seed import large_list
from tests.benchmarks.measuring.cases import MANYFEST, Case, Command, Contender, Place, nothing
from tests.benchmarks.measuring.measurements import Target

_IMAGES, _LAYERS, _SIZE = 4, 5, 20 * 1024 * 1024
_OVER_EMPTY = 0.08  # seconds to find that all is there, at no distance
_OVER_IMPORTS = 16  # MiB of memory, beyond what a copy takes that moves nothing
_SOURCE, _TARGET, _LAYOUT = "{source}", "{target}", "{home}/layout"
_ROOTS_BLOBS = Path("/var/lib/containers/cache/blob-info-cache-v1.boltdb")


def skopeo_without_known_blobs(_: Place) -> None:
    """Let skopeo forget which repositories hold which blobs.

    Run by root, it keeps that outside of the home folder, and mounts from the target of its run
    before in place of copying (containers/image, ``pkg/blobinfocache/default.go``).
    """
    if os.access(_ROOTS_BLOBS, os.W_OK):
        _ROOTS_BLOBS.unlink()


@frozen
class Copier:
    """A tool's commands that copy a list with all its images.

    In ``registry`` and ``layout`` stand ``{source}`` and ``{target}``, names in registries, and
    ``{home}``, a folder. Without ``layout`` it writes no layout. ``plain`` are its options for
    plain HTTP.
    """

    tool: str
    needs: Command
    registry: Command
    layout: Command = ()
    plain: Command = ()
    plain_layout: Command = ()
    before: Callable[[Place], None] = nothing


COPIERS = (
    Copier(
        "manyfest copy",
        (MANYFEST, "--version"),
        (MANYFEST, "copy", _SOURCE, _TARGET),
        (MANYFEST, "copy", _SOURCE, f"oci:{_LAYOUT}:1"),
    ),
    Copier(
        "skopeo",
        ("skopeo", "--version"),
        ("skopeo", "copy", "--all", f"docker://{_SOURCE}", f"docker://{_TARGET}"),
        ("skopeo", "copy", "--all", f"docker://{_SOURCE}", f"oci:{_LAYOUT}:1"),
        plain=("--src-tls-verify=false", "--dest-tls-verify=false"),
        plain_layout=("--src-tls-verify=false",),
        before=skopeo_without_known_blobs,
    ),
    Copier(
        "crane",
        ("crane", "version"),
        ("crane", "copy", _SOURCE, _TARGET),
        ("crane", "pull", "--format=oci", _SOURCE, _LAYOUT),
        plain=("--insecure",),
        plain_layout=("--insecure",),
    ),
    Copier(
        "regctl",
        ("regctl", "version"),
        ("regctl", "image", "copy", _SOURCE, _TARGET),
        ("regctl", "image", "copy", _SOURCE, f"ocidir://{_LAYOUT}:1"),
        before=regctl_without_tls,
    ),
    Copier(
        "oras",
        ("oras", "version"),
        ("oras", "copy", _SOURCE, _TARGET),
        ("oras", "copy", "--to-oci-layout", _SOURCE, f"{_LAYOUT}:1"),
        plain=("--from-plain-http", "--to-plain-http"),
        plain_layout=("--from-plain-http",),
    ),
    Copier(
        "docker buildx",
        ("docker", "buildx", "version"),
        ("docker", "buildx", "imagetools", "create", "-t", _TARGET, _SOURCE),
    ),
)


def contender(copier: Copier, template: Command, plain: Command) -> Contender:
    def commands(place: Place) -> Iterable[Command]:
        names = {
            "source": place.site.image(0),
            "target": place.copy_name,
            "home": str(place.home),
        }
        options = place.site.unless_tls(*plain)
        return ((*(part.format(**names) for part in template), *options),)

    return Contender(copier.tool, copier.needs, commands, copier.before)


def to_registry() -> tuple[Contender, ...]:
    """Return all tools, copying to the other registry."""
    return tuple(contender(copier, copier.registry, copier.plain) for copier in COPIERS)


def to_layout() -> tuple[Contender, ...]:
    """Return the tools that write layouts, copying to a new one."""
    return tuple(
        contender(copier, copier.layout, copier.plain_layout) for copier in COPIERS if copier.layout
    )


def aiming(contenders: Iterable[Contender], aim: Target) -> tuple[Contender, ...]:
    """Return the contenders, of which the first, which is ours, has this aim.

    Its memory is compared with that of our command when all is there already, which comes last.
    """
    ours, *rivals = contenders
    nothing_moves = evolve(ours, tool=f"{ours.tool}, all there already", before=made_before(ours))
    peak = Target(nothing_moves.tool, 1, _OVER_IMPORTS)
    return (evolve(ours, aim=aim, peak_aim=peak), *rivals, nothing_moves)


def there_already(contenders: Iterable[Contender]) -> tuple[Contender, ...]:
    """Return the contenders, each of which has made its copy before."""
    return tuple(evolve(one, before=made_before(one)) for one in contenders)


def made_before(one: Contender) -> Callable[[Place], None]:
    def before(place: Place) -> None:
        one.before(place)
        for command in one.commands(place):
            place.run(command)

    return before


def copying(name: str, what: str, contenders: tuple[Contender, ...], **options: object) -> Case:
    """Return a case of copying the list, beside skopeo."""
    title = f"a list of {_IMAGES} images with {_LAYERS} layers of 20 MiB each, {what}"
    prepare = large_list(_IMAGES, _LAYERS, _SIZE)
    return Case(f"copy-{name}", title, contenders, prepare=prepare, baseline="skopeo", **options)


def again(rtt: int) -> Case:
    """Return the case in which all is there, ``rtt`` ms away."""
    # a round trip more for each of two levels: the list, and its images
    aim = Target(EMPTY.tool, 1, _OVER_EMPTY + 2 * rtt / 1000)
    ours, *rivals = there_already(to_registry())
    contenders = (evolve(ours, aim=aim), *rivals, EMPTY)
    what = "copied to a registry that has it"
    return copying(f"again-{rtt}ms", what, contenders, rtt=rtt, runs=9)


CASES = (
    copying("registry", "copied to another registry", aiming(to_registry(), Target("skopeo", 0.8))),
    copying(
        "registry-tls",
        "copied to another registry",
        aiming(to_registry(), Target("skopeo", 0.8)),
        tls=True,
    ),
    copying("layout", "copied to a layout", aiming(to_layout(), Target("skopeo", 0.75))),
    again(0),
    again(20),
)
