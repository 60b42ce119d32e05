"""``manyfest untag``: take tags away, and nothing else."""

import json
import secrets
from collections.abc import Sequence
from typing import Annotated

from manyfest.assembly.preconditions import require_writable_store
from manyfest.assembly.references import written_tag
from manyfest.cli.arguments.options import CONNECTION, AsJson, DryRun, docker_command
from manyfest.cli.output import fail, note, warn, write_text
from manyfest.cli.process.command import Option
from manyfest.cli.settings import CommonOptions, settings_from
from manyfest.cli.wiring import Session, open_session
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.errors import ManyfestError
from manyfest.domain.expectations import Expectation
from manyfest.domain.operations.publication.untag import UntagPlan, plan_untag, untag


@docker_command("untag", "REF...", 1, options=CONNECTION)
def command(
    names: Sequence[str],
    options: CommonOptions,
    expect: Annotated[
        str | None,
        Option("--expect", metavar="DIGEST", help="Fail unless the tags point to this digest."),
    ] = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Take tags away, and nothing else: images and other tags stay.

    The registry deletes the tag, if it can. Otherwise a small placeholder is put under the tag, and
    deleted by its own digest. The digest of the image is never deleted. Of an OCI layout, the tag
    is taken out of index.json. Fails if a tag moves meanwhile (exit code 6). Prints the digest that
    each tag had; manyfest undo REF brings the tag back.

    Examples:
      manyfest untag host/app:1.0-rc1
      manyfest untag --expect sha256:... host/app:old oci:images:old
    """
    tags = [written_tag(name) for name in names]
    expected = None if expect is None else Expectation.parse(expect)
    results: list[Json] = []
    failed: list[ManyfestError] = []
    with open_session(settings_from(options)) as session:
        require_writable_store(session)
        for tag in tags:
            try:
                plan = plan_untag(tag, expected, ports=session)
                results.append(_planned(plan) if dry_run else _done(plan, session))
            except ManyfestError as error:
                failed.append(error)
    _show(results, as_json=as_json)
    for further in failed[1:]:
        from manyfest.cli.advice.remedies import told

        fail(told(further))
    if failed:
        raise failed[0]


def _planned(plan: UntagPlan) -> Json:
    note(f"would take away {plan.tag}, which is {plan.digest}")
    return {"reference": str(plan.tag), "digest": str(plan.digest), "way": None}


def _done(plan: UntagPlan, session: Session) -> Json:
    done = untag(plan, secrets.token_hex(16), ports=session)
    if done.is_put_back:
        warn(
            f"the registry deleted {plan.digest} with its tag {plan.tag}; it is put back under its"
            " digest, but other tags of it may be gone, too"
        )
    note(f"{plan.tag} was {plan.digest}; manyfest undo {plan.tag} brings it back")
    return {"reference": str(plan.tag), "digest": str(plan.digest), "way": done.way.value}


def _show(results: Sequence[Json], *, as_json: bool) -> None:
    if as_json:
        write_text(json.dumps(results, indent=2))
    elif results:
        write_text("\n".join(each["digest"] for each in results))
