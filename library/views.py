"""The client's methods that only read: registries, layouts, archives and the store."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from manyfest.domain.references import Reference
from manyfest.library import inputs
from manyfest.library.calls import Calls
from manyfest.library.images import Image
from manyfest.library.inputs import Name, PlatformName

if TYPE_CHECKING:
    from manyfest.assembly.session import Session
    from manyfest.domain.digests import Digest
    from manyfest.domain.drafts.draft import Draft
    from manyfest.domain.operations.content.import_history import ImportedHistory
    from manyfest.domain.operations.dependents.find import Dependents
    from manyfest.domain.operations.views.diff import Comparison
    from manyfest.domain.operations.views.history import State
    from manyfest.domain.operations.views.outdated import Checked
    from manyfest.domain.operations.views.overview import Extent, Overview
    from manyfest.domain.operations.views.tags import TagDetails
    from manyfest.domain.operations.views.verify import Verification
    from manyfest.domain.platforms import Platform


_Wanted = tuple[Reference, "Platform | None"]


class Views:
    """Methods that read. Names may be past states, such as ``host/app:1@{1}``."""

    _calls: Calls

    def inspect(self, name: Name, platform: PlatformName | None = None) -> Image:
        """Read the published image or list ``name``, or its image for ``platform``.

        Raises InvalidReferenceError; ManifestUnknownError; NoSuchPlatformError; AccessError;
        UnavailableError.
        """
        from manyfest.domain.operations.views.inspect import inspect

        with self._calls.reading() as session:
            found = inspect(inputs.source(name, session), ports=session)
        image = Image(found, self._calls.reading)
        return image if platform is None else image.image(platform)

    def digest(self, name: Name, platform: PlatformName | None = None) -> "Digest":
        """Return the digest of ``name``, or of its image for ``platform``.

        A tag costs one HEAD.

        Raises as ``inspect``.
        """
        with self._calls.reading() as session:
            return _digest(inputs.source(name, session), platform, session)

    def show(
        self,
        name: Name,
        platform: PlatformName | None = None,
        *,
        long: bool = False,
        referrers: bool = False,
        depth: int | None = None,
        remote: bool = False,
    ) -> "Overview":
        """Look at an image, a list or a draft, with its entries ``depth`` levels down.

        With ``long``, images are read from registries where the store lacks them; with
        ``referrers``, registries are asked for them. ``remote`` passes over a draft of this name.
        Raises as ``inspect``.
        """
        from manyfest.domain.operations.steps.tree import NESTING_LIMIT
        from manyfest.domain.operations.views import show as views
        from manyfest.domain.operations.views.overview import Extent

        extent = Extent(long, referrers, NESTING_LIMIT if depth is None else depth)
        with self._calls.reading() as session:
            place = inputs.source(name, session)
            draft = None if remote else session.drafts.find(place)
            draft = draft if draft and draft.shadows_remote else None
            if (wanted := inputs.platform(platform)) is not None:
                return _image_overview(place, draft, wanted, extent, session)
            if draft is not None:
                return views.show_draft(draft, extent, ports=session)
            return views.show(place, extent, ports=session)

    def tags(
        self,
        repository: Name,
        patterns: str | Iterable[str] = (),
        *,
        by_version: bool = False,
    ) -> tuple[str, ...]:
        """Return the tags of a repository or layout that match one of ``patterns``.

        The order is the registry's, or that of versions. Raises UnavailableError; AccessError;
        NotFoundError: there is no such repository.
        """
        from manyfest.domain.operations.views import tags

        with self._calls.reading() as session:
            listed = session.registry.tags(inputs.repository(repository))
        found = tags.matching(listed, inputs.texts(patterns))
        return tuple(sorted(found, key=tags.by_version) if by_version else found)

    def tag_details(
        self,
        repository: Name,
        patterns: str | Iterable[str] = (),
        *,
        like: Name | None = None,
        by_version: bool = False,
    ) -> "tuple[TagDetails, ...]":
        """Look at each of ``tags`` by HEAD, or return those alone that are ``like``.

        With ``like``, only tags of its digest are returned.

        Raises as ``tags``, and as ``digest`` of ``like``.
        """
        from manyfest.domain.operations.views.tags import details_of_tags

        found = self.tags(repository, patterns, by_version=by_version)
        with self._calls.reading() as session:
            wanted = None if like is None else _digest(inputs.source(like, session), None, session)
            details = details_of_tags(inputs.repository(repository), found, ports=session)
        return tuple(each for each in details if wanted in {None, each.digest})

    def history(self, name: Name) -> "tuple[State, ...]":
        """Return the states of a tag that this store observed, newest first; ask no registry.

        Raises NeverSeenError: it was never read; InvalidReferenceError.
        """
        from manyfest.domain.operations.views.history import history

        with self._calls.reading() as session:
            return history(inputs.named(name), session.contents)

    def import_history(self, name: Name) -> "ImportedHistory":
        """Add to the history of a tag what Quay or docker-library/repo-info recorded of it.

        Raises UnavailableError; NotFoundError; InputError: no server keeps the past of this tag.
        """
        from manyfest.domain.operations.content.import_history import import_history

        with self._calls.writing() as session:
            tag = inputs.named(name)
            return import_history(tag, session.tag_records, session.contents, session.now)

    def who(self, name: "Name | Digest", platform: PlatformName | None = None) -> "Dependents":
        """Find what in the store needs an image, list or layer: tags, lists, drafts, referrers.

        ``name`` is a digest, or a reference that is cached. No registry is asked. Raises
        NeverSeenError; NoSuchPlatformError.
        """
        from manyfest.domain.operations.dependents.find import find_dependents

        with self._calls.reading() as session:
            return find_dependents(_known(name, platform, session), ports=session)

    def diff(
        self,
        before: Name,
        after: Name,
        platforms: Iterable[PlatformName] = (),
        *,
        reads_images: bool = True,
    ) -> "Comparison":
        """Compare two images or lists by content, or only their images for ``platforms``.

        Without ``reads_images``, entries are compared by digest. Raises as ``inspect``.
        """
        from manyfest.domain.comparison.scope import Scope
        from manyfest.domain.operations.views.diff import diff

        scope = Scope(inputs.platforms(platforms), reads_images=reads_images)
        with self._calls.reading() as session:
            first, second = inputs.source(before, session), inputs.source(after, session)
            return diff(first, second, ports=session, scope=scope)

    def verify(
        self,
        name: Name,
        *,
        expect_platforms: Iterable[PlatformName] = (),
        through: str | None = None,
    ) -> "Verification":
        """Check an image or list and all that it names; findings are no error.

        Those that break a client are its ``errors``. An image must be there for each of
        ``expect_platforms``. With ``through``, a mirror
        (``HOST[:PORT][/PREFIX]``) is asked alone, neither the origin nor the store. Raises as
        ``inspect``; InputError: offline, no mirror is asked.
        """
        from manyfest.domain.operations.views.verify import verify

        with self._calls.reading() as session:
            mirror = inputs.mirror(through, session)
            ports = session if mirror is None else session.through(mirror)
            expected = inputs.platforms(expect_platforms)
            return verify(inputs.source(name, session), ports=ports, expected=expected)

    def outdated(
        self,
        names: Name | Iterable[Name] = (),
        *,
        files: "str | Path | Iterable[str | Path]" = (),
        platform: PlatformName | None = None,
    ) -> "tuple[Checked, ...]":
        """Return a verdict on each image: of ``names``, and those that ``files`` use.

        Files are Dockerfiles, compose, Kubernetes and the like. An image that cannot be checked has
        the verdict UNKNOWN, with the error. Raises InvalidReferenceError; SpecError; OSError.
        """
        from manyfest.domain.operations.views.outdated import check_outdated

        wanted = inputs.platform(platform)
        asked = [(inputs.named(name), wanted) for name in inputs.names(names)]
        asked += _uses(inputs.paths(files), wanted)
        with self._calls.reading() as session:
            return check_outdated(tuple(dict.fromkeys(asked)), ports=session)


def _digest(place: Reference, wanted: PlatformName | None, session: "Session") -> "Digest":
    from manyfest.domain.errors import ManyfestError
    from manyfest.domain.operations.views.image import digests_of

    (answer,) = digests_of([place], inputs.platform(wanted), ports=session)
    if isinstance(answer, ManyfestError):
        raise answer
    return answer


def _known(name: "Name | Digest", wanted: PlatformName | None, session: "Session") -> "Digest":
    """Return a digest by the store alone."""
    from manyfest.domain.digests import Digest
    from manyfest.domain.errors import NeverSeenError
    from manyfest.domain.lists.platform_selection import select_entry

    if isinstance(name, Digest):
        return name
    place = inputs.source(name, session)
    if (digest := place.digest) is None:
        seen = session.contents.last_observation(place)
        if seen is None:
            raise NeverSeenError(str(name))
        digest = seen.digest
    platform = inputs.platform(wanted)
    if platform is None:
        return digest
    manifest = session.contents.manifest(digest)
    if manifest is None:
        raise NeverSeenError(str(name))
    return select_entry(manifest.entries, platform, str(name)).digest


def _image_overview(
    place: Reference,
    draft: "Draft | None",
    wanted: "Platform",
    extent: "Extent",
    session: "Session",
) -> "Overview":
    from manyfest.domain.operations.resolve import resolve
    from manyfest.domain.operations.views.image import draft_image, inspect_image
    from manyfest.domain.operations.views.show import show_image

    if draft is None:
        image = inspect_image(resolve(place, session.registry), wanted, ports=session)
    else:
        image = draft_image(draft, wanted, ports=session)
    return show_image(image, extent, ports=session)


def _uses(files: "Iterable[str | Path]", wanted: "Platform | None") -> "Iterator[_Wanted]":
    """Yield the images in ``files`` whose names are references; a file may state platforms."""
    from manyfest.adapters.image_files.image_file import images_in_file

    for file in files:
        for use in images_in_file(str(file), Path(file).read_bytes(), os.environ):
            if not use.fault:
                yield inputs.named(use.name), wanted or inputs.platform(use.platform or None)
