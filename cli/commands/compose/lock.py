"""``manyfest lock``: write the current digests of a spec's images to a lock."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from manyfest.cli.arguments.options import CONNECTION, CREDENTIALS, docker_command
from manyfest.cli.arguments.result_files import write_file
from manyfest.cli.flows.spec_files import IgnoreMissing, lock_path, print_missing, read_spec_file
from manyfest.cli.output import note
from manyfest.cli.process.command import Option
from manyfest.cli.settings import CommonOptions, settings_from
from manyfest.cli.wiring import open_session
from manyfest.domain.operations.publication.lock import finish, lock
from manyfest.domain.specs.list_spec import sources_of


@docker_command("lock", "SPEC", 1, 1, options=CONNECTION - CREDENTIALS)
def command(
    names: Sequence[str],
    options: CommonOptions,
    output: Annotated[
        Path | None,
        Option(
            "-o", "--output", metavar="FILE", help="Write the lock file here instead of SPEC.lock."
        ),
    ] = None,
    ignore_missing: IgnoreMissing = False,
) -> None:
    """Write the digests of the images that SPEC names to a lock file.

    SPEC is a manifest-tool YAML file, or - for standard input. Nothing is published. apply --locked
    publishes exactly the locked digests, whatever their tags point to by then.

    Examples:
      manyfest lock lists.yaml
      manyfest lock --output release.lock lists.yaml
    """
    (name,) = names
    file, specs = lock_path(name, output), read_spec_file(name)
    with open_session(settings_from(options)) as session:
        session.connect_early(sources_of(specs))
        made = lock(specs, ports=session, ignore_missing=ignore_missing)
        print_missing(made.missing)
        text = json.dumps(made.lock.to_json(), indent=2, ensure_ascii=False)
        write_file(file, f"{text}\n")
        finish(made, ports=session)
        note(f"wrote {file}")
