"""registries.conf: which files count, what they say, and how what is wrong in them is named."""

import os
from pathlib import Path

import pytest

from manyfest.adapters.mirrors import Mirror, Route
from manyfest.adapters.registries_conf.conf_files import read_rules
from manyfest.domain.errors import BlockedError, ConfigError
from manyfest.domain.references import Reference, Repository


def rules(tmp_path, text):
    file = tmp_path / "chosen.conf"
    file.write_text(text)
    return read_rules(file, ())


def at(name):
    registry, _, path = name.partition("/")
    return Repository(registry, path)


MOVES = """
[[registry]]
prefix = "example.com/team"
location = "inside.test:5000/mirrored/team"
[[registry]]
prefix = "example.com/team/app"
location = "app.test"
[[registry]]
prefix = "*.wild.test"
location = "tame.test"
[[registry]]
prefix = "*.kept.test"
[[registry]]
location = "docker.io"
[[registry.mirror]]
location = "docker.io/mirrored/"
[[registry]]
location = "plain.test"
"""

MOVED = {
    "without a rule": ("other.test/team/x", "other.test/team/x"),
    "by prefix": ("example.com/team/x", "inside.test:5000/mirrored/team/x"),
    "letter case of hosts": ("Example.COM/team/x", "inside.test:5000/mirrored/team/x"),
    "the prefix itself": ("example.com/team", "inside.test:5000/mirrored/team"),
    "the longest prefix": ("example.com/team/app/x", "app.test/x"),
    "a prefix ends at a slash": ("example.com/teams", "example.com/teams"),
    "another port is another host": ("example.com:5000/team/x", "example.com:5000/team/x"),
    "below a wildcard": ("a.b.wild.test/x", "tame.test/x"),
    "a wildcard takes the port": ("a.wild.test:5000/x", "tame.test/x"),
    "a wildcard is not for itself": ("wild.test/x", "wild.test/x"),
    "a wildcard is for hosts": ("other.test/a.wild.test/x", "other.test/a.wild.test/x"),
    "a wildcard without location": ("a.kept.test/x", "a.kept.test/x"),
    "a location alone": ("plain.test/x", "plain.test/x"),
}


@pytest.mark.parametrize(("name", "standing"), MOVED.values(), ids=MOVED)
def test_names_are_rewritten_by_the_rule_with_the_longest_prefix(tmp_path, name, standing):
    assert rules(tmp_path, MOVES).route(at(name)) == Route(at(standing))


def test_mirrors_keep_their_order_and_say_what_they_serve(tmp_path):
    text = """
    [[registry]]
    location = "example.com"
    [[registry.mirror]]
    location = "all.test"
    pull-from-mirror = "all"
    [[registry.mirror]]
    location = "tags.test/x"
    pull-from-mirror = "tag-only"
    [[registry.mirror]]
    location = "digests.test"
    pull-from-mirror = "digest-only"
    [[registry.mirror]]
    location = "default.test"
    """
    assert rules(tmp_path, text).route(at("example.com/a/b")) == Route(
        at("example.com/a/b"),
        (
            Mirror(at("all.test/a/b")),
            Mirror(at("tags.test/x/a/b"), by_digest=False),
            Mirror(at("digests.test/a/b"), by_tag=False),
            Mirror(at("default.test/a/b")),
        ),
    )


def test_mirror_by_digest_only_is_for_all_mirrors(tmp_path):
    text = """
    [[registry]]
    location = "example.com"
    mirror-by-digest-only = true
    [[registry.mirror]]
    location = "a.test"
    """
    (mirror,) = rules(tmp_path, text).route(at("example.com/x")).mirrors
    assert (mirror.by_tag, mirror.by_digest) == (False, True)


