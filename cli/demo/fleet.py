"""A store of a small fleet: repositories with a past, SBOMs, gaps, a draft, and claims.

What there is to find: a tag that moved three times, once because of its list alone; a release that
lacks a platform; images that share their base; a package that only the older release has; a list
with two entries for one platform; one whose image is not cached; states that only others claim.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from manyfest.cli.demo.documents import (
    DemoManifest,
    DemoStep,
    Recipe,
    attestation,
    image,
    index,
    signature,
)
from manyfest.domain.digests import Digest
from manyfest.domain.drafts.draft import Draft, Entry
from manyfest.domain.history.observation import Observation
from manyfest.domain.ports.content_store import ContentStore
from manyfest.domain.ports.draft_book import DraftBook
from manyfest.domain.references import Reference

WEB, WORKER = "ghcr.io/acme/web", "ghcr.io/acme/worker"
SHOP, ALPINE = "registry.example.com/shop/api", "docker.io/library/alpine"
_SOURCE = "https://git.example.com/acme/web.git@" + "4f" * 20
_AMD, _ARM, _ARMV7 = "linux/amd64", "linux/arm64", "linux/arm/v7"
_DAY = timedelta(days=1)

_BASE = (
    DemoStep("ADD alpine-minirootfs-3.20.3.tar.gz / # buildkit", 3_624_000),
    DemoStep('CMD ["/bin/sh"]'),
)
_SYSTEM = (("alpine-baselayout", "3.6.5-r0"), ("busybox", "1.36.1-r29"), ("musl", "1.2.5-r0"))


class _Shelf:
    """The content and the observations of the fleet, collected to be kept at once."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._documents: list[DemoManifest] = []
        self._observations: list[Observation] = []

    def add(self, *documents: DemoManifest) -> None:
        self._documents += documents

    def tag(
        self,
        name: str,
        listed: DemoManifest,
        days: float,
        until: float = 0,
        *,
        is_claimed: bool = False,
    ) -> None:
        """Observe a tag from so many days ago until so many days ago."""
        began, ended = (self._now - each * _DAY for each in (days, until))
        self.add(listed)
        place = Reference.parse(name), listed.manifest.digest
        self._observations.append(Observation(*place, ended, began, is_claimed))

    def claim(self, name: str, digest: Digest, days: float, source: str) -> None:
        moment = self._now - days * _DAY
        named = Reference.parse(name), digest, moment, moment
        self._observations.append(Observation(*named, is_claimed=True, source=source))

    def keep(self, contents: ContentStore) -> None:
        contents.keep_manifests([one.manifest for one in self._documents])
        contents.keep_blobs([blob for one in self._documents for blob in one.blobs])
        contents.observe(self._observations)


def fill_fleet(contents: ContentStore, drafts: DraftBook, now: datetime) -> None:
    """Fill an empty store; ages are those at ``now``."""
    now = now.replace(microsecond=0)
    shelf = _Shelf(now)
    base = _add_alpine(shelf, now)
    newest = _add_web(shelf, now)
    _add_worker(shelf, now)
    _add_shop(shelf, now)
    for days in (400, 300, 200):
        shelf.claim(f"{ALPINE}:3.20", _gone(days), days, "docker-library/repo-info")
    with contents.transaction():
        shelf.keep(contents)
        drafts.save(_draft([*newest, base], now))


def _add_alpine(shelf: _Shelf, now: datetime) -> DemoManifest:
    made = [image(Recipe(_BASE, {"Cmd": ["/bin/sh"]}, now - 90 * _DAY), one) for one in _PLATFORMS]
    shelf.add(*made)
    shelf.tag(f"{ALPINE}:3.20", index(made), 80)
    return made[0]


_PLATFORMS = (_AMD, _ARM, _ARMV7)


