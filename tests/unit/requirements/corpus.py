"""Lists of requirements for every test that wants some, in the forms that fal's users write.

The hosts are made up: ``Case.at`` puts real ones in their place, and ``Case.needs`` says which.
Packages are small, pure and on the public index, so that both resolvers can be run on a case.
"""

from dataclasses import dataclass, field, replace

INDEX = "https://index.example/simple"
FILES = "https://files.example"
GIT = "https://git.example"

DIGEST = "ae74fb96c20a0277a1d615f1e4d73c8414f5a98db8b799a7931d1582f3390c28"  # click 8.1.7's wheel
WHEEL = "click-8.1.7-py3-none-any.whl"
SIGNATURE = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=900&X-Amz-Signature=CANARYsignature"


@dataclass(frozen=True, kw_only=True)
class Case:
    """One layer of requirements."""

    name: str
    items: tuple[str, ...]
    packages: tuple[str, ...]
    """What is installed on Linux, at the least."""
    values: dict[str, str] = field(default_factory=dict)
    """Values of its variables."""

    @property
    def needs(self) -> frozenset[str]:
        """The made-up hosts that it uses."""
        text = " ".join((*self.items, *self.values.values()))
        return frozenset(host for host in (INDEX, FILES, GIT) if host.partition("://")[2] in text)

    def at(self, index: str = INDEX, files: str = FILES, git: str = GIT) -> "Case":
        """Return the case with other hosts; credentials stay before them."""

        def moved(text: str) -> str:
            for old, new in ((INDEX, index), (FILES, files), (GIT, git)):
                old_scheme, _, old_rest = old.partition("://")
                new_scheme, _, new_rest = new.partition("://")
                if old_rest in text:
                    text = text.replace(old_rest, new_rest)
                    text = text.replace(f"{old_scheme}://", f"{new_scheme}://")
            return text

        items = tuple(map(moved, self.items))
        values = {name: moved(value) for name, value in self.values.items()}
        return replace(self, items=items, values=values)


def _case(name: str, packages: str, *items: str, values: dict[str, str] | None = None) -> Case:
    return Case(name=name, items=items, packages=tuple(packages.split()), values=values or {})


ACCEPTED = (
    _case("nothing", ""),
    _case("bare names", "click idna", "click", "idna"),
    _case("pins", "click idna", "click==8.1.7", "idna==3.7"),
    _case("ranges", "click idna", "click>=8,<8.2", "idna~=3.6"),
    _case("exclusion and wildcard", "click", "click==8.*,!=8.1.4"),
    _case("arbitrary equality", "click", "click===8.1.7"),
    _case("parentheses", "click", "click (>=8.0)"),
    _case("white space", "click", "  click  >= 8.0 , < 9  "),
    _case("names in other spellings", "typing-extensions idna", "Typing_Extensions", "IDNA"),
    _case("a local version", "click", "click!=8.1.7+cu124"),
    _case("extras", "requests pysocks", "requests[socks]"),
    _case("several extras", "requests pysocks", "requests[use_chardet_on_py3, socks]"),
    _case("a marker that holds", "click", 'click; python_version >= "3.8"'),
    _case("a marker that does not hold", "click", "click", "idna ; sys_platform == 'win32'"),
    _case(
        "a marker in parentheses",
        "click",
        "click ; (python_version>'3.5' and os_name=='posix') or sys_platform=='win32'",
    ),
    _case("a wheel by URL", "click", f"{FILES}/{WHEEL}"),
    _case("name@URL", "click", f"click@{FILES}/{WHEEL}"),
    _case("name @ URL", "click", f"click @ {FILES}/{WHEEL}"),
    _case("name[extra] @ URL", "requests", f"requests[socks] @ {FILES}/requests.zip"),
    _case("URL and marker", "click", f"click @ {FILES}/{WHEEL} ; os_name == 'posix'"),
    _case("URL; marker", "click", f"click @ {FILES}/{WHEEL}; os_name == 'posix'"),
    _case("URL with a hash", "click", f"click @ {FILES}/{WHEEL}#sha256={DIGEST}"),
    _case("a source archive", "click", f"click @ {FILES}/click-8.1.7.tar.gz"),
    _case("an address only", "click", f"{FILES}/click-8.1.7.tar.gz"),
    _case("git", "click", f"git+{GIT}/click.git"),
    _case("git at a tag", "click", f"git+{GIT}/click.git@8.1.7"),
    _case("git at a commit", "click", f"click @ git+{GIT}/click.git@{DIGEST[:40]}"),
    _case("git with egg", "click", f"git+{GIT}/click.git@8.1.7#egg=click"),
    _case("git with a folder", "click", f"click @ git+{GIT}/mono.git#subdirectory=packages/click"),
    _case(
        "git, egg and folder", "click", f"git+{GIT}/mono.git#egg=click&subdirectory=packages/click"
    ),
    _case("a hash in the item", "click", f"click==8.1.7 --hash=sha256:{DIGEST}"),
    _case(
        "hashes as items",
        "click",
        *("click==8.1.7", f"--hash=sha256:{DIGEST}", "--hash", f"sha256:{'0' * 64}"),
    ),
    _case("an index as two items", "click", "click", "--extra-index-url", f"{INDEX}/"),
    _case("an index with a space", "click", "click", f"--extra-index-url {INDEX}/"),
    _case("an index with =", "click", f"--extra-index-url={INDEX}/", "click"),
    _case(
        "several indexes",
        "click",
        "click",
        "--index-url",
        f"{INDEX}/",
        "--extra-index-url",
        f"{INDEX}/b",
    ),
    _case("short forms", "click", f"-i {INDEX}", "-f", f"{FILES}/links.html", "click"),
    _case("pages of links", "click", "--find-links", f"{FILES}/links.html", "click"),
    _case("development versions", "click", "--pre", "click"),
    _case("development version by name", "click", "click>=8.0rc1"),
    _case("from source", "click", "--no-binary", "click", "click==8.1.7"),
    _case("wheels only", "click", "--only-binary=:all:", "click"),
    _case("without isolation", "click setuptools", "setuptools", "--no-build-isolation", "click"),
    _case("index with a password", "click", f"--index-url=https://u:CANARYpw@{INDEX[8:]}", "click"),
    _case("git with a token", "click", f"git+https://CANARYtoken@{GIT[8:]}/click.git"),
    _case("a signed URL", "click", f"click @ {FILES}/{WHEEL}?{SIGNATURE}"),
    _case(
        "a token in a variable",
        "click",
        f"click @ git+https://${{GH_TOKEN}}@{GIT[8:]}/click.git@8.1.7",
        values={"GH_TOKEN": "CANARYtoken"},
    ),
    _case(
        "an index with variables",
        "click",
        "click",
        f"--extra-index-url=https://${{USER}}:${{PASSWORD}}@{INDEX[8:]}/",
        values={"USER": "somebody", "PASSWORD": "CANARYpassword"},
    ),
    _case(
        "a whole URL in a variable",
        "click",
        "click @ ${WHEEL_URL}",
        values={"WHEEL_URL": f"{FILES}/{WHEEL}?{SIGNATURE}"},
    ),
    _case(
        "an index in a variable", "click", "click", "-i", "${INDEX}", values={"INDEX": f"{INDEX}/"}
    ),
)
"""What an environment accepts."""
