"""The client's methods that make lists and publish them."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from manyfest.domain.drafts.draft import ListType
from manyfest.domain.media_types import Family
from manyfest.library import inputs
from manyfest.library.calls import Calls
from manyfest.library.drafts import Draft
from manyfest.library.inputs import Name, PlatformName

if TYPE_CHECKING:
    from manyfest.domain.specs.lock import Lock
    from manyfest.library.results import Pushed


class Publishing:
    """Methods that make drafts, and publish lists with or without them."""

    _calls: Calls

    def create(
        self,
        name: Name,
        sources: Name | Iterable[Name],
        *,
        amend: bool = False,
        platforms: Iterable[PlatformName] = (),
        attestations: bool = True,
        nest: bool = False,
        on_conflict: str = "keep",
        keep_order: bool = False,
        type: ListType | str | None = None,  # noqa: A002 -- the option's name
        convert: Family | str | None = None,
        annotations: Mapping[str, str] | None = None,
        os: str = "",
        arch: str = "",
        variant: str = "",
        os_version: str = "",
        os_features: Iterable[str] = (),
        artifact_type: str = "",
        subject: Name | None = None,
    ) -> Draft:
        """Make the draft ``name`` from images and lists; none makes an empty one.

        With ``amend``, a draft that exists is extended. ``platforms`` are taken from lists, all by
        default, without their attestations if ``attestations`` is False; with ``nest``, a list is
        one entry. Of two entries for one platform, ``on_conflict`` keeps both ("keep"), the later
        ("replace"), or none ("refuse"). ``keep_order`` lists images as given, not in docker's
        order. ``type`` is auto, docker or oci; ``convert`` converts all images to docker or oci.
        Keys of ``annotations`` may begin with a platform (``linux/arm64:``) or ``index:``, as
        ``--annotation`` has it. The platform's parts are for a single image. ``artifact_type`` and
        ``subject`` are the list's.

        Raises DraftExistsError; PlatformConflictError; what reading raises; ConversionError;
        StoreError.
        """
        from manyfest.domain.operations.drafts.create import DraftMode
        from manyfest.library.composing import compose, options_of, overrides

        listed = None if type is None else inputs.list_type(type)
        inputs.require_one_type(listed, inputs.family(convert))
        options = options_of(
            DraftMode.AMEND if amend else DraftMode.NEW,
            platforms=inputs.platforms(platforms),
            attestations=attestations,
            nest=nest,
            on_conflict=on_conflict,
            keep_order=keep_order,
            list_type=listed,
            annotations=annotations,
            overrides=overrides(os, arch, variant, os_version, os_features),
            artifact_type=artifact_type,
        )
        draft = Draft(inputs.named(name), self._calls)
        compose(draft.name, sources, options, self._calls, subject, convert)
        return draft

    def draft(self, name: Name) -> Draft:
        """Return the draft ``name``. Raises DraftUnknownError: there is none; StoreError."""
        draft = Draft(inputs.named(name), self._calls)
        _ = draft.entries
        return draft

    def drafts(self) -> tuple[Draft, ...]:
        """Return all drafts, sorted by name. Raises StoreError."""
        with self._calls.writing() as session:
            return tuple(Draft(each.name, self._calls) for each in session.drafts.drafts())

    def import_docker(self, name: Name, *, force: bool = False) -> Draft:
        """Import the draft that ``docker manifest`` has under this name; docker's files stay.

        With ``force``, a draft that exists and is not pushed is replaced. Raises DraftUnknownError;
        ConflictError; the first problem of docker's files.
        """
        from manyfest.adapters.docker_drafts import DockerDrafts
        from manyfest.domain.drafts.docker_file_names import docker_file_name
        from manyfest.domain.errors import DraftUnknownError
        from manyfest.domain.operations.drafts.import_drafts import import_draft

        place = inputs.named(name)
        folders = DockerDrafts(self._calls.settings.docker_config)
        if docker_file_name(place) not in folders.names():
            raise DraftUnknownError(str(place))
        found = folders.read(docker_file_name(place))
        if found.problems:
            raise found.problems[0]
        with self._calls.writing() as session:
            import_draft(place, found.entries, ports=session, force=force)
        return Draft(place, self._calls)

    def publish(
        self,
        sources: Name | Iterable[Name],
        tags: Name | Iterable[Name],
        *,
        annotations: Mapping[str, str] | None = None,
        expect_platforms: Iterable[PlatformName] = (),
        type: ListType | str = ListType.AUTO,  # noqa: A002 -- the option's name
        convert: Family | str | None = None,
        allow_duplicates: bool = False,
        untagged: bool = False,
        attached: bool | None = None,
        foreign_layers: bool = False,
        dry_run: bool = False,
    ) -> "Pushed":
        """Publish one list of all ``sources`` under all ``tags``, or nothing; without a draft.

        The first of ``tags`` has a repository; others without one are beside it. Keys of
        ``annotations`` may begin with a level, as ``publish --annotation`` has it; for the other
        arguments see ``Client.create`` and ``Draft.push``. Raises as these.
        """
        from manyfest.domain.specs.annotation_levels import parse_annotation
        from manyfest.domain.specs.list_spec import EntrySpec, ListSpec

        listed, family = inputs.list_type(type), inputs.family(convert)
        inputs.require_one_type(listed, family)
        first, *more = inputs.published_names(tags)
        leveled = [each for a in inputs.pairs(annotations or {}) for each in parse_annotation(a)]
        with self._calls.writing() as session:
            places = [(str(s), inputs.source(s, session)) for s in inputs.names(sources)]
        spec = ListSpec(
            written=str(first),
            target=first,
            entries=tuple(EntrySpec(written, place) for written, place in places),
            more_tags=tuple(more),
            list_type=listed,
            expected_platforms=inputs.platforms(expect_platforms),
            convert=family,
            is_untagged=untagged,
        ).annotated(leveled)
        from manyfest.library.publication import publish

        return publish(
            spec,
            self._calls,
            allow_duplicates=allow_duplicates,
            attached=inputs.attached_mode(attached),
            with_foreign=foreign_layers,
            is_dry_run=dry_run,
        )

    def apply(
        self,
        spec: str | Path,
        *,
        lock: "Lock | None" = None,
        ignore_missing: bool = False,
        type: ListType | str = ListType.AUTO,  # noqa: A002 -- the option's name
        convert: Family | str | None = None,
        expect_platforms: Iterable[PlatformName] = (),
        attached: bool | None = None,
        foreign_layers: bool = False,
        dry_run: bool = False,
    ) -> "tuple[Pushed, ...]":
        """Publish the lists that a file in manifest-tool's form declares: all of them, or none.

        ``type`` is for lists that state none. With a ``lock``, exactly its digests are published.
        With ``ignore_missing``, images that do not exist are left out. Raises SpecError; LockError;
        OSError; as ``publish``.
        """
        from manyfest.library.publication import apply, changed, read_spec

        specs = changed(
            read_spec(Path(spec)),
            inputs.list_type(type),
            inputs.family(convert),
            inputs.platforms(expect_platforms),
        )
        return apply(
            specs,
            self._calls,
            lock=lock,
            ignore_missing=ignore_missing,
            attached=inputs.attached_mode(attached),
            with_foreign=foreign_layers,
            is_dry_run=dry_run,
        )

    def lock(self, spec: str | Path, *, ignore_missing: bool = False) -> "Lock":
        """Return the digests of the images that the file ``spec`` names, for ``apply``.

        ``Lock.to_json`` is what a lock file has. Raises SpecError; OSError; what reading raises.
        """
        from manyfest.domain.operations.publication.lock import finish, lock
        from manyfest.library.publication import read_spec

        with self._calls.writing() as session:
            made = lock(read_spec(Path(spec)), ports=session, ignore_missing=ignore_missing)
            finish(made, ports=session)
        return made.lock
