"""``manyfest doctor``: this installation without a secret, and registries without a write."""

import base64
import json
import re

import pytest

from manyfest.adapters.mirrors import Route
from manyfest.assembly.doctor.registry import sections_of
from manyfest.assembly.doctor.report import Report
from manyfest.contracts.images import docker_image, docker_list
from manyfest.domain.access import AuthExplanation, RegistrySurvey, TokenScopes
from manyfest.domain.references import Repository
from manyfest.domain.version import VERSION
from tests.support.programs.our_program import run_here

SECRET = "hunter2Secret"
A = docker_list(docker_image(), docker_image("linux/arm64"))


def keys_of(report):
    """The names of sections and of their facts, without those of variables."""
    return [
        key for name, facts in report.items() for key in (name, *facts) if name != "environment"
    ]


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
    for fact in ("ghcr.io", "gcr.io", "gcloud", "MANYFEST_TOKEN", VERSION):
        assert fact in said
    assert bool(form) != ("ghcr.io: stored here" in said and "gcr.io: helper gcloud" in said)
    assert "Error" not in said


def test_where_credentials_are_is_data(configured):
    report = json.loads(run_here("doctor", "--timeout", "1", "--json").stdout)
    variable, file = report["credentials"]["sources"]
    assert variable["source"] == "DOCKER_AUTH_CONFIG"
    assert variable["keys"] == [{"key": "a.example", "helper": None}]
    assert {"key": "gcr.io", "helper": "gcloud"} in file["keys"]
    assert report["environment"]["MANYFEST_TOKEN"] is None
    assert report["store"]["failure"].startswith("its server cannot be reached")
    assert report["configuration"]["registriesConf"]["rules"] is None


def test_a_machine_without_anything_has_a_report():
    report = json.loads(run_here("doctor", "--json").stdout)
    assert report["manyfest"]["version"] == VERSION
    assert (report["store"]["exists"], report["store"]["content"]) == (False, None)
    assert report["credentials"] == {"sources": []}
    assert all(re.fullmatch("[a-z][A-Za-z]*", key) for key in keys_of(report))


def test_a_damaged_store_is_a_fact(tmp_path):
    (tmp_path / "home" / "store.sqlite").write_text("no database")
    result = run_here("doctor", "--json")
    assert result.code == 0
    assert json.loads(result.stdout)["store"]["failure"].startswith("the store ")
    words = " ".join(run_here("doctor").stdout.decode().split())
    assert "state: cannot be read: the store " in words


def test_one_of_a_kind_is_counted_so(docker_registry, repository, seed):
    name = seed(f"{docker_registry.host}/{repository}:1", docker_image())
    assert run_here("tags", "-l", f"{docker_registry.host}/{repository}").code == 0
    assert run_here("show", name).code == 0
    assert "1 manifest, 1 tag, 0 drafts" in run_here("doctor").stdout.decode()
    content = json.loads(run_here("doctor", "--json").stdout)["store"]["content"]
    assert content == {"manifests": 1, "tags": 1, "drafts": 0}


def test_a_registry_tells_more_of_a_repository(docker_registry, repository, seed):
    name = seed(f"{docker_registry.host}/{repository}:1", A)
    alone = json.loads(run_here("doctor", "--json", docker_registry.host).stdout)
    assert alone["registry"]["apiVersion"] == "registry/2.0"
    assert (alone["registry"]["needsLogin"], alone["registry"]["clockOffset"]) == (False, 0)
    assert alone["abilities"]["head"]["supported"] is None
    assert alone["abilities"]["head"]["note"].startswith("name a repository")
    report = json.loads(run_here("doctor", "--json", name).stdout)
    abilities = report["abilities"]
    assert abilities["head"] == {"supported": True, "note": None}
    assert abilities["referrers"]["supported"] is False
    assert abilities["deletion"]["supported"] is None
    assert abilities["mounts"] == {"supported": None, "note": "only a write would show it"}
    assert (report["pulls"]["left"], report["access"]["granted"]) == (None, True)
    assert all(re.fullmatch("[a-z][A-Za-z]*", key) for key in keys_of(report))
    assert (
        "deletion:                    perhaps: DELETE" in run_here("doctor", name).stdout.decode()
    )


def test_another_tag_shows_head_if_there_is_no_latest(docker_registry, repository, seed):
    name = seed(f"{docker_registry.host}/{repository}:v1", A)
    place = f"{docker_registry.host}/{repository}"
    head = json.loads(run_here("doctor", "--json", place).stdout)["abilities"]["head"]
    note = f"asked of {name}, since there is no {place}:latest"
    assert head == {"supported": True, "note": note}


def test_the_scopes_of_each_token_are_rows():
    pull, push = (frozenset({("repository:app", action)}) for action in ("pull", "push"))
    tokens = (TokenScopes(pull, pull), TokenScopes(push, None))
    access = AuthExplanation(None, "bearer", "https://auth.example/token", tokens)
    survey = RegistrySurvey("https", "HTTP/2", "TLSv1.3", "", "", 401, None, access)
    report = Report(
        sections_of("r.example", None, survey, None, Route(Repository("r.example", "")))
    )
    assert report.data["access"]["tokens"] == [
        {"asked": ["repository:app:pull"], "granted": ["repository:app:pull"]},
        {"asked": ["repository:app:push"], "granted": None},
    ]
    words = str(report).split()
    assert words[words.index("wanted:") :][:3] == [
        "wanted:",
        "repository:app:pull",
        "repository:app:push",
    ]
    assert words[words.index("granted:") :][:4] == [
        "granted:",
        "repository:app:pull",
        "not",
        "named",
    ]


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
    assert report["mirrors"]["askedFirst"] == ["mirror.example/cache/a"]


@pytest.mark.parametrize(
    ("location", "argument", "origin"),
    [
        ("{host}", "named.example/{name}", "{host}/{name}"),
        ("{host}/{name}", "named.example", "{host}/{name}"),
        ("{host}", "named.example", "{host}"),
    ],
)
def test_a_registry_is_asked_where_registries_conf_says_that_it_is(
    docker_registry, repository, seed, tmp_path, monkeypatch, location, argument, origin
):
    names = {"host": docker_registry.host, "name": repository}
    seed("{host}/{name}:latest".format(**names), A)
    conf = tmp_path / "registries.conf"
    conf.write_text(
        f'[[registry]]\nprefix = "named.example"\nlocation = "{location.format(**names)}"\n'
        '[[registry.mirror]]\nlocation = "mirror.example"\n'
    )
    monkeypatch.setenv("CONTAINERS_REGISTRIES_CONF", str(conf))
    report = json.loads(run_here("doctor", "--json", argument.format(**names)).stdout)
    assert report["registry"]["host"] == "named.example"
    assert report["registry"]["origin"] == origin.format(**names)
    assert report["mirrors"]["askedFirst"][0].startswith("mirror.example")
    text = run_here("doctor", argument.format(**names)).stdout.decode()
    assert f"location:  {origin.format(**names)}" in re.sub(" +", "  ", text)
