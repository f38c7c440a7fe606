import pytest

from falapp_builder.plan import wheels
from falapp_builder.pod.failure import Failure, Reason
from falapp_builder.pod.packages import Git, Package, Resolved
from tests.unit.builder.made import file, package

TAGS = (
    "cp311-cp311-manylinux_2_28_x86_64",
    "cp311-cp311-manylinux_2_17_x86_64",
    "cp311-abi3-manylinux_2_17_x86_64",
    "cp311-none-any",
    "py3-none-any",
)


def chosen(*found: Package) -> list[tuple[str, str, str]]:
    choices = wheels.chosen(Resolved(tags=TAGS, packages=found))
    return [(c.name, c.kind, c.file.name if c.file else "") for c in choices]


@pytest.mark.parametrize(
    ("names", "best"),
    [
        (["a-1.0-py3-none-any.whl", "a-1.0-cp311-none-any.whl"], 1),
        (["a-1.0-cp311-cp311-manylinux_2_17_x86_64.manylinux_2_28_x86_64.whl"], 0),
        (["a-1.0-cp310-cp310-manylinux_2_17_x86_64.whl", "a-1.0-py2.py3-none-any.whl"], 1),
        (["a-1.0-py3-none-any.whl", "a-1.0-7-py3-none-any.whl", "a-1.0-6-py3-none-any.whl"], 1),
        (["nonsense.whl", "a-1.0-py3-none-any.whl"], 1),
        (["a-1.0.tar.gz", "a-1.0-py3-none-any.whl"], 1),
        (["a-1.0-cp310-cp310-win_amd64.whl", "a-1.0.tar.gz"], 1),
    ],
)
def test_the_file_that_fits_best(names: list[str], best: int) -> None:
    ((_, kind, name),) = chosen(package("a", *map(file, names)))
    assert name == names[best]
    assert kind == ("wheel" if name.endswith(".whl") else "sdist")


def test_what_must_be_built() -> None:
    git = Git(url="https://forge.example/c", commit="0" * 40)
    found = chosen(
        package("c", kind="git", git=git),
        package("b", file("main.zip"), kind="archive"),
        package("a", file("a-1.0.tar.gz"), kind="sdist"),
    )
    assert found == [("a", "sdist", "a-1.0.tar.gz"), ("b", "archive", "main.zip"), ("c", "git", "")]


def test_no_file_fits() -> None:
    names = [f"a-1.0-cp3{minor}-cp3{minor}-win_amd64.whl" for minor in range(4, 10)]
    with pytest.raises(Failure) as caught:
        chosen(package("a", *map(file, names)))
    assert caught.value.reason is Reason.NO_MATCHING_WHEEL
    assert "a==1.0 has no wheel" in caught.value.message
    assert "cp34-cp34-win_amd64, cp35-cp35-win_amd64, " in caught.value.message
    assert "and 2 more; ask for" in caught.value.message
