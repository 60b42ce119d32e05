"""The options that ``copy`` and ``promote`` share."""

from typing import Annotated

from manyfest.cli.process.command import Option

VerifyBlobs = Annotated[
    bool,
    Option(
        "--verify-blobs",
        help="Ask DST for each blob of manifests that it has, too, and upload those it lacks.",
    ),
]
