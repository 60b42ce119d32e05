"""Results for the next step of a pipeline: GitHub's files, and Tekton's."""

import json
import secrets
from collections.abc import Mapping
from pathlib import Path

from attr import evolve

from manyfest.cli.output import printable
from manyfest.cli.rendering.humanize import format_size
from manyfest.domain.lists.attestations import without_attestations
from manyfest.domain.lists.platform_normalisation import normalised
from manyfest.domain.operations.publication.plan_push import PushPlan
from manyfest.domain.references import Reference
from manyfest.domain.values import frozen


@frozen
class Published:
    """A published list: its plan, and all names that it has now."""

    plan: PushPlan
    names: tuple[Reference, ...]

    @property
    def digest(self) -> str:
        """The digest of the list."""
        return str(self.plan.manifest.digest)

    @property
    def pinned(self) -> str:
        """The first name's repository, and the digest."""
        return str(Reference(self.names[0].home, None, self.plan.manifest.digest))

    @property
    def digests(self) -> Mapping[str, str]:
        """The digest of each platform's image; of two for one platform, the first.

        Platforms are written in their normal form, as in --expect-platforms: builders differ in
        whether arm64 has its variant v8, and the next step of a pipeline asks by name.
        """
        entries = without_attestations(self.plan.manifest.entries)
        return {str(normalised(e.platform)): str(e.digest) for e in reversed(entries) if e.platform}


def github_outputs(published: Published) -> str:
    """Return the lines for ``$GITHUB_OUTPUT``: digest, digests, reference and tags.

    ``digests`` and ``tags`` are JSON. A value with line ends has a delimiter that nobody can guess
    (GitHub, "Workflow commands").
    """
    tags = [str(name) for name in published.names if name.digest is None]
    values = {
        "digest": published.digest,
        "digests": json.dumps(dict(published.digests)),
        "reference": published.pinned,
        "tags": json.dumps(tags),
    }
    return "".join(_output(name, value) for name, value in values.items())


def _output(name: str, value: str) -> str:
    delimiter = f"end-{secrets.token_hex(16)}"
    return f"{name}<<{delimiter}\n{value}\n{delimiter}\n"


def github_summary(published: Published) -> str:
    """Return a Markdown section for ``$GITHUB_STEP_SUMMARY``."""
    names = "".join(f"- `{_code(str(name))}`\n" for name in published.names)
    rows = "".join(
        f"| {_code(str(e.platform or 'no platform'))} | `{e.digest}` | {format_size(e.size)} |\n"
        for e in without_attestations(published.plan.manifest.entries)
    )
    return (
        f"### Published `{published.digest}`\n\n{names}\n"
        f"| platform | digest | manifest |\n|---|---|---|\n{rows}\n"
    )


def _code(text: str) -> str:
    return printable(text).replace("`", "'").replace("|", "\\|")


def tekton_results(published: Published) -> Mapping[str, str]:
    """Return Tekton's results by file name; ``IMAGES`` are all repositories, by digest."""
    digest = published.plan.manifest.digest
    homes = dict.fromkeys(name.home for name in published.names)
    return {
        "IMAGE_DIGEST": published.digest,
        "IMAGE_URL": str(evolve(published.names[0], digest=None)),
        "IMAGE_REF": published.pinned,
        "IMAGES": ",".join(str(Reference(home, None, digest)) for home in homes),
    }


def append(file: Path, text: str) -> None:
    """Append ``text``, as GitHub's files are written. Raises OSError."""
    with file.open("a", encoding="utf-8") as opened:
        opened.write(text)