def test_official_images_of_a_mirror_that_is_the_hub_are_in_library(tmp_path):
    text = '[[registry]]\nlocation = "old.test"\n[[registry.mirror]]\nlocation = "docker.io"\n'
    (mirror,) = rules(tmp_path, text).route(at("old.test/alpine")).mirrors
    assert mirror.home == at("docker.io/library/alpine")


BLOCKS = """
[[registry]]
prefix = "example.com/evil"
location = "fine.test"
blocked = true
[[registry]]
prefix = "moved.test"
location = "blocked.test/team"
[[registry]]
location = "blocked.test"
blocked = true
[[registry]]
location = "mirrored.test"
[[registry.mirror]]
location = "blocked.test"
[[registry.mirror]]
location = "good.test"
"""

BLOCKED = {
    "by prefix": ("example.com/evil/x", "example.com/evil"),
    "in other letter case": ("EXAMPLE.com/evil/x", "example.com/evil"),
    "where it stands": ("moved.test/x", "blocked.test"),
}


@pytest.mark.parametrize(("name", "prefix"), BLOCKED.values(), ids=BLOCKED)
def test_a_blocked_registry_is_an_error_that_names_it_and_the_file(tmp_path, name, prefix):
    with pytest.raises(BlockedError) as caught:
        rules(tmp_path, BLOCKS).route(at(name))
    assert f"{name}: {prefix} is blocked by {tmp_path / 'chosen.conf'}" in str(caught.value)


def test_a_blocked_mirror_is_left_out(tmp_path):
    route = rules(tmp_path, BLOCKS).route(at("mirrored.test/x"))
    assert route.mirrors == (Mirror(at("good.test/x")),)


INSECURITY = """
[[registry]]
prefix = "named.test"
location = "standing.test/team"
insecure = true
[[registry.mirror]]
location = "mirror.test"
insecure = true
[[registry.mirror]]
location = "mirror.test/safe"
[[registry]]
prefix = "*.wild.test"
insecure = true
[[registry]]
location = "plain.test"
[[registry]]
prefix = "pinned.test/app:1"
location = "standing.test/pinned:2"
insecure = true
"""

INSECURE = {
    "where it stands": ("standing.test/team/x", True, False),
    "but not under its name": ("named.test/x", False, False),
    "nor in other namespaces": ("standing.test/x", False, False),
    "a mirror is one as a mirror only": ("mirror.test/x", False, True),
    "the longest location decides": ("mirror.test/safe/x", False, False),
    "below a wildcard": ("a.wild.test/x", True, False),
    "unsaid": ("plain.test/x", False, False),
    "a tag's table is not for the repository": ("standing.test/pinned", False, False),
}


@pytest.mark.parametrize(("name", "origin", "mirror"), INSECURE.values(), ids=INSECURE)
def test_insecurity_is_for_the_places_that_say_so(tmp_path, name, origin, mirror):
    made = rules(tmp_path, INSECURITY)
    assert (made.is_insecure(at(name)), made.is_insecure_mirror(at(name))) == (origin, mirror)


MIRRORED = '[[registry]]\nlocation = "a.test"\n[[registry.mirror]]\nlocation = "b.test"\n'

