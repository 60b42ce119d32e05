"""A program that pushes an image to each of the tags it is given: DIRECTORY TAG…"""

import sys

from manyfest.adapters.oci_layout.registry import LayoutRegistry
from manyfest.contracts.images import docker_image, push_image
from manyfest.domain.references import Layout, Reference

if __name__ == "__main__":
    directory, *tags = sys.argv[1:]
    for tag in tags:
        reference = Reference(Layout(directory), tag)
        push_image(LayoutRegistry(), reference, docker_image(text=tag))
