"""Goes on in the background, and changes every module that appears."""

import sys
import time
from pathlib import Path

POISON = "\nWORD = 'poisoned'\n"
end = time.monotonic() + 120
while time.monotonic() < end:
    for root in sys.argv[1:]:
        for file in Path(root).rglob("*.py"):
            try:
                if POISON not in file.read_text():
                    with file.open("a") as stream:
                        stream.write(POISON)
            except (OSError, UnicodeDecodeError):
                continue
    time.sleep(0.2)
