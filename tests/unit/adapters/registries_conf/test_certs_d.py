"""certs.d folders: what is found, what is passed over with a word, what is refused."""

import pytest

from manyfest.adapters.endpoint import Certificates
from manyfest.adapters.registries_conf.certs_d import CertificateFolders
from manyfest.domain.errors import ConfigError

HOST = "registry.test:5000"


@pytest.fixture
def warnings():
    return []


@pytest.fixture
def folders(tmp_path):
    made = (tmp_path / "docker", tmp_path / "containers")
    for folder in made:
        (folder / HOST).mkdir(parents=True)
    return made


def found(folders, warnings, host=HOST):
    return CertificateFolders(folders, warnings.append).certificates_for(host)


def touch(folder, *names):
    for name in names:
        (folder / HOST / name).touch()
    return tuple(str(folder / HOST / name) for name in names)


def test_authorities_of_all_folders_count(folders, warnings):
    first = touch(folders[0], "a.crt", "b.crt")
    second = touch(folders[1], "ca.crt")
    assert found(folders, warnings) == Certificates((*first, *second))


def test_identities_are_pairs(folders, warnings):
    pairs = (touch(folders[0], "a.cert", "a.key"), touch(folders[0], "b.cert", "b.key"))
    assert found(folders, warnings) == Certificates((), pairs)


def test_other_files_and_other_hosts_are_left_alone(folders, warnings):
    touch(folders[0], "ca.pem", "README", "ca.crt.old")
    touch(folders[1], "ca.crt")
    assert found(folders[:1], warnings) == Certificates()
    assert found(folders, warnings, "registry.test") == Certificates()


HALVES = {"a.cert": "a.key", "a.key": "a.cert"}


@pytest.mark.parametrize(("file", "missing"), HALVES.items(), ids=HALVES)
def test_half_a_pair_is_refused_and_both_named(folders, warnings, file, missing):
    (path,) = touch(folders[0], file)
    with pytest.raises(ConfigError) as caught:
        found(folders, warnings)
    assert path in str(caught.value)
    assert missing in str(caught.value)


def test_a_folder_that_cannot_be_looked_into_is_a_warning_that_names_it(
    tmp_path, folders, warnings
):
    authorities = touch(folders[0], "ca.crt")
    closed = tmp_path / "closed" / HOST
    closed.parent.mkdir()
    closed.symlink_to(closed)  # unlike missing permissions, this stops root, too
    reader = CertificateFolders((tmp_path / "closed", *folders), warnings.append)
    for _ in range(2):
        assert reader.certificates_for(HOST) == Certificates(authorities)
    assert len(warnings) == 1
    assert str(closed) in warnings[0]


def test_folders_that_are_missing_or_files_are_no_matter(tmp_path, warnings):
    (tmp_path / "file").touch()
    assert found((tmp_path / "no", tmp_path / "file"), warnings) == Certificates()
    assert warnings == []
