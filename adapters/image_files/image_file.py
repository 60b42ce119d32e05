"""The images that a file uses, read by its name and content."""

import re
from collections.abc import Mapping

from manyfest.domain.errors import SpecError
from manyfest.domain.image_uses.dockerfiles import images_in_dockerfile, is_dockerfile
from manyfest.domain.image_uses.documents import images_in_document
from manyfest.domain.image_uses.image_use import ImageUse
from manyfest.domain.image_uses.plain_lists import images_in_list
from manyfest.domain.image_uses.shapes import images_in_bake_file

_SIZE_LIMIT = 1024 * 1024  # bytes; YAML of that size takes seconds
_DOCKERFILE = re.compile(r"(?:.*[./])?(?:Docker|Container)file(?:\.[^/]*)?", re.IGNORECASE)
_YAML = (".yaml", ".yml", ".json")  # JSON is YAML, too
_MAPPING = re.compile(r"^(?:---|\{|[A-Za-z][\w.-]*:(?:\s|$))", re.MULTILINE)


def images_in_file(name: str, data: bytes, variables: Mapping[str, str]) -> tuple[ImageUse, ...]:
    """Return the images that the file ``name`` with the content ``data`` uses, in its order.

    ``variables`` are those of compose files. Raises SpecError: over 1 MiB, not UTF-8, not a text,
    not YAML.
    """
    if len(data) > _SIZE_LIMIT:
        raise SpecError((f"{name}: larger than {_SIZE_LIMIT} bytes",))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SpecError((f"{name}:{line}: not UTF-8",)) from error
    if (nul := text.find("\0")) >= 0:
        line = text.count("\n", 0, nul) + 1
        raise SpecError((f"{name}:{line}: not a text: it has a NUL character",))
    if _DOCKERFILE.fullmatch(name) or is_dockerfile(text):
        return tuple(images_in_dockerfile(text))
    if name.endswith(".hcl"):
        return tuple(images_in_bake_file(text))
    if name.endswith(_YAML) or _MAPPING.match(text.lstrip()):
        from manyfest.adapters.image_files.yaml_trees import trees

        found = (images_in_document(tree, variables) for tree in trees(text, name))
        return tuple(use for images in found for use in images)
    return tuple(images_in_list(text))
