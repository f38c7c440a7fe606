from pathlib import Path

import pytest

from falapp_builder.install import record

EMPTY = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("../../../bin/run", b"", [f"../../../bin/run,sha256={EMPTY},0"]),
        (
            'a-1.dist-info/"odd, name".txt',
            b"",
            [f'"a-1.dist-info/""odd, name"".txt",sha256={EMPTY},0'],
        ),
        ("a/__init__.py", None, []),
    ],
)
def test_rows_change(tmp_path: Path, name: str, content: bytes | None, expected: list[str]) -> None:
    info = tmp_path / "lib/python3/site-packages/a-1.dist-info"
    info.mkdir(parents=True)
    written = '"' + name.replace('"', '""') + '"'
    (info / "RECORD").write_text(
        f"other.py,sha256=x,1\r\n{written},sha256=y,2\na-1.dist-info/RECORD,,\n"
    )
    path = Path(*(info.parent / name).parts)
    resolved = tmp_path / "bin/run" if name.startswith("..") else path
    record.amend(info, {resolved: content, tmp_path / "bin/another": b"of another package"})
    lines = (info / "RECORD").read_text().splitlines()
    assert lines == ["other.py,sha256=x,1", *expected, "a-1.dist-info/RECORD,,"]


def test_a_row_is_added_for_what_is_the_packages_own(tmp_path: Path) -> None:
    info = tmp_path / "a-1.dist-info"
    info.mkdir()
    (info / "RECORD").write_text("a-1.dist-info/RECORD,,\n")
    record.amend(info, {info / "direct_url.json": b"", tmp_path / "b.py": b""})
    row = f"a-1.dist-info/direct_url.json,sha256={EMPTY},0"
    assert (info / "RECORD").read_text().splitlines() == ["a-1.dist-info/RECORD,,", row]
