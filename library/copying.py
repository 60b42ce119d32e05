"""The client's methods that move what is published, and logins."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from manyfest.assembly.session import Session
from manyfest.domain.media_types import Family
from manyfest.domain.platforms import Platform
from manyfest.domain.references import Reference
from manyfest.library import inputs
from manyfest.library.calls import Calls
from manyfest.library.inputs import Name, PlatformName
from manyfest.library.results import Copied, Restored

if TYPE_CHECKING:
    from manyfest.domain.access import AuthExplanation
    from manyfest.domain.digests import Digest
    from manyfest.domain.operations.attached.put import Brought
    from manyfest.domain.operations.content.copy import CopyPlan


class Copying:
    """Methods that copy, restore and log in."""

    _calls: Calls

    def copy(
        self,
        source: Name,
        target: Name,
        *,
        platforms: Iterable[PlatformName] = (),
        convert: Family | str | None = None,
        attached: bool | None = None,
        foreign_layers: bool = False,
        dry_run: bool = False,
    ) -> Copied:
        """Copy an image or a list with its content, byte for byte.

        With ``platforms``, the copy is a new list of these; with ``convert``, of docker's or oci's
        media types: the digest is another then. ``attached`` says whether signatures and the like
        must come along (None: if they can). With ``dry_run``, nothing is written.

        Raises what reading and writing raise; NoSuchPlatformError; ConversionError;
        NotCachedError: offline, content is not in the store.
        """
        from manyfest.assembly.preconditions import require_cached, require_reachable
        from manyfest.domain.operations.content.copy import copy, plan_copy

        place, wanted = inputs.named(target), inputs.platforms(platforms)
        family = inputs.family(convert)
        with self._calls.writing() as session:
            require_reachable([place], session)
            origin = inputs.source(source, session)
            plan = family and _converted(origin, place, family, wanted, session, foreign_layers)
            plan = plan or plan_copy(
                origin,
                place,
                ports=session,
                platforms=wanted,
                attached=inputs.attached_mode(attached),
                with_foreign=foreign_layers,
            )
            require_cached(plan.blobs, session)
            if dry_run:
                return _copied(plan)
            on_event = session.checking_deadline(self._calls.on_event)
            return _copied(plan, copy(plan, ports=session, on_event=on_event))

    def promote(
        self,
        source: Name,
        target: Name,
        *,
        tags: str | Iterable[str] = (),
        require: str | Iterable[str] = (),
        expect: "Digest | str | None" = None,
        foreign_layers: bool = False,
        dry_run: bool = False,
    ) -> Copied:
        """Copy with everything attached, read ``target`` back, and only then move its tags.

        ``require`` are signature, sbom and provenance, which the source must have; ``expect`` is
        the digest that the tag of ``target`` has to have, or ``"absent"``. Signatures are not
        verified. Raises NotFoundError: something required is not attached, or did not arrive;
        TagMovedError; as ``copy``.
        """
        from manyfest.library.promoting import promote

        return promote(
            source,
            inputs.target(target),
            inputs.texts(tags),
            inputs.purposes(require),
            inputs.expectation(expect),
            self._calls,
            with_foreign=foreign_layers,
            is_dry_run=dry_run,
        )

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

    def login(self, host: str, username: str, password: str) -> str:
        """Store a login where docker does, once the registry accepts it.

        Returns the file that has the password unencrypted, empty if a credential helper has it.
        Raises UnauthorizedError: the registry refuses it; CredentialsError; UnavailableError.
        """
        from manyfest.adapters.credentials.registry_keys import registry_of_argument
        from manyfest.assembly.access import open_access, open_logins
        from manyfest.domain.access import Credentials
        from manyfest.domain.operations.login import log_in

        settings, credentials = self._calls.settings, Credentials(username, password)
        registry = registry_of_argument(host)
        with open_access(settings, credentials) as access:
            return log_in(registry, credentials, access=access, logins=open_logins(settings))

    def logout(self, host: str) -> None:
        """Remove the login for ``host`` from docker's configuration. Raises CredentialsError."""
        from manyfest.adapters.credentials.registry_keys import registry_of_argument
        from manyfest.assembly.access import open_logins

        open_logins(self._calls.settings).erase(registry_of_argument(host))

    def explain_auth(self, name: Name) -> "AuthExplanation":
        """Tell which credentials are used for ``name``, and what its registry says of them.

        Raises UnavailableError; a refusal is part of the answer.
        """
        from manyfest.assembly.access import open_access

        with open_access(self._calls.settings) as access:
            return access.explain(inputs.named(name))


def _converted(
    source: Reference,
    target: Reference,
    family: Family,
    platforms: tuple[Platform, ...],
    session: Session,
    with_foreign: bool,  # noqa: FBT001 -- by position, once
) -> "CopyPlan | None":
    from manyfest.domain.operations.content.convert_copy import plan_converted_copy

    made = plan_converted_copy(
        source, target, family, ports=session, platforms=platforms, with_foreign=with_foreign
    )
    return None if made is None else made.plan


def _copied(plan: "CopyPlan", brought: "Brought | None" = None) -> Copied:
    failures = (*plan.attached.failures, *(brought.failures if brought else ()))
    return Copied(
        plan.source.reference,
        plan.target,
        plan.manifest,
        len(plan.blobs) + len(plan.attached.blobs),
        len(tuple(plan.manifests)) + plan.writes_target,
        failures,
    )
