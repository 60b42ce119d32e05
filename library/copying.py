"""The client's methods that copy and move what is published."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from manyfest.domain.errors import InputError
from manyfest.domain.media_types import Family
from manyfest.library import inputs
from manyfest.library.calls import Calls
from manyfest.library.inputs import Name, PlatformName
from manyfest.library.results import Copied, CopiedRepository, Promoted, Restored, Untagged

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from manyfest.domain.digests import Digest
    from manyfest.domain.operations.content.copy import CopyRules
    from manyfest.domain.operations.promotion.plan import PromotionRules


class Copying:
    """Methods that copy, restore and take tags away."""

    _calls: Calls

    def copy(
        self,
        source: Name,
        target: Name,
        *,
        platforms: Iterable[PlatformName] = (),
        sparse: bool = False,
        convert: Family | str | None = None,
        attached: bool | None = None,
        foreign_layers: bool = False,
        verify_blobs: bool = False,
        dry_run: bool = False,
    ) -> Copied:
        """Copy an image or a list with its content, byte for byte.

        With ``platforms``, the copy is a new list of these, or with ``sparse`` the whole list, of
        which the other images are absent; with ``convert``, of docker's or oci's media types: the
        digest is another then. ``attached`` says whether signatures and the like must come along
        (None: if they can). With ``verify_blobs``, the target is asked for each blob of manifests
        that it has, too. With ``dry_run``, nothing is written.

        Raises what reading and writing raise; NoSuchPlatformError; ConversionError;
        SparseRefusedError; NotCachedError: offline, content is not in the store; InputError:
        arguments that exclude each other.
        """
        from manyfest.library.copies import copy_one

        family = inputs.family(convert)
        if family is not None and attached:
            raise InputError("convert and attached exclude each other: digests change")
        if family is not None and sparse:
            raise InputError("convert and sparse exclude each other")
        rules = _rules(platforms, attached, foreign_layers, sparse, verify_blobs, dry_run)
        return copy_one(source, inputs.named(target), rules, family, self._calls)

    def copy_repository(
        self,
        source: Name,
        target: Name,
        *,
        tags: str | Iterable[str] = (),
        semver: str | None = None,
        since: "datetime | timedelta | None" = None,
        platforms: Iterable[PlatformName] = (),
        sparse: bool = False,
        attached: bool | None = None,
        foreign_layers: bool = False,
        verify_blobs: bool = False,
        prune_plan: bool = False,
        dry_run: bool = False,
    ) -> CopiedRepository:
        """Copy all tags of a repository or layout, or those that are selected.

        Selected are ``tags`` that match one of these patterns (``*`` and ``?``) and are versions in
        the range ``semver`` (``^1.2``, ``>=1 <3``); of these, only those are copied whose image was
        created ``since`` a time, or within such a duration, or does not tell when. For the rest see
        ``copy``. A tag that fails is one of ``failures``, and no error. With ``prune_plan``,
        ``extra`` are the selected tags that only the target has; nothing is deleted.

        Raises NotFoundError: no tag is selected; InputError: no range, an empty pattern, or the
        same repository; what listing tags raises; StoreError; DeadlineError.
        """
        from manyfest.domain.operations.content.copy_tags import TagSelection
        from manyfest.domain.specs.version_ranges import VersionRange
        from manyfest.library.copies import copy_many

        versions = None if semver is None else VersionRange.parse(semver)
        return copy_many(
            inputs.repository(source),
            inputs.repository(target),
            TagSelection(inputs.patterns(tags), versions),
            _rules(platforms, attached, foreign_layers, sparse, verify_blobs, dry_run, since),
            self._calls,
            finds_extra=prune_plan,
        )

    def promote(
        self,
        source: Name,
        target: Name,
        *,
        tags: str | Iterable[str] = (),
        require: str | Iterable[str] = (),
        expect: "Digest | str | None" = None,
        platforms: Iterable[PlatformName] = (),
        sparse: bool = False,
        foreign_layers: bool = False,
        verify_blobs: bool = False,
        dry_run: bool = False,
    ) -> Promoted:
        """Copy with everything attached, read ``target`` back, and only then move its tags.

        Tags are that of ``target`` and ``tags``, which replace ``latest`` if it is not written.
        ``require`` are signature, sbom and provenance, which the source must have; ``expect`` is
        the digest that the first tag has to have, or ``"absent"``. Signatures are not verified.
        With ``platforms`` and ``sparse``, the whole list comes with the images of these alone.
        Raises NotAttachedError: something required is not attached; NotProvedError: something did
        not arrive; TagMovedError: the first tag is not as expected, or another writer moved one
        meanwhile (OvertakenError); as ``copy``.
        """
        from attr import evolve

        from manyfest.library.copies import promote

        rules = _promotion_rules(require, platforms, sparse, foreign_layers, verify_blobs)
        rules = evolve(rules, expected=inputs.expectation(expect))
        return promote(source, target, inputs.texts(tags), rules, self._calls, is_dry_run=dry_run)

    def promote_file(
        self,
        file: str | Path,
        source: str,
        target: str,
        *,
        require: str | Iterable[str] = (),
        platforms: Iterable[PlatformName] = (),
        sparse: bool = False,
        foreign_layers: bool = False,
        verify_blobs: bool = False,
        dry_run: bool = False,
    ) -> tuple[Promoted, ...]:
        """Promote all images that ``file`` names, from repositories below ``source``.

        The file is YAML of kpromo (name, dmap of digests and tags), of which ``registries`` do not
        count. No tag below ``target`` moves before all images are proved. For the other arguments
        see ``promote``. Raises SpecError; OSError; the first failure, as ``promote``.
        """
        from manyfest.adapters.image_files.promotion_file import read_promotions
        from manyfest.library.copies import promote_many

        images = read_promotions(Path(file).read_bytes(), str(file)).images
        rules = _promotion_rules(require, platforms, sparse, foreign_layers, verify_blobs)
        return promote_many(images, source, target, rules, self._calls, is_dry_run=dry_run)

    def untag(
        self, tag: Name, *, expect: "Digest | str | None" = None, dry_run: bool = False
    ) -> Untagged:
        """Take a tag away, and nothing else: its image and other tags stay.

        ``expect`` is the digest that it has to have. ``undo`` brings the tag back. With
        ``dry_run``, nothing is written. Raises InvalidReferenceError: the tag is not written;
        ManifestUnknownError: there is none; TagMovedError; RefusedError: the registry deletes
        neither tags nor manifests; what writing raises.
        """
        import secrets

        from manyfest.assembly.preconditions import require_reachable, require_writable_store
        from manyfest.assembly.references import written_tag
        from manyfest.domain.operations.publication.untag import plan_untag, untag

        place, expected = written_tag(str(tag)), inputs.expectation(expect)
        with self._calls.writing() as session:
            require_reachable([place], session)
            require_writable_store(session)
            plan = plan_untag(place, expected, ports=session)
            if dry_run:
                return Untagged(plan.tag, plan.digest)
            done = untag(plan, secrets.token_hex(16), ports=session)
        return Untagged(plan.tag, plan.digest, done.is_put_back)

    def undo(self, tag: Name, to: str | None = None, *, dry_run: bool = False) -> Restored:
        """Put back the previous state of ``tag``, or the state ``to``.

        ``to`` is a number in the history, or a digest.

        With ``dry_run``, nothing is written. Raises NeverSeenError; NoSuchStateError;
        TagMovedError: the tag moved since it was read here; PartMissingError; what writing raises.
        """
        from manyfest.assembly.preconditions import require_writable_store
        from manyfest.domain.history.revision import StateSelector
        from manyfest.domain.operations.publication.undo import plan_undo, undo

        wanted = None if to is None else StateSelector.parse(str(to))
        with self._calls.writing() as session:
            plan = plan_undo(inputs.target(tag), wanted, ports=session)
            if not dry_run:
                require_writable_store(session)
                undo(plan, ports=session)
        return Restored(plan.tag, plan.manifest.digest, plan.current, plan.moves_tag)


def _rules(
    platforms: Iterable[PlatformName],
    attached: bool | None,  # noqa: FBT001 -- all by position, once
    foreign_layers: bool,  # noqa: FBT001
    sparse: bool,  # noqa: FBT001
    verify_blobs: bool,  # noqa: FBT001
    dry_run: bool,  # noqa: FBT001
    since: "datetime | timedelta | None" = None,
) -> "CopyRules":
    """Return the rules as one value. Raises InputError: sparse, without platforms."""
    from manyfest.domain.operations.content.copy import CopyRules

    wanted = inputs.platforms(platforms)
    if sparse and not wanted:
        raise InputError("sparse goes with platforms")
    mode = inputs.attached_mode(attached)
    return CopyRules(wanted, mode, foreign_layers, sparse, verify_blobs, dry_run, since)


def _promotion_rules(
    require: str | Iterable[str],
    platforms: Iterable[PlatformName],
    sparse: bool,  # noqa: FBT001 -- all by position
    foreign_layers: bool,  # noqa: FBT001
    verify_blobs: bool,  # noqa: FBT001
) -> "PromotionRules":
    """Return the rules as one value. Raises InputError: of sparse and platforms only one."""
    from manyfest.domain.operations.promotion.plan import PromotionRules

    wanted = inputs.platforms(platforms)
    if sparse != bool(wanted):
        raise InputError("platforms and sparse go together: a promotion keeps the list's digest")
    required = inputs.purposes(require)
    return PromotionRules(required, None, foreign_layers, verify_blobs, wanted)
