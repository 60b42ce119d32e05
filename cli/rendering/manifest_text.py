"""A manifest or a list as ``inspect`` shows it: the document itself, with docker's white space."""

from manyfest.domain.encoding.canonical_json import LIST_INDENT, go_escaped, indented
from manyfest.domain.manifests import Manifest


def document_text(manifest: Manifest) -> str:
    """The document, lists set in by three spaces and single manifests by tabs, as docker does.

    Nothing is dropped, moved or rewritten. A list that docker or we authored comes out as its own
    bytes.
    """
    return indented(manifest.data.decode(), LIST_INDENT if manifest.is_list else "\t")


def entry_text(manifest: Manifest) -> str:
    """The document of an entry of a draft: docker's drafts have lost outer white space, and have
    the characters escaped that Go escapes.
    """
    return go_escaped(document_text(manifest).strip())