FAULTS = {
    "no TOML": ("[[registry", "not TOML", ""),
    "version 1": ('[registries.search]\nregistries = ["a.test"]', "version 1", "registries"),
    "one table": ('[registry]\nlocation = "a.test"', "not a list of tables", "registry"),
    "no tables": ("registry = [1]", "not a table", "registry[0]"),
    "no location": ('[[registry]]\nprefix = "a.test"', "missing", "registry[0].location"),
    "empty": ("[[registry]]", "missing", "registry[0].location"),
    "a number": ("[[registry]]\nlocation = 1", "not a string", "registry[0].location"),
    "a text for a truth": (
        '[[registry]]\nlocation = "a.test"\ninsecure = "false"',
        "not true or false",
        "registry[0].insecure",
    ),
    "the second": (
        '[[registry]]\nlocation = "a.test"\n[[registry]]\nlocation = 1',
        "not a string",
        "registry[1].location",
    ),
    "a URL": (
        '[[registry]]\nlocation = "https://a.test"',
        "write host[:port][/path] instead of",
        "registry[0].location",
    ),
    "a wildcard with a port": (
        '[[registry]]\nprefix = "*.a.test:5000"',
        "write *.HOST, without a port and a path",
        "registry[0].prefix",
    ),
    "a wildcard with a path": (
        '[[registry]]\nprefix = "*.a.test/team"',
        "write *.HOST, without a port and a path",
        "registry[0].prefix",
    ),
    "a wildcard alone": ('[[registry]]\nprefix = "*."', "neither", "registry[0].prefix"),
    "a location that is wild": (
        '[[registry]]\nlocation = "*.a.test"',
        "only a prefix may begin with *.",
        "registry[0].location",
    ),
    "a tag for a repository": (
        '[[registry]]\nprefix = "a.test/x"\nlocation = "b.test/x:1"',
        "a tag is allowed only if the prefix has one",
        "registry[0].location",
    ),
    "a digest for a tag": (
        f'[[registry]]\nprefix = "a.test/x:1"\nlocation = "b.test/x@sha256:{"0" * 64}"',
        "only if the prefix has the same",
        "registry[0].location",
    ),
    "a mirror's tag for a repository": (
        f"{MIRRORED}".replace("b.test", "b.test/x:1"),
        "a tag is allowed only if the prefix has one",
        "registry[0].mirror[0].location",
    ),
    "a bad prefix": (
        '[[registry]]\nprefix = "a test"\nlocation = "a.test"',
        "neither",
        "registry[0].prefix",
    ),
    "pull-from-mirror of no mirror": (
        '[[registry]]\nlocation = "a.test"\npull-from-mirror = "all"',
        "for mirrors only",
        "registry[0].pull-from-mirror",
    ),
    "mirrors are no tables": (
        '[[registry]]\nlocation = "a.test"\nmirror = ["b.test"]',
        "missing",
        "registry[0].mirror[0].location",
    ),
    "a mirror without location": (
        '[[registry]]\nlocation = "a.test"\n[[registry.mirror]]\ninsecure = true',
        "missing",
        "registry[0].mirror[0].location",
    ),
    "a mirror's number": (
        '[[registry]]\nlocation = "a.test"\n[[registry.mirror]]\npull-from-mirror = 1',
        "not a string",
        "registry[0].mirror[0].pull-from-mirror",
    ),
    "an unknown pull-from-mirror": (
        f'{MIRRORED}pull-from-mirror = "never"',
        "none of all, digest-only, tag-only",
        "registry[0].mirror[0].pull-from-mirror",
    ),
    "both ways to say digests only": (
        f'{MIRRORED}pull-from-mirror = "tag-only"'.replace(
            "\n", "\nmirror-by-digest-only = true\n", 1
        ),
        "for all mirrors",
        "registry[0].mirror[0].pull-from-mirror",
    ),
}


@pytest.mark.parametrize(("text", "words", "key"), FAULTS.values(), ids=FAULTS)
def test_what_is_wrong_is_named_with_file_and_key(tmp_path, text, words, key):
    with pytest.raises(ConfigError) as caught:
        rules(tmp_path, text)
    where = f"{tmp_path / 'chosen.conf'}: {key}: " if key else f"{tmp_path / 'chosen.conf'}: "
    assert str(caught.value).startswith(where)
    assert words in str(caught.value)


CONTRADICTIONS = {
    "insecure, of one location": (
        ('location = "a.test"\ninsecure = true', 'location = "a.test"'),
        "location a.test, but insecure",
    ),
    "blocked, of one prefix": (
        (
            'prefix = "a.test"\nlocation = "b.test"\nblocked = true',
            'prefix = "a.test"\nlocation = "c.test"',
        ),
        "prefix a.test, but blocked",
    ),
    "of one location under two prefixes": (
        (
            'prefix = "a.test"\nlocation = "c.test"\ninsecure = true',
            'prefix = "b.test"\nlocation = "c.test"',
        ),
        "location c.test, but insecure",
    ),
    "of a wildcard": (
        ('prefix = "*.a.test"\nblocked = true', 'prefix = "*.a.test"'),
        "prefix *.a.test, but blocked",
    ),
}


