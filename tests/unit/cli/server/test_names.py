"""The names under which repositories are served."""

import pytest

from manyfest.cli.server.names import collisions, repositories_named, served_name
from manyfest.domain.references import Repository, is_path

ALPINE = Repository("docker.io", "library/alpine")


@pytest.mark.parametrize(
    "name", ["alpine", "library/alpine", "docker.io/alpine", "docker.io/library/alpine"]
)
def test_docker_hub_is_served_with_and_without_its_host(name):
    assert ALPINE in repositories_named(name)


@pytest.mark.parametrize(
    ("repository", "name"),
    [
        (ALPINE, "library/alpine"),
        (Repository("ghcr.io", "team/app"), "ghcr.io/team/app"),
        (Repository("host:5000", "a"), "host_5000/a"),
        (Repository("127.0.0.1:5000", "a/b"), "127.0.0.1_5000/a/b"),
        (Repository("localhost", "a"), "localhost/a"),
    ],
)
def test_a_repository_is_found_by_the_name_that_it_is_listed_under(repository, name):
    assert served_name(repository) == name
    assert repository in repositories_named(name)


@pytest.mark.parametrize("host", ["[::1]:5000", "HOST:5000", "host:123456"])
def test_a_host_that_no_name_can_tell_is_reached_by_its_namespace_alone(host):
    repository = Repository(host, "a")
    assert served_name(repository) is None
    assert repositories_named("a", host) == (repository,)


def test_containerds_namespace_decides():
    assert repositories_named("library/alpine", "docker.io") == (ALPINE,)
    assert repositories_named("a", "ghcr.io") == (Repository("ghcr.io", "a"),)


@pytest.mark.parametrize(
    "host", ["oci:", "oci:..", "oci:5000", "docker-archive:5000", "shelf://x", "a/b", "../..", "\0"]
)
def test_a_namespace_that_is_no_host_reaches_nothing(host):
    assert repositories_named("a", host) == ()


def test_a_name_with_a_port_reaches_no_layout():
    assert repositories_named("oci_5000/a") == (Repository("docker.io", "oci_5000/a"),)


def test_a_name_that_two_repositories_have_is_a_collision():
    hub, other = Repository("docker.io", "host_5000/a"), Repository("host:5000", "a")
    assert list(collisions([hub, other, ALPINE])) == [(other, hub, "host_5000/a")]
    assert not list(collisions([hub, ALPINE, Repository("host:5001", "a")]))


@pytest.mark.parametrize("name", ["a/../b", "A/b", "a//b", "/a", "a/", "a b", "a%2fb", "a" * 256])
def test_only_names_of_the_distribution_spec_are_names(name):
    assert not is_path(name)
