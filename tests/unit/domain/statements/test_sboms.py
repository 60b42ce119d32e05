"""Packages of SPDX and CycloneDX documents, honest and hostile."""

import json

import pytest

from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.errors import DocumentError
from manyfest.domain.statements.envelopes import SPDX, read_statement
from manyfest.domain.statements.sboms import Package, Sbom, read_sbom
from tests.support.content.statements import cyclonedx, spdx


def sbom_of(document) -> Sbom:
    return read_sbom(read_statement(json.dumps(document).encode(), "x"), "x")


@pytest.mark.parametrize(
    ("licences", "joined"),
    [
        (["A OR B"], "A OR B"),
        (["A OR B", "C"], "(A OR B) AND C"),
        (["(A OR B)", "C"], "(A OR B) AND C"),
        (["(A OR B) AND (C OR D)", "E"], "(A OR B) AND (C OR D) AND E"),
        (["(A AND B) OR (C)", "E"], "((A AND B) OR (C)) AND E"),
        (["A WITH B", "C AND D"], "A WITH B AND C AND D"),
    ],
)
def test_an_expression_among_other_licences_keeps_its_meaning(licences, joined):
    component = {"name": "ui", "licenses": [{}, *({"expression": each} for each in licences)]}
    document = {"bomFormat": "CycloneDX", "components": [component]}
    assert sbom_of(document).packages[0].licence == joined


@pytest.mark.parametrize("version", ["SPDX-2.2", "SPDX-2.3"])
def test_spdx_packages_have_version_type_and_licence(version):
    found = sbom_of(spdx(("zlib", "1.3"), ("curl", "8.0"), version=version))
    assert (found.format, found.tools, found.created) == (
        version,
        ("syft-1.4",),
        "2026-05-01T00:00:00Z",
    )
    assert found.packages == (
        Package("curl", "8.0", "deb", "MIT", "pkg:deb/debian/curl@8.0?arch=amd64"),
        Package("zlib", "1.3", "deb", "MIT", "pkg:deb/debian/zlib@1.3?arch=amd64"),
    )


def test_the_image_that_a_document_describes_is_no_package_of_it():
    plain = spdx(("curl", "8.0"))
    described = {"relationships": [], "documentDescribes": ["SPDXRef-Image", "SPDXRef-curl"]}
    assert [one.name for one in sbom_of(plain | described).packages] == ["curl"]
    nothing = {"relationships": []}
    assert [one.name for one in sbom_of(plain | nothing).packages] == ["app", "curl"]


def test_a_concluded_licence_goes_before_a_declared_one():
    document = spdx(("curl", "8.0"))
    document["packages"][1] |= {"licenseConcluded": "curl", "licenseDeclared": "NONE"}
    assert sbom_of(document).packages[0].licence == "curl"


def test_cyclonedx_components_are_found_on_every_level_and_files_left_out():
    found = sbom_of(cyclonedx(("ui", "2.0")))
    assert (found.format, found.tools) == ("CycloneDX 1.5", ("trivy 0.50",))
    assert found.packages == (
        Package(
            "@team/ui",
            "2.0",
            "npm",
            "MIT AND (Apache-2.0 OR BSD-3-Clause)",
            "pkg:npm/%40team/ui@2.0",
        ),
        Package("package-lock.json", "", "application"),
    )


def test_tools_of_cyclonedx_1_4_are_a_list():
    metadata = {"tools": [{"vendor": "x", "name": "syft", "version": "1"}, 3]}
    assert sbom_of(cyclonedx(metadata=metadata)).tools == ("syft 1",)


def test_a_package_that_stands_twice_is_listed_once():
    assert len(sbom_of(spdx(("curl", "8.0"), ("curl", "8.0"), ("curl", "8.1"))).packages) == 2


@pytest.mark.parametrize(
    "packages", [None, 3, "x", {}, [3, None, [], {}, {"name": 3}, {"name": ""}]]
)
def test_packages_of_another_type_are_none_and_say_so(packages):
    for sbom in (sbom_of(spdx(packages=packages)), sbom_of(cyclonedx(components=packages))):
        assert (sbom.packages, sbom.is_unreadable) == ((), packages is not None)


