import pytest

from tests.cluster import context, fingerprint

DOCKERFILE = """\
ARG BASE
FROM $BASE
COPY LICENSE ca.cr[t] /build/
COPY requirements/operator.txt /build/operator.txt
COPY operator/falapp_operator /build/falapp_operator
COPY operator/falapp_runner/__init__.py /build/runner.py
RUN echo operator/falapp_builder
"""


@pytest.fixture
def repository(tmp_path):
    root = tmp_path / "repository"
    for name in ("falapp_operator", "falapp_runner", "falapp_builder"):
        package = root / "operator" / name
        (package / "__pycache__").mkdir(parents=True)
        (package / "__init__.py").write_text("")
        (package / "__pycache__" / "x.pyc").write_bytes(b"\0")
    (root / "operator" / "images").mkdir()
    (root / "operator" / "images" / "operator.Dockerfile").write_text(DOCKERFILE)
    (root / "requirements").mkdir()
    (root / "requirements" / "operator.txt").write_text("kopf==1.45.2\n")
    (root / "requirements" / "notes.md").write_text("not a lock")
    (root / "pyproject.toml").write_text("[project]\n")
    (root / "LICENSE").write_text("Apache\n")
    (root / "tests").mkdir()
    (root / "tests" / "test_x.py").write_text("")
    (root / "uv").write_bytes(b"\x7fELF")
    return root


@pytest.fixture
def assemble(repository, tmp_path):
    def made(name="context", bundle=None):
        folder = tmp_path / name
        folder.mkdir()
        dockerfile = repository / "operator" / "images" / "operator.Dockerfile"
        return folder, context.assemble(repository, dockerfile, repository / "uv", bundle, folder)

    return made


def test_it_holds_what_images_copy_and_nothing_else(assemble):
    folder, _ = assemble()
    assert set(fingerprint.tree(folder)) == {
        "Dockerfile",
        "LICENSE",
        "operator/falapp_operator/__init__.py",
        "operator/falapp_runner/__init__.py",
        "requirements/operator.txt",
        "tools/uv",
    }


def test_uv_can_be_executed(assemble):
    folder, _ = assemble()
    assert (folder / "tools" / "uv").stat().st_mode & 0o111 == 0o111


def test_the_hosts_certificates_come_along_only_where_there_are_any(assemble, repository):
    bundle = repository / "bundle.crt"
    bundle.write_text("-----BEGIN CERTIFICATE-----")
    without, plain = assemble("without")
    folder, trusting = assemble("with", bundle)
    assert not (without / "ca.crt").exists()
    assert (folder / "ca.crt").read_text() == bundle.read_text()
    assert plain != trusting


def test_the_same_sources_give_the_same_fingerprint(assemble, repository):
    _, first = assemble("first")
    (repository / "tests" / "test_x.py").write_text("a test changed")
    (repository / "operator" / "falapp_builder" / "__init__.py").write_text("of another image")
    _, second = assemble("second")
    (repository / "operator" / "falapp_runner" / "__init__.py").write_text("x = 1\n")
    _, third = assemble("third")
    assert first == second != third
