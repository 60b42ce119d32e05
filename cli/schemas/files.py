"""The files of the schemas."""

from importlib.resources import files

_SUFFIX = ".json"


def read_schemas() -> dict[str, str]:
    """Return the text of each schema by its name, sorted."""
    found = (file for file in files(__package__).iterdir() if file.name.endswith(_SUFFIX))
    return dict(
        sorted((file.name.removesuffix(_SUFFIX), file.read_text("utf-8")) for file in found)
    )
