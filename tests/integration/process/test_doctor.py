"""``manyfest doctor``: this installation without a secret, and registries without a write."""

import base64
import json

import pytest

from manyfest.contracts.images import docker_image, docker_list
from manyfest.domain.version import VERSION
from tests.support.programs.our_program import run_here

SECRET = "hunter2Secret"
A = docker_list(docker_image(), docker_image("linux/arm64"))


@pytest.fixture
def configured(tmp_path, monkeypatch):
    """Secrets in every place where people keep them."""
    encoded = base64.b64encode(f"jane:{SECRET}".encode()).decode()
    docker = tmp_path / "home" / ".docker"
    docker.mkdir(parents=True)
    document = {
        "auths": {"ghcr.io": {"auth": encoded}, f"https://u:{SECRET}@evil": {"auth": encoded}},
        "credHelpers": {"gcr.io": "gcloud", "quay.io": f"/bin/{SECRET}"},
        "HttpHeaders": {"X-Token": SECRET},
    }
    (docker / "config.json").write_text(json.dumps(document))
    conf = tmp_path / "registries.conf"
    conf.write_text(f'[[registry]]\nlocation = "{SECRET}" "\n')
    for name, value in {
        "MANYFEST_STORE": f"postgresql://jane:{SECRET}@db.invalid/x?sslpassword={SECRET}",
        "MANYFEST_TOKEN": SECRET,
        "MANYFEST_AUTH_REALMS": f"jane:{SECRET}@host",
        "DOCKER_AUTH_CONFIG": json.dumps({"auths": {"a.example": {"auth": encoded}}}),
        "HTTPS_PROXY": f"http://jane:{SECRET}@proxy:3128",
        "no_proxy": f"u:{SECRET}@host,localhost",
        "CONTAINERS_REGISTRIES_CONF": str(conf),
    }.items():
        monkeypatch.setenv(name, value)
    return encoded


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_no_secret_and_no_user_is_in_the_report(configured, form):
    result = run_here("doctor", "--timeout", "1", *form)
    assert result.code == 0
    said = result.stdout.decode() + result.stderr
    for secret in (SECRET, configured, "jane"):
        assert secret not in said.replace("test_no_secret", "")
    for fact in ("ghcr.io: stored here", "gcr.io: helper gcloud", "MANYFEST_TOKEN", VERSION):
        assert fact in said


def test_a_machine_without_anything_has_a_report():
    report = json.loads(run_here("doctor", "--json").stdout)
    assert report["manyfest"]["version"] == VERSION
    assert report["store"]["state"] == "none yet"
    assert report["credentials"] == {"sources": "none"}


def test_a_damaged_store_is_a_fact(tmp_path):
    (tmp_path / "home" / "store.sqlite").write_text("no database")
    result = run_here("doctor", "--json")
    assert result.code == 0
    assert json.loads(result.stdout)["store"]["state"].startswith("cannot be read: ")


def test_a_registry_tells_more_of_a_repository(docker_registry, repository, seed):
    name = seed(f"{docker_registry.host}/{repository}:1", A)
    alone = json.loads(run_here("doctor", "--json", docker_registry.host).stdout)
    assert alone["registry"]["API version"] == "registry/2.0"
    assert alone["registry"]["clock"] == "agrees with ours"
    assert alone["abilities"]["HEAD of manifests"].startswith("unknown: name a repository")
    report = json.loads(run_here("doctor", "--json", name).stdout)
    assert report["abilities"]["HEAD of manifests"] == "yes"
    assert report["abilities"]["referrers API"].startswith("no")
    assert report["abilities"]["deletion"].startswith("perhaps")
    assert report["abilities"]["mounts between repositories"].startswith("unknown")


def test_nothing_is_written_and_nothing_pulled(docker_registry, repository, seed):
    name = seed(f"{docker_registry.host}/{repository}:1", A)
    before = (docker_registry.folder / "log").read_text()
    run_here("doctor", name)
    said = (docker_registry.folder / "log").read_text().removeprefix(before)
    for method in ("PUT ", "POST ", "PATCH ", "DELETE ", "GET /v2/" + repository + "/manifests"):
        assert method not in said


def test_a_refusal_shows_what_is_known_and_is_an_error(start_docker_registry, certificate):
    registry = start_docker_registry(login=("ci", "secret"), certificate=certificate)
    result = run_here("doctor", "--insecure", f"{registry.host}/team/app:1")
    assert result.code == 4
    assert "access:                      refused" in result.stdout.decode()
    assert "TLSv1.3" in result.stdout.decode()
    assert result.stderr.startswith("error: ")


@pytest.mark.parametrize(
    ("argument", "code"), [("127.0.0.1:1", 5), ("oci:layout:1", 2), ("host.example/UPPER", 2)]
)
def test_what_is_no_registry_is_an_error_in_one_line(argument, code, short_pauses):
    result = run_here("doctor", argument)
    assert (result.code, result.stderr.count("\n")) == (code, 1)
    assert "add a repository" not in result.stderr


def test_mirrors_are_named(docker_registry, tmp_path, monkeypatch):
    conf = tmp_path / "registries.conf"
    conf.write_text(
        f'[[registry]]\nlocation = "{docker_registry.host}"\n'
        '[[registry.mirror]]\nlocation = "mirror.example/cache"\n'
    )
    monkeypatch.setenv("CONTAINERS_REGISTRIES_CONF", str(conf))
    report = json.loads(run_here("doctor", "--json", f"{docker_registry.host}/a").stdout)
    assert report["mirrors"]["asked first"] == ["mirror.example/cache/a"]
