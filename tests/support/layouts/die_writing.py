"""A program that pushes an image to ever new copies of a layout, and dies in the middle: TEMPLATE

The first copy is ``TEMPLATE-1``, where the writer dies before its first system call that changes
something; in ``TEMPLATE-2`` it dies before its second, and so on until one lives to the end. Where
there is no template, the copies begin as nothing. Nothing is cleaned up, as after ``kill -9``.
"""

import os
import shutil
import sys
from itertools import count
from pathlib import Path

from manyfest.adapters.oci_layout.registry import LayoutRegistry
from manyfest.contracts.images import docker_image, push_image
from manyfest.domain.references import Layout, Reference

IMAGE = docker_image(text="the new one")
KILLED = 9
_CHANGING = ("mkdir", "open", "write", "fsync", "replace", "close")


def die_before(last: int) -> None:
    """Make the process end before system call number ``last``."""
    calls = count(1)

    def mortal(call):
        def called(*arguments, **options):
            if next(calls) == last:
                os._exit(KILLED)
            return call(*arguments, **options)

        return called

    for name in _CHANGING:
        setattr(os, name, mortal(getattr(os, name)))


def lives(directory: Path, last: int) -> bool:
    """Whether a writer that dies before system call ``last`` comes to its end."""
    child = os.fork()
    if child == 0:
        die_before(last)
        push_image(LayoutRegistry(), Reference(Layout(str(directory)), "v1"), IMAGE)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def main(template: Path) -> None:
    for last in count(1):
        copy = template.with_name(f"{template.name}-{last}")
        if template.exists():
            shutil.copytree(template, copy)
        if lives(copy, last):
            return


if __name__ == "__main__":
    main(Path(sys.argv[1]))
