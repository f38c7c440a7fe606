"""Kinds of packages, the files that are written down of them, and how they are read again."""

import pytest

from falapp_builder.pod import packages
from falapp_builder.pod.failure import Failure, Reason
from falapp_builder.resolve import chosen, tags
from falapp_builder.resolve.lock import File, Package
from falapp_builder.resolve.origins import Origins
from falapp_requirements import tokens

TAGS = ("cp311-cp311-manylinux_2_36_x86_64", "cp311-abi3-linux_x86_64", "py3-none-any")
FIT, PURE = "x-1-cp311-cp311-manylinux_2_36_x86_64.whl", "x-1-py2.py3-none-any.whl"
UNFIT, SOURCE = "x-1-cp311-cp311-win_amd64.whl", "x-1.tar.gz"


def package(*names: str, sha256: str = "00", direct: bool = False) -> Package:
    files = tuple(
        File(url=f"https://h/{name}", sha256=sha256 and f"{sha256}{name}") for name in names
    )
    return Package(name="x", version="1", files=files, direct=direct)


def resolved(found: Package, *asked: str) -> packages.Package:
    arguments = tokens.parse(asked)
    origins = Origins(arguments, {})
    sound = chosen.verified([found], arguments, origins)
    (result,) = chosen.resolved(sound, origins, TAGS, 2)
    return result


@pytest.mark.parametrize(
    ("found", "kind", "files"),
    [
        (package(SOURCE, UNFIT, PURE, FIT), "wheel", [FIT, PURE, SOURCE]),
        (package(UNFIT, SOURCE), "sdist", [SOURCE]),
        (package(FIT, direct=True), "wheel", [FIT]),
        (package(SOURCE, direct=True), "archive", [SOURCE]),
        (package("anything", direct=True), "archive", ["anything"]),
    ],
)
def test_kinds(found: Package, kind: str, files: list[str]) -> None:
    result = resolved(found, "x")
    assert (result.kind, [file.name for file in result.files]) == (kind, files)
    assert result.layer == 2


def test_nothing_that_fits() -> None:
    with pytest.raises(Failure, match=f"only {UNFIT}; ask for another version") as caught:
        resolved(package(UNFIT), "x")
    assert caught.value.reason is Reason.NO_MATCHING_WHEEL


ONE, OTHER = "a" * 64, "b" * 64


def hashed(*files: tuple[str, str]) -> Package:
    found = tuple(File(url=f"https://h/{name}", sha256=digest) for name, digest in files)
    return Package(name="x", version="1", files=found)


@pytest.mark.parametrize(
    ("found", "given", "expected"),
    [
        (hashed((FIT, ONE), (SOURCE, OTHER)), [OTHER], [(SOURCE, OTHER)]),
        (hashed((FIT, ONE), (PURE, OTHER)), [ONE, OTHER], [(FIT, ONE), (PURE, OTHER)]),
        (hashed((FIT, "")), [ONE], [(FIT, ONE)]),
    ],
)
def test_hashes_that_the_user_gave(
    found: Package, given: list[str], expected: list[tuple[str, str]]
) -> None:
    result = resolved(found, "x==1 " + " ".join(f"--hash=sha256:{digest}" for digest in given))
    assert [(file.name, file.sha256) for file in result.files] == expected


def test_a_hash_of_nothing() -> None:
    with pytest.raises(
        Failure, match=r"^requirement `x==1`: no file of x==1 has the hash"
    ) as caught:
        resolved(hashed((FIT, ONE)), f"x==1 --hash=sha256:{OTHER}")
    assert caught.value.reason is Reason.HASH_MISMATCH


def test_a_source_of_which_the_hash_is_known_is_built() -> None:
    result = resolved(hashed((FIT, ONE), (SOURCE, OTHER)), f"x==1 --hash=sha256:{OTHER}")
    assert result.kind == "sdist"


ALL = (
    resolved(hashed((PURE, ONE), (SOURCE, OTHER)), "x"),
    resolved(hashed((SOURCE, OTHER)), "x"),
    resolved(
        Package(name="x", version="1", files=(File(url=f"https://h/{PURE}", size=3),), direct=True),
        f"x @ https://h/{PURE}",
    ),
    resolved(
        Package(
            name="x", repository="https://h/x", commit="3f" * 20, subdirectory="a b", direct=True
        ),
        "x @ git+https://h/x@v1#subdirectory=a%20b",
    ),
)


@pytest.mark.parametrize("known", ALL, ids=lambda p: p.kind)
def test_what_is_written_is_read_again(known: packages.Package, tmp_path_factory) -> None:
    path = tmp_path_factory.mktemp("lock") / "resolved.json"
    path.write_text(packages.document([known], TAGS))
    back = packages.read(path)
    assert back.packages == (known,)
    assert back.tags == TAGS


def test_the_tags_of_this_python() -> None:
    assert tags.supported()[-1] == "py30-none-any"
    names = (
        "a-1-py30-none-any.whl",
        "a-1-py3-none-any.whl",
        "a.tar.gz",
        "a-1.whl",
        "a-1-1-x-y-z.whl",
    )
    found = tags.fitting((File(url=f"https://h/{name}") for name in names), tags.supported())
    assert [file.name for file in found] == ["a-1-py3-none-any.whl", "a-1-py30-none-any.whl"]