def _web(release: str, openssl: str, created: datetime) -> Recipe:
    steps = (
        *_BASE,
        DemoStep("RUN apk add --no-cache nginx openssl # buildkit", 2_410_000, openssl),
        DemoStep("COPY dist /usr/share/nginx/html # buildkit", 1_130_000 + len(release), release),
        DemoStep(f"ENV RELEASE={release}"),
        DemoStep('ENTRYPOINT ["nginx" "-g" "daemon off;"]'),
    )
    runtime = {
        "User": "nginx",
        "Env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", f"RELEASE={release}"],
        "Entrypoint": ["nginx", "-g", "daemon off;"],
        "ExposedPorts": {"8080/tcp": {}} if release != "1.0" else {"80/tcp": {}},
        "Labels": {
            "org.opencontainers.image.version": release,
            "org.opencontainers.image.base.name": f"{ALPINE}:3.20",
        },
    }
    return Recipe(steps, runtime, created)


def _add_web(shelf: _Shelf, now: datetime) -> list[DemoManifest]:
    """Release 1.1 lacks a platform; ``latest`` was republished with it a day later, as 1.2."""
    platforms = {"1.0": _PLATFORMS, "1.1": (_AMD, _ARM), "1.2": _PLATFORMS}
    openssl = {"1.0": "3.3.1-r3", "1.1": "3.3.2-r0", "1.2": "3.3.2-r0"}
    days = {"1.0": 40.0, "1.1": 12.0, "1.2": 3.0}
    made: list[DemoManifest] = []
    for release, version in openssl.items():
        recipe = _web("1.1" if release == "1.2" else release, version, now - days[release] * _DAY)
        if release == "1.2":  # the same images, and one more
            made = [*made, image(recipe, _ARMV7)]
        else:
            made = [image(recipe, platform) for platform in platforms[release]]
        packages = (*_SYSTEM, ("nginx", "1.26.2-r0"), ("openssl", version))
        about = [attestation(one, packages, _SOURCE) for one in made[:2]]
        title = {"org.opencontainers.image.title": "web"}
        listed = index(made, about, title)
        shelf.add(*made, *about, signature(listed.manifest))
        shelf.tag(f"{WEB}:{release}", listed, days[release])
        later = [each for each in days.values() if each < days[release]]
        shelf.tag(f"{WEB}:latest", listed, days[release], max(later, default=0.0) + 0.1)
    return made


def _add_worker(shelf: _Shelf, now: datetime) -> None:
    """A list with two entries for one platform: clients take the first."""
    steps = (*_BASE, DemoStep("COPY worker /usr/bin/worker # buildkit", 8_200_000))
    once, again = (
        image(
            Recipe((*steps, DemoStep(f"ENV BUILD={build}")), {"Cmd": ["worker"]}, now - _DAY), _AMD
        )
        for build in "12"
    )
    shelf.add(once, again)
    shelf.tag(f"{WORKER}:nightly", index([once, again]), 1)


def _add_shop(shelf: _Shelf, now: datetime) -> None:
    """A list with an image that is not cached, and one that only a bundle claims."""
    recipe = Recipe(
        (*_BASE, DemoStep("COPY api /api # buildkit", 5_100_000)), {"Cmd": ["/api"]}, now
    )
    cached, missing = (image(recipe, platform) for platform in (_AMD, _ARM))
    shelf.add(cached)
    shelf.tag(f"{SHOP}:2026.11", index([cached, missing]), 5)
    shelf.tag(f"{SHOP}:2026.10", index([cached]), 30, 30, is_claimed=True)


def _draft(images: Sequence[DemoManifest], now: datetime) -> Draft:
    source = Reference.parse(f"{WEB}:1.2")
    entries = tuple(Entry(source.at(one.manifest.digest), one.entry) for one in images[:3])
    return Draft(Reference.parse(f"{WEB}:1.3"), now, now, entries)


def _gone(days: int) -> Digest:
    """The digest of a state that is no longer anywhere."""
    return Digest.of(f"alpine, {days} days ago".encode())
