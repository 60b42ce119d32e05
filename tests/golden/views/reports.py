"""Reports in lines of text, made of content in memory, for the golden files of views."""

from collections.abc import Iterator

from manyfest.cli.output import Screen
from manyfest.cli.rendering.auth_report import LABEL_WIDTH, auth_text, painted_fact
from manyfest.cli.rendering.cache.catalogue import statistics_lines
from manyfest.cli.rendering.diff.diff_text import diff_text, painted_difference
from manyfest.cli.rendering.findings import findings_text, painted_finding
from manyfest.cli.rendering.table import text_lines
from manyfest.contracts.images import Image, oci_image, oci_index, push_image
from manyfest.domain.access import (
    AuthExplanation,
    Credentials,
    CredentialSource,
    TokenScopes,
)
from manyfest.domain.errors import DeniedError
from manyfest.domain.operations.views.diff import diff
from manyfest.domain.operations.views.verify import verify
from manyfest.domain.ports.catalogue import CountAndBytes, RegistryStatistics, Statistics
from manyfest.domain.references import Reference
from tests.golden.generate import NOW
from tests.support.ports import PlainPorts

LONG = (
    "127.0.0.1:5931/platform-engineering/customer-experience/checkout-service-frontend"
    ":release-2026.11.29-rc.1-build.48213-multi"
)
AMD64 = oci_image("linux/amd64")
ARM64 = oci_image("linux/arm64/v8")
WINDOWS = oci_image("windows(10.0.26100.1742)/amd64")


def _ports(**planted: Image) -> PlainPorts:
    """A registry in memory, with an image or a list under each tag beside ``LONG``."""
    ports = PlainPorts()
    for tag, image in planted.items():
        push_image(ports.registry, Reference.parse(LONG).tagged(tag), image)
    return ports


def diff_lines(screen: Screen) -> Iterator[str]:
    """One image changed, one removed, one added; other annotations."""
    changed = oci_image("linux/amd64", text="other", annotations={"org.example.revision": "b" * 60})
    old = oci_index(AMD64, ARM64, annotations={"org.opencontainers.image.title": "App" * 30})
    ports = _ports(old=old, new=oci_index(changed, WINDOWS))
    tag = Reference.parse(LONG)
    found = diff(tag.tagged("old"), tag.tagged("new"), ports=ports)
    return iter(text_lines(diff_text(found, screen), painted_difference, screen=screen))


def verify_lines(screen: Screen) -> Iterator[str]:
    """Two entries for one platform: a warning or an error each, and the summary."""
    twin = oci_image("linux/amd64", text="twin")
    ports = _ports(list=oci_index(AMD64, twin, ARM64))
    found = verify(Reference.parse(LONG).tagged("list"), ports=ports)
    return iter(text_lines(findings_text(found), painted_finding, screen=screen))


def auth_lines(screen: Screen) -> Iterator[str]:
    """Credentials of a helper, a token that grants less than is wanted, a refusal."""
    name = Reference.parse(LONG)
    repository = f"repository:{str(name.home).partition('/')[2]}"
    wanted = frozenset({(repository, "pull"), (repository, "push")})
    granted = frozenset({(repository, "pull")})
    source = CredentialSource("/home/me/.docker/config.json", "127.0.0.1:5931", "helper")
    explanation = AuthExplanation(
        Credentials("ci-robot", "secret", source=source),
        "bearer",
        "https://auth.example.com/service/token",
        (TokenScopes(wanted, granted), TokenScopes(granted, None)),
        refusal=DeniedError("127.0.0.1:5931", "denied"),
    )
    text = auth_text(name, explanation)
    return iter(text_lines(text, painted_fact, hang=LABEL_WIDTH, screen=screen))


def stats_lines(screen: Screen) -> Iterator[str]:
    """A store of some gigabytes, of two registries and layouts."""
    hosts = [
        RegistryStatistics("oci", 12, CountAndBytes(40, 60_000)),
        RegistryStatistics(
            "registry-cache.customer-experience.eu-central-1.example.com:5000",
            10_234,
            CountAndBytes(41_000, 90_000_000),
        ),
    ]
    statistics = Statistics(
        images=CountAndBytes(36_000, 80_000_000),
        lists=CountAndBytes(5_040, 10_060_000),
        configs=CountAndBytes(36_000, 230_000_000),
        layers=CountAndBytes(210, 6_400_000_000),
        partial=CountAndBytes(1, 17_000_000),
        tags=10_246,
        observations=20_113,
        drafts=3,
        quarantined=CountAndBytes(),
        file_size=340_000_000,
        reusable_size=12_000_000,
        oldest=NOW,
        newest=NOW,
        registries=tuple(hosts),
    )
    return statistics_lines(statistics, screen)