def test_no_packages_are_no_fault():
    for sbom in (sbom_of(spdx(packages=[])), sbom_of(cyclonedx(components=[]))):
        assert (sbom.packages, sbom.is_unreadable) == ((), False)


@pytest.mark.parametrize(
    "member",
    [
        {"versionInfo": 3},
        {"externalRefs": [3, {"referenceType": "purl", "referenceLocator": 3}]},
        {"licenseDeclared": [], "externalRefs": {"a": 1}},
    ],
)
def test_members_of_another_type_are_empty(member):
    document = spdx()
    document["packages"] = [{"name": "curl"} | member]
    assert sbom_of(document).packages == (Package("curl"),)


def test_components_within_each_other_are_read_to_a_depth():
    document = {"bomFormat": "CycloneDX", "components": []}
    inner = document
    for number in range(45):
        inner["components"] = [{"type": "library", "name": str(number), "components": []}]
        inner = inner["components"][0]
    assert len(sbom_of(document).packages) == 45


@pytest.mark.parametrize(
    "document", [{"spdxVersion": "SPDX-3.0"}, {"spdxVersion": 3}, {"bomFormat": "x"}]
)
def test_another_version_is_named(document):
    with pytest.raises(DocumentError, match="an SBOM that cannot be shown as a table"):
        sbom_of(document)


def test_a_hundred_thousand_packages_are_read_once_each():
    packages = [{"name": f"p{number}", "versionInfo": "1"} for number in range(100_000)]
    assert len(sbom_of(spdx(packages=packages, relationships=[])).packages) == 100_000


def spdx_3(*more: Json, context: Json = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld") -> Json:
    """An SPDX 3 document of an image with two packages, one with two licences."""
    image, shell = "urn:image", "urn:bash"
    graph = [
        {"type": "CreationInfo", "@id": "_:c", "specVersion": "3.0.1", "created": "2026-05-01"},
        {"type": "Tool", "spdxId": "urn:tool", "name": "sbomber 2"},
        {"type": "SpdxDocument", "spdxId": "urn:doc", "rootElement": ["urn:sbom"]},
        {"type": "software_Sbom", "spdxId": "urn:sbom", "rootElement": [image]},
        {"type": "software_Package", "spdxId": image, "name": "app"},
        {
            "type": "software_Package",
            "spdxId": shell,
            "name": "bash",
            "software_packageVersion": "5.2",
            "software_packageUrl": "pkg:deb/debian/bash@5.2",
        },
        {
            "type": "software_Package",
            "spdxId": "urn:curl",
            "name": "curl",
            "externalIdentifier": [
                {"externalIdentifierType": "packageUrl", "identifier": "pkg:apk/curl@8"}
            ],
        },
        {
            "type": "simplelicensing_LicenseExpression",
            "spdxId": "urn:gpl",
            "simplelicensing_licenseExpression": "GPL-3.0-or-later",
        },
        {
            "type": "Relationship",
            "relationshipType": "hasDeclaredLicense",
            "from": shell,
            "to": ["urn:gpl", 5, "urn:none"],
        },
        *more,
    ]
    return {"@context": context, "@graph": graph}


@pytest.mark.parametrize(
    "context",
    [
        "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",
        ["https://spdx.org/rdf/3.0.0/spdx-context.jsonld", {}],
    ],
)
def test_spdx_3_is_a_table_too(context: Json) -> None:
    document = json.dumps(spdx_3(5, {"type": "software_Package"}, context=context)).encode()
    statement = read_statement(document, "here")
    assert (statement.is_bare, statement.predicate_type) == (True, SPDX)
    sbom = read_sbom(statement, "here")
    assert (sbom.format, sbom.tools, sbom.created) == ("SPDX-3.0.1", ("sbomber 2",), "2026-05-01")
    assert sbom.packages == (
        Package("bash", "5.2", "deb", "GPL-3.0-or-later", "pkg:deb/debian/bash@5.2"),
        Package("curl", "", "apk", "", "pkg:apk/curl@8"),
    )


@pytest.mark.parametrize("context", ["https://schema.org", None, 5, {"a": "spdx.org/rdf/3"}])
def test_another_graph_is_no_sbom(context: Json) -> None:
    document = json.dumps(spdx_3(context=context)).encode()
    with pytest.raises(DocumentError, match="neither an in-toto statement"):
        read_statement(document, "here")
