"""``manyfest publish``: publish a release from what the jobs of a pipeline have built."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

from manyfest.assembly.publication import plan_release
from manyfest.cli.arguments.options import (
    CONNECTION,
    UPLOADS,
    AsJson,
    Attached,
    Convert,
    DryRun,
    ExpectPlatforms,
    ForeignLayers,
    NoAttached,
    Verbose,
    docker_command,
)
from manyfest.cli.arguments.push_options import DigestFile, MetadataFile, Untagged
from manyfest.cli.arguments.result_files import require_writable, write_file
from manyfest.cli.flows.checks import attached_mode
from manyfest.cli.flows.compose import TypeOfList, refuse_other_type
from manyfest.cli.flows.publish import write_files
from manyfest.cli.flows.publish_specs import (
    AllowDuplicates,
    Annotations,
    publish_specs,
)
from manyfest.cli.flows.release import ReleaseOptions, release_spec
from manyfest.cli.process.command import Option
from manyfest.cli.settings import CommonOptions, settings_from
from manyfest.cli.wiring import open_session
from manyfest.domain.drafts.draft import ListType
from manyfest.domain.lists.platform_selection import parse_filters
from manyfest.domain.operations.publication.plan_push import PushPlan
from manyfest.domain.references import Reference
from manyfest.domain.specs.annotation_levels import parse_annotation


@docker_command("publish", "[SOURCE...]", options=CONNECTION | UPLOADS, targets=("image", "tag"))
def command(
    names: Sequence[str],
    options: CommonOptions,
    tag: Annotated[
        list[str] | None,
        Option("-t", "--tag", metavar="TAG|REF", help="Publish under this name; repeatable."),
    ] = None,
    image: Annotated[
        list[str] | None,
        Option(
            "--image", metavar="REPO", help="The repository of --digests and of tags without one."
        ),
    ] = None,
    digests: Annotated[
        Path | None,
        Option(
            "--digests",
            metavar="DIR|FILE",
            help="A folder of files named by digest, or goreleaser's digests.txt.",
        ),
    ] = None,
    bake_metadata: Annotated[
        str | None,
        Option("--bake-metadata", metavar="FILE", help="The metadata file of buildx bake."),
    ] = None,
    meta: Annotated[
        str | None,
        Option(
            "--meta",
            metavar="JSON|FILE|-",
            help="Tags and annotations of docker/metadata-action; else "
            "$DOCKER_METADATA_OUTPUT_JSON.",
        ),
    ] = None,
    labels: Annotated[
        bool, Option("--labels", help="Write the labels of --meta as annotations, too.")
    ] = False,
    untagged: Untagged = False,
    expect_platforms: ExpectPlatforms = None,
    annotation: Annotations = None,
    list_type: TypeOfList = None,
    convert: Convert = None,
    allow_duplicates: AllowDuplicates = False,
    attached: Attached = False,
    no_attached: NoAttached = False,
    foreign_layers: ForeignLayers = False,
    dry_run: DryRun = False,
    verbose: Verbose = False,
    as_json: AsJson = False,
    github: Annotated[
        bool,
        Option(
            "--github",
            help="Write digest, digests, reference and tags to $GITHUB_OUTPUT, a table to "
            "$GITHUB_STEP_SUMMARY, and errors as ::error::.",
        ),
    ] = False,
    results_dir: Annotated[
        Path | None,
        Option(
            "--results-dir",
            metavar="DIR",
            help="Write IMAGE_DIGEST, IMAGE_URL, IMAGE_REF and IMAGES, Tekton's results, to DIR.",
        ),
    ] = None,
    digest_file: DigestFile = None,
    metadata_file: MetadataFile = None,
) -> None:
    """Publish a release under all its tags, or nothing.

    The images become one list. SOURCE is an image, a list, oci:DIR[:TAG], oci-archive:FILE or
    docker-archive:FILE. All content is brought to every repository first; then the tags move, in
    parallel. The digest of the list is printed last. If a tag fails to move, the error
    says which have moved.

    Examples:
      manyfest publish -t ghcr.io/me/app:1.2 ghcr.io/me/app:amd64 ghcr.io/me/app:arm64
      manyfest publish --digests digests --expect-platforms linux/amd64,linux/arm64 --github
      manyfest publish --untagged --image ghcr.io/me/app --digest-file digest --digests digests
      manyfest publish --bake-metadata metadata.json -t ghcr.io/me/app:1.2
    """
    refuse_other_type(convert, list_type)
    mode = attached_mode(attached=attached, no_attached=no_attached)
    pipeline_files = _pipeline_files(is_github=github, results_dir=results_dir)
    require_writable(digest_file, metadata_file, *pipeline_files)
    release = ReleaseOptions(
        sources=tuple(names),
        tags=tuple(tag or ()),
        images=tuple(image or ()),
        digests=digests,
        bake_metadata=bake_metadata,
        meta=meta,
        with_labels=labels,
        annotations=tuple(each for text in annotation or () for each in parse_annotation(text)),
        expected_platforms=parse_filters(expect_platforms or ()),
        is_untagged=untagged,
        list_type=list_type or ListType.AUTO,
        convert=convert,
    )
    with open_session(settings_from(options)) as session:
        spec = release_spec(release, session)
        planned = plan_release(
            spec,
            session,
            allow_duplicates=allow_duplicates,
            attached=mode,
            with_foreign=foreign_layers,
        )
        (push,) = planned.pushes
        publish_specs(planned, session, as_json=as_json, is_dry_run=dry_run, is_verbose=verbose)
        if not dry_run:
            write_files(push, digest_file, metadata_file)
            _write_pipeline_outputs(push, push.names, is_github=github, results_dir=results_dir)


def _pipeline_files(*, is_github: bool, results_dir: Path | None) -> Iterator[Path]:
    """Yield files that are written once the release is published; one for all of Tekton's."""
    if is_github:
        variables = ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")
        yield from (Path(file) for name in variables if (file := os.environ.get(name)))
    if results_dir is not None:
        yield results_dir / "IMAGE_DIGEST"


def _write_pipeline_outputs(
    push: PushPlan,
    targets: Sequence[Reference],
    *,
    is_github: bool,
    results_dir: Path | None,
) -> None:
    if not is_github and results_dir is None:
        return
    from manyfest.cli.flows import pipeline_outputs as outputs

    published = outputs.Published(push, tuple(targets))
    if is_github:
        for variable, render in (
            ("GITHUB_OUTPUT", outputs.github_outputs),
            ("GITHUB_STEP_SUMMARY", outputs.github_summary),
        ):
            if file := os.environ.get(variable):
                outputs.append(Path(file), render(published))
    if results_dir is not None:
        for name, value in outputs.tekton_results(published).items():
            write_file(results_dir / name, value)
