"""The packages that tests make are what installers take for packages."""

import base64
import csv
import hashlib
import io
import runpy
import tarfile
import zipfile

import pytest

from tests.servers.packages import File, module, sdist, tree, wheel
from tests.servers.spy import spy


def contents(file: File) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("more", ["", "\n# more\n"])
def test_a_wheels_record_holds_every_file_with_its_hash(more):
    file = wheel("falapp-a", "word", requires=["falapp-b==1"], more=more)
    assert file.name == "falapp_a-1.0-py3-none-any.whl"
    found = contents(file)
    record = found["falapp_a-1.0.dist-info/RECORD"].decode()
    rows = {name: (digest, size) for name, digest, size in csv.reader(record.splitlines())}
    assert set(rows) == set(found)
    for name, (digest, size) in rows.items():
        if digest:
            raw = hashlib.sha256(found[name]).digest()
            assert digest == f"sha256={base64.urlsafe_b64encode(raw).rstrip(b'=').decode()}"
            assert int(size) == len(found[name])
    assert b"Requires-Dist: falapp-b==1" in found["falapp_a-1.0.dist-info/METADATA"]
    assert found["falapp_a.py"].startswith(b"WORD = 'word'\n")


def test_the_same_wheel_is_made_of_the_same_words_and_another_of_others():
    assert wheel("a", "word").sha256 == wheel("a", "word").sha256 != wheel("a", "other").sha256


def test_a_project_builds_its_wheel_with_nothing_but_python(tmp_path, monkeypatch):
    for path, text in tree("falapp-a", "word", version="2.0").items():
        (tmp_path / path).write_text(text)
    monkeypatch.chdir(tmp_path)
    backend = runpy.run_path("backend.py")
    assert backend["get_requires_for_build_wheel"]() == []
    name = backend["build_wheel"](".")
    found = contents(File(name, (tmp_path / name).read_bytes()))
    assert found["falapp_a.py"] == b"WORD = 'word'\n"
    assert b"Version: 2.0" in found["falapp_a-2.0.dist-info/METADATA"]


def names(file: File) -> set[str]:
    with tarfile.open(fileobj=io.BytesIO(file.content)) as archive:
        return set(archive.getnames())


def test_a_source_archive_has_everything_below_one_folder():
    file = sdist("falapp-a", tree("falapp-a", "word"))
    assert file.name == "falapp_a-1.0.tar.gz"
    top = "falapp_a-1.0"
    assert names(file) == {
        f"{top}/{name}" for name in ("PKG-INFO", "pyproject.toml", "backend.py", "falapp_a.py")
    }


def test_the_malicious_package_promises_no_metadata_so_that_it_is_asked():
    file = spy("falapp-spy", "1.0", drop="https://index/drop", builds="builds")
    with tarfile.open(fileobj=io.BytesIO(file.content)) as archive:
        [info] = [archive.extractfile(m).read() for m in archive if m.name.endswith("/PKG-INFO")]
    assert b"Metadata-Version: 2.1" in info
    top = f"{module('falapp-spy')}-1.0"
    assert {f"{top}/setup.py", f"{top}/linger.py", f"{top}/told.json"} <= names(file)
