"""RECORD, the list of a package's files: it must stay true when files of the package change."""

import base64
import csv
import hashlib
import io
import os
from collections.abc import Mapping
from pathlib import Path


def amend(info: Path, changes: Mapping[Path, bytes | None]) -> None:
    """Note in the RECORD of a package what became of files.

    Args:
        info: The package's .dist-info.
        changes: The new contents by path, None for a file that is gone. Paths that are not the
            package's are left out of its RECORD, save those in ``info``.
    """
    record, root = info / "RECORD", info.parent
    left = dict(changes)
    rows: list[list[str]] = []
    with record.open(encoding="utf-8", newline="") as file:
        for row in csv.reader(file):
            path = Path(os.path.normpath(root / row[0]))
            if path not in left:
                rows.append(row)
            elif (content := left.pop(path)) is not None:
                rows.append(_row(row[0], content))
    own = ((path, content) for path, content in left.items() if path.parent == info)
    rows += [_row(f"{info.name}/{path.name}", data) for path, data in own if data is not None]
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows(rows)
    record.write_text(written.getvalue(), encoding="utf-8", newline="")


def _row(name: str, content: bytes) -> list[str]:
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return [name, f"sha256={digest}", str(len(content))]
