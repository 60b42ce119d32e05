"""``manyfest imagetools create``: publish a list with the arguments of buildx."""

from collections.abc import Sequence
from typing import Annotated

from manyfest.assembly.publication import plan_release
from manyfest.cli.arguments.options import (
    CONNECTION,
    UPLOADS,
    Attached,
    Convert,
    ExpectPlatforms,
    ForeignLayers,
    NoAttached,
    docker_command,
)
from manyfest.cli.arguments.push_options import MetadataFile
from manyfest.cli.arguments.result_files import require_writable
from manyfest.cli.flows.checks import attached_mode
from manyfest.cli.flows.imagetools.create import (
    ImagetoolsOptions,
    composed_list,
    image_names,
    imagetools_spec,
)
from manyfest.cli.flows.imagetools.options import Builder, Debug, Progress, apply_debug
from manyfest.cli.flows.publish import write_files
from manyfest.cli.flows.publish_specs import (
    AllowDuplicates,
    Annotations,
    publish_specs,
)
from manyfest.cli.output import write_document
from manyfest.cli.process.command import Option
from manyfest.cli.settings import CommonOptions, settings_from
from manyfest.cli.wiring import open_session
from manyfest.domain.lists.platform_selection import parse_filters
from manyfest.domain.specs.annotation_levels import parse_annotation


@docker_command("imagetools create", "[SOURCE...]", options=CONNECTION | UPLOADS, targets=("tag",))
def command(
    names: Sequence[str],
    options: CommonOptions,
    tag: Annotated[
        list[str] | None,
        Option("-t", "--tag", metavar="REF", help="Publish under this name; repeatable."),
    ] = None,
    file: Annotated[
        list[str] | None,
        Option(
            "-f",
            "--file",
            metavar="FILE",
            help="Read a source, or a descriptor as JSON, from FILE (- for stdin); repeatable.",
        ),
    ] = None,
    append: Annotated[
        bool, Option("--append", help="Add the sources to the list at the first --tag.")
    ] = False,
    annotation: Annotations = None,
    dry_run: Annotated[
        bool, Option("--dry-run", help="Print the list as JSON, and write nothing.")
    ] = False,
    prefer_index: Annotated[
        bool,
        Option(
            "--prefer-index",
            help="Make a list of a single image, too; =false publishes the image as it is.",
            default="true",
        ),
    ] = True,
    platform: Annotated[
        list[str] | None,
        Option("-p", "--platform", metavar="PLATFORM,...", help="Take only these platforms."),
    ] = None,
    metadata_file: MetadataFile = None,
    progress: Annotated[  # noqa: ARG001 - buildx's
        Progress | None,
        Option(
            "--progress",
            metavar="auto|none|plain|quiet|rawjson|tty",
            help="Accepted, without effect.",
        ),
    ] = None,
    builder: Builder = None,  # noqa: ARG001 - buildx's
    debug: Debug = False,
    expect_platforms: ExpectPlatforms = None,
    allow_duplicates: AllowDuplicates = False,
    convert: Convert = None,
    attached: Attached = False,
    no_attached: NoAttached = False,
    foreign_layers: ForeignLayers = False,
) -> None:
    """Publish a list, with the arguments of buildx.

    SOURCE is an image, a list, a digest in the repository of the first --tag, or a descriptor as
    JSON. A list that is the only source is published as it is; several are merged. All content is
    brought to every repository first; then the tags move. The digest is printed last.

    Examples:
      manyfest imagetools create -t ghcr.io/me/app:1.2 ghcr.io/me/app:amd64 ghcr.io/me/app:arm64
      manyfest imagetools create -t me/app:1 -t ghcr.io/me/app:1 --annotation index:k=v me/app:rc
      manyfest imagetools create --append -t me/app:1 me/app@sha256:...
    """
    mode = attached_mode(attached=attached, no_attached=no_attached)
    apply_debug(is_on=debug)
    require_writable(metadata_file)
    given = ImagetoolsOptions(
        sources=tuple(names),
        files=tuple(file or ()),
        tags=tuple(tag or ()),
        appends=append,
        prefers_index=prefer_index,
        annotations=tuple(
            each for text in annotation or () if text for each in parse_annotation(text)
        ),
        platforms=parse_filters(platform or ()),
        expected_platforms=parse_filters(expect_platforms or ()),
        convert=convert,
    )
    with open_session(settings_from(options)) as session:
        spec = imagetools_spec(given, session, is_dry_run=dry_run)
        if dry_run:
            listed = composed_list(spec, session, allow_duplicates=allow_duplicates)
            write_document(listed.data.decode())
            return
        planned = plan_release(
            spec,
            session,
            allow_duplicates=allow_duplicates,
            with_foreign=foreign_layers,
            attached=mode,
        )
        publish_specs(planned, session, as_json=False, is_dry_run=False, is_verbose=False)
        (push,) = planned.pushes
        write_files(push, None, metadata_file, image_name=image_names(spec.targets))
