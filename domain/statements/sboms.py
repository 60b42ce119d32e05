"""The packages that an SBOM lists: SPDX 2.2, 2.3 and 3.0, and CycloneDX, in JSON.

The type of a package is that of its purl (``deb``, ``npm``; package-url, ``PURL-SPECIFICATION``),
which is the only name that both formats have. A licence is an SPDX expression, or a name.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import unquote

from manyfest.domain.encoding.strict_json import JsonObject
from manyfest.domain.errors import DocumentError
from manyfest.domain.statements.envelopes import Statement, is_spdx_3
from manyfest.domain.statements.members import items, member, objects, text
from manyfest.domain.values import frozen

_PURL = re.compile(r"pkg:/*([A-Za-z][A-Za-z0-9.+-]{0,40})/")
_NO_LICENCE = frozenset({"", "NOASSERTION", "NONE"})
_NO_PACKAGES = frozenset({"file", "cryptographic-asset", "data", "machine-learning-model"})
_IMAGES = frozenset({"", "docker", "oci", "generic"})  # purl types of the image itself
_NESTING = 100
_WORDS = re.compile(r"[()]|[^\s()]+")  # of an expression


@frozen
class Package:
    """A package in an image; what is not known is empty. ``purl`` is as the SBOM has it."""

    name: str
    version: str = ""
    type: str = ""
    licence: str = ""
    purl: str = ""


@frozen
class Sbom:
    """An SBOM: its ``format`` with version, who made it, when (as it says), and the packages.

    Packages are in the order of their names, each once. It ``is_unreadable`` if it lists something
    and nothing of that has the form of a package.
    """

    format: str
    tools: tuple[str, ...]
    created: str
    packages: tuple[Package, ...]
    is_unreadable: bool = False


def read_sbom(statement: Statement, subject: str) -> Sbom:
    """Return the packages of a ``statement``; ``subject`` names it in errors.

    Raises DocumentError: it is not SPDX 2 or 3, or CycloneDX, in JSON.
    """
    document = statement.document
    if text(document, "spdxVersion").startswith("SPDX-2"):
        return _spdx(document)
    if text(document, "bomFormat") == "CycloneDX":
        return _cyclonedx(document)
    if is_spdx_3(document):
        return _spdx_3(document)
    stated = text(document, "spdxVersion") or "no SPDX 2 or 3, and no CycloneDX, in JSON"
    raise DocumentError(subject, f"an SBOM that cannot be shown as a table: {stated[:80]}")


def _spdx(document: JsonObject) -> Sbom:
    described = _described(document)
    packages = (
        package
        for listed in objects(document, "packages")
        if (package := _spdx_package(listed))
        and not (listed.get("SPDXID") in described and package.type in _IMAGES)
    )
    tools = (
        creator.removeprefix("Tool:").strip()
        for creator in items(document, "creationInfo", "creators")
        if isinstance(creator, str) and creator.startswith("Tool:")
    )
    created = text(document, "creationInfo", "created")
    is_unreadable = _is_unreadable(document, "packages", "name")
    version = text(document, "spdxVersion")
    return Sbom(version, tuple(tools), created, _sorted(packages), is_unreadable)


def _described(document: JsonObject) -> set[str]:
    """Return the identifiers of what the document describes: the image itself (SPDX 2.3, 11)."""
    named = {name for name in items(document, "documentDescribes") if isinstance(name, str)}
    return named | {
        text(relation, "relatedSpdxElement")
        for relation in objects(document, "relationships")
        if text(relation, "relationshipType") == "DESCRIBES"
    }


def _spdx_package(listed: JsonObject) -> Package | None:
    purl = next(
        (
            text(reference, "referenceLocator")
            for reference in objects(listed, "externalRefs")
            if text(reference, "referenceType") == "purl"
        ),
        "",
    )
    licences = (text(listed, name) for name in ("licenseConcluded", "licenseDeclared"))
    licence = next((each for each in licences if each not in _NO_LICENCE), "")
    name = text(listed, "name")
    return Package(name, text(listed, "versionInfo"), _type(purl), licence, purl) if name else None


def _spdx_3(document: JsonObject) -> Sbom:
    """Return the packages among the elements of the graph, but for the image, which is its root."""
    elements = list(objects(document, "@graph"))
    licences = _spdx_3_licences(elements)
    roots = {
        root for one in elements for root in items(one, "rootElement") if isinstance(root, str)
    }
    packages = (
        package
        for one in elements
        if text(one, "type") == "software_Package"
        and (package := _spdx_3_package(one, licences))
        and not (text(one, "spdxId") in roots and package.type in _IMAGES)
    )
    made = next((one for one in elements if text(one, "type") == "CreationInfo"), {})
    tools = (text(one, "name") for one in elements if text(one, "type") == "Tool")
    version = f"SPDX-{text(made, 'specVersion') or '3'}"
    return Sbom(
        version,
        tuple(filter(None, tools)),
        text(made, "created"),
        _sorted(packages),
        _is_unreadable(document, "@graph", "type"),
    )


def _spdx_3_package(element: JsonObject, licences: Mapping[str, str]) -> Package | None:
    identified = (
        text(one, "identifier")
        for one in objects(element, "externalIdentifier")
        if text(one, "externalIdentifierType") == "packageUrl"
    )
    purl = text(element, "software_packageUrl") or next(identified, "")
    name, version = text(element, "name"), text(element, "software_packageVersion")
    licence = licences.get(text(element, "spdxId"), "")
    return Package(name, version, _type(purl), licence, purl) if name else None


def _spdx_3_licences(elements: Sequence[JsonObject]) -> dict[str, str]:
    """Return licences by the identifiers of packages; a concluded one goes before a declared."""
    expressions = {
        text(one, "spdxId"): text(one, "simplelicensing_licenseExpression") for one in elements
    }
    found: dict[str, str] = {}
    for kind in ("hasDeclaredLicense", "hasConcludedLicense"):
        for one in (each for each in elements if text(each, "relationshipType") == kind):
            named = (expressions.get(to, "") for to in items(one, "to") if isinstance(to, str))
            if stated := " AND ".join(each for each in named if each not in _NO_LICENCE):
                found[text(one, "from")] = stated
    return found


def _cyclonedx(document: JsonObject) -> Sbom:
    tools = member(document, "metadata", "tools")
    made_by = (
        objects({"tools": tools}, "tools")
        if isinstance(tools, list)
        else objects(tools, "components")
    )
    packages = filter(None, map(_component, _components(document)))
    return Sbom(
        f"CycloneDX {text(document, 'specVersion')}".strip(),
        tuple(f"{text(tool, 'name')} {text(tool, 'version')}".strip() for tool in made_by),
        text(document, "metadata", "timestamp"),
        _sorted(packages),
        _is_unreadable(document, "components", "name"),
    )


def _components(document: JsonObject) -> Iterator[JsonObject]:
    """Yield the components and those within them, without the files."""
    level: list[JsonObject] = [document]
    for _ in range(_NESTING):
        level = [child for parent in level for child in objects(parent, "components")]
        yield from (one for one in level if text(one, "type") not in _NO_PACKAGES)


def _component(listed: JsonObject) -> Package | None:
    name, group, purl = text(listed, "name"), text(listed, "group"), text(listed, "purl")
    if not name:
        return None
    return Package(
        f"{group}/{name}" if group else name,
        text(listed, "version"),
        _type(purl) or text(listed, "type"),
        _licences(listed),
        purl,
    )


def _licences(listed: JsonObject) -> str:
    """Return the licences as one expression: AND binds more than OR (SPDX 2.3, annex D)."""
    licences = [each for each in objects(listed, "licenses") if _licence(each)]
    if len(licences) == 1:
        return _licence(licences[0])
    return " AND ".join(map(_operand, licences))


def _operand(listed: JsonObject) -> str:
    alternatives = _has_outer_or(text(listed, "expression"))
    return f"({_licence(listed)})" if alternatives else _licence(listed)


def _licence(listed: JsonObject) -> str:
    within = listed.get("license")
    return text(listed, "expression") or text(within, "id") or text(within, "name")


def _has_outer_or(expression: str) -> bool:
    """Whether an OR of ``expression`` is outside of all parentheses."""
    depth = 0
    for word in _WORDS.findall(expression):
        depth += (word == "(") - (word == ")")
        if word.upper() == "OR" and depth == 0:
            return True
    return False


def _is_unreadable(document: JsonObject, name: str, required: str) -> bool:
    """Return whether a member lists something, and nothing that has the ``required`` text."""
    listed = document.get(name)
    return listed not in (None, []) and not any(text(o, required) for o in objects(document, name))


def _type(purl: str) -> str:
    found = _PURL.match(unquote(purl[:80]))
    return found[1].lower() if found else ""


def _sorted(packages: Iterator[Package]) -> tuple[Package, ...]:
    key = {(one.name, one.version, one.type, one.purl): one for one in packages}
    return tuple(key[each] for each in sorted(key))
