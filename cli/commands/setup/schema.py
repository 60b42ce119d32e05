"""``manyfest schema``: the JSON Schemas of what we print, read and write."""

from collections.abc import Mapping, Sequence

from manyfest.cli.arguments.options import docker_command
from manyfest.cli.output import write_text
from manyfest.cli.process.pflag import UsageError


@docker_command("schema", "[NAME]", 0, 1)
def command(names: Sequence[str]) -> None:
    """Print the JSON Schema of a --json output or a file, or list the schemas.

    NAME is a command, or a file: spec, lock, metadata-file, drafts. Later versions may add members;
    those of a schema keep their names and types. The number in $id rises if one of them changes.

    Examples:
      manyfest schema
      manyfest schema show > show.schema.json
      manyfest show --json alpine:3 | check-jsonschema --schemafile show.schema.json -
    """
    import json

    from manyfest.cli.schemas.files import read_schemas

    schemas = read_schemas()
    titles = {name: str(json.loads(text)["title"]) for name, text in schemas.items()}
    if not names:
        width = max(map(len, titles))
        write_text("\n".join(f"{name:<{width}}  {title}" for name, title in titles.items()))
        return
    write_text(schemas[_find(names[0], titles)].rstrip("\n"))


def _find(text: str, titles: Mapping[str, str]) -> str:
    """Return the schema with this name, or that of this command. Raises UsageError."""
    name = text.replace(" ", "-")
    if name in titles:
        return name
    commands = (found for found, title in titles.items() if f"manyfest {text} " in title)
    if (found := next(commands, None)) is None:
        raise UsageError(f"no schema {text!r}: expected one of {', '.join(titles)}")
    return found
