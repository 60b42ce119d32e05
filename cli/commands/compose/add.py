"""``manyfest add``: add images and lists to a draft that exists."""

from typing import Annotated

import typer

from manyfest.cli.arguments.options import JOBS, Insecure, Jobs, Offline, Timeout, require_arguments
from manyfest.cli.arguments.references import reference, resolve_source
from manyfest.cli.flows.compose import (
    Nest,
    NoAttestations,
    Platforms,
    Replace,
    Strict,
    compose,
    terms_for,
)
from manyfest.cli.settings import settings_from
from manyfest.cli.wiring import open_session
from manyfest.domain.operations.drafts.create import DraftMode


def command(
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="LIST MANIFEST [MANIFEST...]", show_default=False)
    ] = None,
    platform: Platforms = None,
    no_attestations: NoAttestations = False,
    nest: Nest = False,
    replace: Replace = False,
    strict: Strict = False,
    offline: Offline = False,
    insecure: Insecure = False,
    jobs: Jobs = JOBS,
    timeout: Timeout = None,
) -> None:
    """Add images and lists to a draft that exists.

    As create --amend, but there must be a draft. Nothing is printed.
    """
    names = require_arguments("add", arguments, 2)
    terms = terms_for(
        DraftMode.ADD,
        platforms=platform,
        no_attestations=no_attestations,
        nest=nest,
        replace=replace,
        strict=strict,
        keep_order=False,
        list_type=None,
    )
    settings = settings_from(insecure=insecure, jobs=jobs, seconds=timeout, offline=offline)
    with open_session(settings) as session:
        name = reference(names[0])
        sources = [resolve_source(text, session) for text in names[1:]]
        compose(name, sources, terms, session)
