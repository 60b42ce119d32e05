"""The result of pushing to a memory and of pulling from it, as text and JSON."""

import json

from manyfest.cli.rendering.humanize import counted, format_size
from manyfest.domain.history.observation import by_tag
from manyfest.domain.operations.memories.pull_memory import Pulled
from manyfest.domain.operations.memories.push_memory import PushedMemory
from manyfest.domain.references import Reference


def pushed_text(memory: Reference, pushed: PushedMemory) -> str:
    """Return one line with the numbers of what the memory lacked."""
    if pushed.part is None:
        return f"{memory} has all of it already"
    tags = counted(len(by_tag(pushed.index.observations)), "tag")
    manifests = counted(len(pushed.index.manifests), "manifest")
    size = f" ({format_size(pushed.uploaded)})" if pushed.uploaded else ""
    return f"Pushed {tags}, {manifests}{size} to {memory}"


def pushed_json(memory: Reference, pushed: PushedMemory) -> str:
    """Return one object; ``part`` is null if nothing was pushed, ``base`` unless it is new."""
    index = pushed.index
    document = {
        "memory": str(memory),
        "part": pushed.part and str(pushed.part),
        "base": pushed.base and str(pushed.base),
        "deltas": pushed.deltas,
        "tags": [str(tag) for tag in by_tag(index.observations)],
        "manifests": len(index.manifests),
        "configs": len(index.configs),
        "bytes": pushed.uploaded,
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def pulled_text(memory: Reference, pulled: Pulled) -> str:
    """Return one line with the numbers of what was pulled."""
    size = f" ({format_size(pulled.downloaded)})" if pulled.downloaded else ""
    new = f"{counted(pulled.manifests, 'new manifest')}{size}"
    return f"Pulled {counted(len(pulled.tags), 'tag')}, {new} from {memory}"


def pulled_json(memory: Reference, pulled: Pulled) -> str:
    """Return one object; ``manifests`` and ``configs`` count those that are new here."""
    document = {
        "memory": str(memory),
        "tags": [str(tag) for tag in pulled.tags],
        "states": pulled.states,
        "manifests": pulled.manifests,
        "configs": pulled.configs,
        "bytes": pulled.downloaded,
        "leftOut": pulled.lacking,
    }
    return json.dumps(document, indent=2, ensure_ascii=False)
