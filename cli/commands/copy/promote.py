"""``manyfest promote``: copy with all that is attached, prove it, and then move the tags."""

from collections.abc import Sequence
from typing import Annotated

from attr import evolve

from manyfest.assembly.preconditions import require_reachable
from manyfest.assembly.references import promoted_tags, reference, resolve_source
from manyfest.cli.arguments.copy_options import (
    SourceLogin,
    Sparse,
    TargetLogin,
    VerifyBlobs,
    words_of,
)
from manyfest.cli.arguments.input_files import bytes_of
from manyfest.cli.arguments.options import (
    CONNECTION,
    CREDENTIALS,
    UPLOADS,
    AsJson,
    DryRun,
    ForeignLayers,
    Verbose,
    docker_command,
)
from manyfest.cli.exit_codes import USAGE, ExitError
from manyfest.cli.flows.checks import note_absent
from manyfest.cli.flows.copying.promotion import note_signatures, plan_all, promote_all
from manyfest.cli.flows.copying.sides import is_same_host, login
from manyfest.cli.output import fail, warn, write_text, write_view
from manyfest.cli.process.command import Option
from manyfest.cli.process.pflag import UsageError
from manyfest.cli.rendering.copying.promotion import (
    promotion_json,
    proof_lines,
    writes_of_promotion,
)
from manyfest.cli.rendering.json_text import json_text
from manyfest.cli.settings import CommonOptions, settings_from
from manyfest.cli.wiring import Session, open_session
from manyfest.domain.errors import SpecError, UnknownPurposeError, shortened
from manyfest.domain.expectations import Expectation
from manyfest.domain.images.attachments import Purpose, required_purposes
from manyfest.domain.lists.platform_selection import parse_filters
from manyfest.domain.operations.promotion.plan import Promotion, PromotionPlan, PromotionRules
from manyfest.domain.operations.promotion.prove_and_move import Proof
from manyfest.domain.references import Reference
from manyfest.domain.specs.promotions import PromotedImage


