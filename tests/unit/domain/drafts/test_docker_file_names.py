import pytest
from hypothesis import given

from manyfest.domain.drafts.docker_file_names import docker_file_name, list_names
from manyfest.domain.references import Reference
from tests.property import strategies

# A folder, the references of its entries, and the names that it may stand for.
FOLDERS = {
    "no tag was typed": ("docker.io_library_x-latest", [], ["docker.io/library/x:latest"]),
    "latest is likeliest": (
        *("docker.io_library_my-app-latest", [], ["docker.io/library/my-app:latest"]),
    ),
    "a port": ("127.0.0.1-5710_t_m-v1", [], ["127.0.0.1:5710/t/m:v1"]),
    "digits that are no port to an entry": (*("Host-5_x-1", ["Host-5/x:a"], ["Host-5/x:1"]),),
    "nor to an entry of another repository": (
        *("Host-5_y-latest", ["Host-5/x:a"], ["Host-5/y:latest"]),
    ),
    "an entry in a folder": ("h.example_x-1", ["oci:dir:1"], ["h.example/x:1"]),
    "an entry's repository on another host": (
        *("h.example_my_app-1", ["other.example/my_app:x"], ["h.example/my/app:1"]),
    ),
    "an address of six": ("[--1]-50_x-1", ["[::1]:50/x:a"], ["[::1]:50/x:1"]),
    "an entry's repository": (*("h.example_m-a-b", ["h.example/m-a:x"], ["h.example/m-a:b"]),),
    "an entry's repository with an underscore": (
        *("h.example_my_app-1", ["h.example/my_app:x"], ["h.example/my_app:1"]),
    ),
    "an underscore is a slash": ("h.example_my_app-1", [], ["h.example/my/app:1"]),
    "two underscores are none": ("h.example_a__b-1", [], ["h.example/a__b:1"]),
    "a tag with a dash, or a repository": (
        *("h.example_app-1.4-rc1", [], ["h.example/app:1.4-rc1", "h.example/app-1.4:rc1"]),
    ),
    "two repositories of entries": (
        "h.example_m-a-b",
        ["h.example/m-a:x", "h.example/m:x"],
        ["h.example/m:a-b", "h.example/m-a:b"],
    ),
    "not docker's": ("x-1", [], []),
    "no host": ("myhost_x-1", [], []),
    "no tag": ("h.example_x", [], []),
    "nothing": ("", [], []),
}


@pytest.mark.parametrize(("folder", "entries", "names"), FOLDERS.values(), ids=FOLDERS.keys())
def test_a_folder_is_read_as_the_likeliest_lists(
    folder: str, entries: list[str], names: list[str]
) -> None:
    found = list_names(folder, map(Reference.parse, entries))
    assert [str(name) for name in found] == names


@given(strategies.registry_references(), strategies.registry_references())
def test_whatever_is_found_has_the_folders_name(name: Reference, entry: Reference) -> None:
    folder = docker_file_name(name)
    for neighbours in ([], [entry], [entry, name]):
        assert {docker_file_name(found) for found in list_names(folder, neighbours)} <= {folder}


@given(strategies.registry_references())
def test_a_list_in_the_repository_of_an_entry_is_among_those_found(name: Reference) -> None:
    tagged = name.tagged(name.tag or "latest")
    assert tagged in list_names(docker_file_name(tagged), [tagged.tagged("other")])
