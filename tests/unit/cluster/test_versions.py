import re
import tomllib

import pytest

from tests.cluster import golang, node, versions


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("Client Version: v1.32.4-dispatcher\nKustomize Version: v5.5.0", (1, 32, 4)),
        ("kind v0.33.0 go1.26.8 linux/amd64", (0, 33, 0)),
        ("v4.3.1+g1234567", (4, 3, 1)),
        ("3.14", (3, 14, 0)),
        ("", None),
        ("unknown", None),
    ],
)
def test_a_version_is_found_in_a_tools_own_words(said, version):
    assert versions.parse(said) == version


def test_versions_are_compared_as_numbers():
    assert versions.at_least("v3.14.0", "3.9.0")
    assert not versions.at_least("v3.9.9", versions.HELM_LEAST)
    assert not versions.at_least("no version at all", versions.HELM_LEAST)


def test_only_the_very_kind_is_good_enough():
    assert versions.same("kind v0.33.0 go1.26", versions.KIND)
    assert not versions.same("kind v0.34.0 go1.26", versions.KIND)
    assert not versions.same("", versions.KIND)


@pytest.mark.parametrize(
    ("part", "module"),
    [
        (golang.KUBERNETES, "k8s.io/kubernetes"),
        (golang.COREDNS, "github.com/coredns/coredns"),
        (golang.KIND, "sigs.k8s.io/kind"),
        (golang.HELM, "helm.sh/helm/v4"),
        (golang.KANIKO, "github.com/GoogleContainerTools/kaniko"),
    ],
)
def test_go_modules_pin_the_same_versions_by_checksum(part, module):
    folder = golang.SOURCES / part.name
    assert re.search(rf"{re.escape(module)} {part.version}\b", (folder / "go.mod").read_text())
    assert f"{module} {part.version} h1:" in (folder / "go.sum").read_text()


def test_every_module_asks_for_the_same_go():
    asked = {
        match[1]
        for part in golang.PARTS
        for match in [
            re.search(r"^go (.+)$", (golang.SOURCES / part.name / "go.mod").read_text(), re.M)
        ]
        if match
    }
    assert asked == {"1.26.0"}


def test_containerd_starts_pods_with_the_pause_image_that_is_there():
    config = tomllib.loads((node.FILES / "node" / "containerd.toml").read_text())
    sandbox = config["plugins"]["io.containerd.grpc.v1.cri"]["sandbox_image"]
    assert sandbox in node.names("components", "coredns", "pause")


def test_the_pod_network_runs_from_an_image_that_is_there():
    manifest = (node.FILES / "node" / "default-cni.yaml").read_text()
    assert f"image: {node.ALIAS}\n" in manifest


def test_no_package_source_is_written_down():
    """Mirrors differ by machine; apt, Go and pip know theirs."""
    ours = r"https?://(?!kind-registry:|[a-z0-9.-]+\.svc:|127\.0\.0\.1:|\{)"
    files = (path for path in golang.SOURCES.parent.rglob("*") if path.is_file())
    written = (path for path in files if path.suffix != ".pyc")
    texts = {path: path.read_bytes().decode(errors="replace") for path in written}
    assert [str(path) for path, text in texts.items() if re.search(ours, text)] == []
