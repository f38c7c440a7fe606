import pytest

from tests.cluster import choice
from tests.cluster.choice import Existing, Machine, Way
from tests.cluster.errors import ClusterError

ABLE = Machine(pulls=False, root=True, debian=True, go=True)


def test_no_existing_cluster_is_used_unless_named():
    assert choice.existing({"KUBECONFIG": "/home/u/.kube/config"}) is None


def test_a_registry_alone_names_no_cluster():
    assert choice.existing({choice.REGISTRY: "registry.example/falapp"}) is None


@pytest.mark.parametrize(
    ("written", "insecure"),
    [
        ("registry.example/falapp/", False),
        ("https://registry.example/falapp", False),
        ("http://registry.example/falapp", True),
    ],
)
def test_an_existing_cluster_comes_with_its_registry(written, insecure):
    environment = {choice.CONTEXT: "lab", choice.REGISTRY: written}
    assert choice.existing(environment) == Existing(
        context="lab", registry="registry.example/falapp", insecure=insecure
    )


def test_an_existing_cluster_without_registry_is_refused():
    with pytest.raises(ClusterError, match=r"FALAPP_KUBE_CONTEXT=lab .* FALAPP_REGISTRY is not"):
        choice.existing({choice.CONTEXT: "lab"})


@pytest.mark.parametrize("root", [True, False])
def test_where_images_can_be_pulled_nothing_is_assembled(root):
    machine = Machine(pulls=True, root=root, debian=False, go=False)
    assert choice.kind(machine) is Way.PULLED


def test_where_no_registry_answers_the_node_is_assembled():
    assert choice.kind(ABLE) is Way.ASSEMBLED


@pytest.mark.parametrize(
    ("machine", "lacking"),
    [
        (Machine(pulls=False, root=False, debian=True, go=True), "lacks root;"),
        (Machine(pulls=False, root=True, debian=True, go=False), "lacks Go;"),
        (
            Machine(pulls=False, root=False, debian=False, go=True),
            "lacks root and Debian's apt-get;",
        ),
    ],
)
def test_what_assembling_lacks_is_named_with_the_way_out(machine, lacking):
    with pytest.raises(ClusterError, match="no image registry answers") as caught:
        choice.kind(machine)
    assert lacking in str(caught.value)
    assert "FALAPP_KUBE_CONTEXT" in str(caught.value)