@pytest.mark.parametrize(("tables", "words"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_tables_that_contradict_each_other_are_refused_by_name(tmp_path, tables, words):
    first, second = (f"[[registry]]\n{table}\n" for table in tables)
    between = '[[registry]]\nlocation = "between.test"\n'
    with pytest.raises(ConfigError) as caught:
        rules(tmp_path, f"{first}{between}{second}")
    start = f"{tmp_path / 'chosen.conf'}: registry[0] and registry[2]: "
    assert str(caught.value).startswith(start)
    assert words in str(caught.value)


def test_a_drop_in_may_say_otherwise(tmp_path):
    main, drop_in = tmp_path / "registries.conf", tmp_path / "registries.conf.d" / "x.conf"
    drop_in.parent.mkdir()
    main.write_text('[[registry]]\nlocation = "a.test"\nblocked = true\n')
    drop_in.write_text('[[registry]]\nlocation = "a.test"\n')
    assert read_rules(None, (tmp_path,)).route(at("a.test/x")) == Route(at("a.test/x"))


DIGEST = f"sha256:{'1' * 64}"
PINNED = f"""
[[registry]]
prefix = "a.test/app:bad"
location = "a.test/app:bad"
blocked = true
[[registry]]
prefix = "a.test/app:1"
location = "b.test/moved"
[[registry]]
prefix = "a.test/app:2"
location = "b.test/moved:3"
[[registry.mirror]]
location = "m.test/app:4"
[[registry]]
prefix = "a.test/app@{DIGEST}"
location = "c.test/app@{DIGEST}"
[[registry]]
location = "a.test/app"
[[registry.mirror]]
location = "d.test/app"
[[registry]]
prefix = "*.corp"
location = "e.test"
[[registry]]
prefix = "corp/team:1"
location = "lan/team:1"
"""

PLACES = {
    "the tag": ("a.test/app:1", "b.test/moved:1"),
    "the tag and a digest": (f"a.test/app:1@{DIGEST}", f"b.test/moved:1@{DIGEST}"),
    "a longer tag": ("a.test/app:12", "a.test/app:12"),
    "another tag in the location": ("a.test/app:2", "b.test/moved:3"),
    "the digest": (f"a.test/app@{DIGEST}", f"c.test/app@{DIGEST}"),
    "another digest": (f"a.test/app@{DIGEST[:-1]}2", f"a.test/app@{DIGEST[:-1]}2"),
    "a repository below": ("a.test/app/sub:1", "a.test/app/sub:1"),
    "a wildcard of one label": ("x.corp/app:1", "e.test/app:1"),
    "and with a port": ("x.corp:5000/app:1", "e.test/app:1"),
}


@pytest.mark.parametrize(("name", "place"), PLACES.values(), ids=PLACES)
def test_a_prefix_may_have_a_tag_or_a_digest(tmp_path, name, place):
    reference = Reference.parse(name)
    found = rules(tmp_path, PINNED).route(reference).at_origin(reference)
    assert found == Reference.parse(place)


def test_a_tag_may_be_blocked_alone_and_mirrored_alone(tmp_path):
    made = rules(tmp_path, PINNED)
    with pytest.raises(BlockedError, match="a.test/app:bad is blocked by"):
        made.route(Reference.parse("a.test/app:bad"))
    reference = Reference.parse("a.test/app:2")
    (mirror,) = made.route(reference).mirrors
    assert mirror.holding(reference) == Reference.parse("m.test/app:4")
    assert made.may_mirror(reference)
    (mirror,) = made.route(Reference.parse("a.test/app:3")).mirrors
    assert mirror.home == at("d.test/app")


def test_a_location_that_leaves_no_repository_is_named_and_not_docker_hub_asked(tmp_path):
    made = rules(tmp_path, '[[registry]]\nprefix = "a.test/app"\nlocation = "b.test"\n')
    with pytest.raises(ConfigError, match=r"chosen.conf: prefix a.test/app: location b.test makes"):
        made.route(at("a.test/app"))
    assert made.route(at("a.test/app/x")).origin == at("b.test/x")


HARMLESS = {
    "nothing": "",
    "short names": 'unqualified-search-registries = ["a.test"]\n[aliases]\nx = "a.test/x"\n',
    "empty version 1": "[registries.search]\nregistries = []\n",
    "hosts of a local network": '[[registry]]\nlocation = "team"\n',
    "wildcards": '[[registry]]\nprefix = "*.corp"\n[[registry]]\nprefix = "*.a.test"\n',
    "unknown keys": 'future = 1\n[[registry]]\nlocation = "a.test"\nfuture = {a = 1}\n',
}


@pytest.mark.parametrize("text", HARMLESS.values(), ids=HARMLESS)
def test_what_is_not_applied_does_no_harm(tmp_path, text):
    assert rules(tmp_path, text).route(at("docker.io/library/x")) == Route(
        at("docker.io/library/x")
    )


def conf(file, host):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f'[[registry]]\nprefix = "named.test"\nlocation = "{host}"\n')


# Which files exist, by folder and name, and which one counts.
FILES = {
    "the system's": (["system/registries.conf"], 0),
    "the user's before the system's": (["system/registries.conf", "user/registries.conf"], 1),
    "a drop-in after them": (["user/registries.conf", "system/registries.conf.d/x.conf"], 1),
    "drop-ins by name": (
        ["system/registries.conf.d/20.conf", "system/registries.conf.d/10.conf"],
        0,
    ),
    "the user's drop-ins last": (
        ["user/registries.conf.d/10.conf", "system/registries.conf.d/20.conf"],
        0,
    ),
    "the chosen before all": (["chosen.conf", "user/registries.conf"], 0),
    "drop-ins after the chosen": (["chosen.conf", "user/registries.conf.d/x.conf"], 1),
    "no .conf": (["system/registries.conf", "system/registries.conf.d/x.conf.bak"], 0),
}


@pytest.mark.parametrize(("files", "winner"), FILES.values(), ids=FILES)
def test_later_files_take_the_place_of_earlier_ones(tmp_path, files, winner):
    for number, name in enumerate(files):
        conf(tmp_path / name, f"host{number}.test")
    chosen = tmp_path / "chosen.conf" if "chosen.conf" in files else None
    read = read_rules(chosen, (tmp_path / "system", tmp_path / "user"))
    assert read.route(at("named.test/x")).origin == at(f"host{winner}.test/x")


def test_no_files_are_no_rules(tmp_path):
    assert not read_rules(None, (tmp_path / "system", tmp_path / "user"))


def test_a_chosen_file_must_be_there(tmp_path):
    with pytest.raises(ConfigError, match="no such file"):
        read_rules(tmp_path / "chosen.conf", ())


def test_a_file_that_never_ends_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ConfigError, match="pipe: not a regular file"):
        read_rules(tmp_path / "pipe", ())
    (tmp_path / "large").write_bytes(b"#" * (4 * 1024 * 1024 + 1))
    with pytest.raises(ConfigError, match="large: larger than 4194304 bytes"):
        read_rules(tmp_path / "large", ())


def test_a_number_of_thousands_of_digits_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="not TOML"):
        rules(tmp_path, f"x = {'1' * 5000}")


def test_the_null_device_has_no_rules():
    assert read_rules(Path("/dev/null"), ()).rules == ()