@docker_command("promote", "SRC DST", 2, 2, options=CONNECTION - CREDENTIALS | UPLOADS)
def command(
    names: Sequence[str],
    options: CommonOptions,
    require: Annotated[
        list[str] | None,
        Option(
            "--require",
            metavar="signature,sbom,provenance",
            help="Promote only what has these attached, the list or each image; else exit code 8.",
        ),
    ] = None,
    tags: Annotated[
        list[str] | None,
        Option("--tags", metavar="TAG,...", help="Move these tags of DST; repeatable."),
    ] = None,
    from_file: Annotated[
        str | None,
        Option(
            "--from",
            metavar="FILE",
            help="Promote all images in FILE (YAML of kpromo: name, dmap) from SRC/ to DST/.",
        ),
    ] = None,
    expect: Annotated[
        str | None,
        Option(
            "--expect",
            metavar="DIGEST|absent",
            help="Move the tag of DST only from DIGEST, or if it is absent; else exit code 6.",
        ),
    ] = None,
    platform: Annotated[
        list[str] | None,
        Option(
            "--platform",
            help="With --sparse: promote only the images of these platforms: "
            "OS[/ARCH[/VARIANT]],...; repeatable.",
        ),
    ] = None,
    sparse: Sparse = False,
    verify_blobs: VerifyBlobs = False,
    foreign_layers: ForeignLayers = False,
    src_creds: SourceLogin = None,
    dest_creds: TargetLogin = None,
    dry_run: DryRun = False,
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """Copy an image with everything attached, prove it, and then move the tags.

    SRC is resolved once. All manifests, and all signatures, SBOMs and attestations on every level
    and in every form, come along under their digests. DST is then read back, not from the cache,
    and compared; only if all is equal do the tags move. Otherwise the exit code is 8. No tag moves
    if another writer moved one meanwhile (exit code 6). Signatures are present then, and not
    verified: the command that verifies them is printed. Prints the proof.
    With --platform and --sparse, DST gets the whole list and the images of these platforms; it is
    asked first whether it takes such a list, and the proof names the images that are absent.

    Examples:
      manyfest promote host/staging/app:1.4 host/prod/app:1.4
      manyfest promote --require signature,sbom --tags 1.4,latest host/staging/app:1.4 host/prod/app
      manyfest promote --platform linux/amd64 --sparse host/staging/app:1.4 host/edge/app:1.4
      manyfest promote --from images.yaml host/staging host/prod
    """
    expected = None if expect is None else Expectation.parse(expect)
    if sparse != bool(platform):
        raise UsageError("--platform and --sparse go together: a promotion keeps the list's digest")
    required, platforms = _required(require or ()), parse_filters(platform or ())
    rules = PromotionRules(required, expected, foreign_layers, verify_blobs, platforms)
    if from_file is not None and (tags or expect is not None):
        raise UsageError("--from names the tags, so it goes without --tags and --expect")
    if from_file is None:
        texts = [(names[0], *_targets(names[1], words_of(tags or (), "--tags")))]
    else:
        texts = [(*image.between(*names), image.tags) for image in _read(from_file, names)]
    logins = [
        each
        for source, home, _ in texts
        for each in (*login(source, src_creds), *login(home, dest_creds))
    ]
    options = evolve(options, logins=tuple(logins))
    with open_session(settings_from(options)) as session:
        promotions = [_promotion(*each, session) for each in texts]
        plans = plan_all(promotions, rules, session)
        if dry_run:
            _show_plans(plans, as_json=as_json, is_list=from_file is not None, is_verbose=verbose)
            return
        proofs = promote_all(plans, session)
    _show(plans, proofs, as_json=as_json, is_list=from_file is not None)


def _required(texts: Sequence[str]) -> tuple[Purpose, ...]:
    try:
        return required_purposes(words_of(texts, "--require"))
    except UnknownPurposeError as error:
        reason = f"--require wants signature, sbom or provenance, not {error.purpose!r}"
        raise UsageError(reason) from error


def _targets(name: str, tags: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """Return ``name``, and the tags to move; an empty one is a layout's only image."""
    return name, tuple(each.tag or "" for each in promoted_tags(name, tags))


def _read(file: str, places: Sequence[str]) -> tuple[PromotedImage, ...]:
    """Read the images in ``file``, and tell its registries that are none of ``places``.

    Tells each fault in it, and ends the command.
    """
    from manyfest.adapters.image_files.promotion_file import read_promotions

    try:
        found = read_promotions(bytes_of(file), file)
    except SpecError as error:
        for problem in error.problems:
            fail(problem)
        raise ExitError(USAGE) from error
    if unused := found.unused(*places):
        more = f" and {len(unused) - 3} more" if unused[3:] else ""
        names = f"{', '.join(map(shortened, unused[:3]))}{more}"
        warn(f"registries in {file} that are neither SRC nor DST are not used: {names}")
    return found.images


def _promotion(source: str, destination: str, tags: Sequence[str], session: Session) -> Promotion:
    named = reference(destination)
    require_reachable([named], session)
    from_ = resolve_source(source, session)
    session.connect_early([from_], [] if is_same_host(from_, named) else [named])
    places = tuple(named.tagged(tag) if tag else Reference(named.home) for tag in tags)
    return Promotion(from_, named.home, places)


def _show_plans(
    plans: Sequence[PromotionPlan], *, as_json: bool, is_list: bool, is_verbose: bool
) -> None:
    from manyfest.cli.rendering.planned_writes import dry_run_lines

    for plan in plans:
        note_absent(plan.copy)
    if as_json:
        _write_json([promotion_json(plan, None) for plan in plans], is_list=is_list)
        return
    for plan in plans:
        write_view(dry_run_lines(writes_of_promotion(plan), is_verbose=is_verbose))


def _show(
    plans: Sequence[PromotionPlan], proofs: Sequence[Proof], *, as_json: bool, is_list: bool
) -> None:
    both = list(zip(plans, proofs, strict=True))
    if as_json:
        _write_json([promotion_json(plan, proof) for plan, proof in both], is_list=is_list)
    else:
        write_text("\n\n".join("\n".join(proof_lines(plan, proof)) for plan, proof in both))
    for plan in plans:
        note_absent(plan.copy)
    note_signatures(both)


def _write_json(documents: Sequence[object], *, is_list: bool) -> None:
    shown = documents if is_list else documents[0]
    write_text(json_text(shown))
