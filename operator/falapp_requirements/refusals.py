"""The pip options that an environment does not accept: why, and the way out.

A row holds all spellings of one wish, those of uv included.
"""

_FILES = "reads a file, and a build sees no file of yours"
_ANEW = "means nothing here, since an environment is always made anew"
_PLACE = "would install elsewhere than into the environment"
_LOCKED = "is how every package is installed anyway, from a lock with hashes"
_TALK = "says how pip talks, and nobody reads it here"
_FIELDS = "is for the app's own fields to say"
_BUILDING = "changes how packages are built, and would change them for nobody else"
_NETWORK = "says how to reach the network, and builds reach it without a proxy"
_TAKEN = "is what a build does anyway"
_CHOICE = "has no meaning that uv and pip agree on"
_WHEEL = "give the URL of a wheel that was built so"
_LEAVE = "leave it out"
_HOST = "name an index that they reach with --index-url; the chart's customCA brings certificates"

ROWS: dict[tuple[str, ...], tuple[str, str]] = {
    ("-r", "--requirement", "--requirements", "--requirements-from-script", "--group"): (
        _FILES,
        "list its lines as items",
    ),
    ("-c", "--constraint", "--constraints"): (
        _FILES,
        "list what it constrains as requirements of their own, as urllib3<2",
    ),
    ("--build-constraint", "--build-constraints", "-b", "--override", "--overrides"): (
        _FILES,
        "list the versions as requirements",
    ),
    ("-e", "--editable"): ("installs a folder to be edited", "give git+https://… without -e"),
    ("--no-index", "--offline"): ("leaves no index to ask", "name the index with --index-url"),
    ("--trusted-host", "--allow-insecure-host"): (
        "turns off the check of certificates",
        "leave it out, and give the operator the CA bundle (chart value for a custom CA)",
    ),
    (
        *("-U", "--upgrade", "--upgrade-strategy", "--force-reinstall", "--reinstall"),
        *("-I", "--ignore-installed", "--no-cache-dir", "--cache-dir", "--no-cache"),
        *("--refresh", "--refresh-package", "--no-clean", "--exists-action", "--dry-run"),
    ): (_ANEW, _LEAVE),
    (
        *("-t", "--target", "--prefix", "--root", "--user", "--no-user", "--src", "--source"),
        *("--source-dir", "--source-directory", "--require-venv"),
        *("--system", "--break-system-packages", "--require-virtualenv", "--python"),
    ): (_PLACE, _LEAVE),
    ("--require-hashes", "--no-require-hashes", "--report"): (_LOCKED, _LEAVE),
    ("--compile", "--compile-bytecode", "--use-pep517", "--build-isolation"): (_TAKEN, _LEAVE),
    (
        *("--global-option", "--build-option", "--install-option", "--no-use-pep517"),
        *("-C", "--config-setting", "--config-settings", "--no-compile"),
        *("--check-build-dependencies", "--no-build-isolation-package"),
    ): (_BUILDING, _WHEEL),
    ("--no-deps", "--no-dependencies", "--only-deps", "--only-dependencies"): (
        "leaves out what packages need, and a lock is whole or of no use",
        "leave it out, and pin the package that is in the way",
    ),
    ("--python-version", "--python-platform", "--platform", "--implementation", "--abi"): (
        _FIELDS,
        "set pythonVersion and machineType",
    ),
    ("--index",): ("is uv's word", "write --extra-index-url=https://…"),
    ("--default-index",): ("is uv's word", "write --index-url=https://…"),
    ("--torch-backend",): (
        "is uv's word",
        "name PyTorch's index for your CUDA with --extra-index-url=https://…",
    ),
    ("--prerelease", "--prerelease-package", "--all-releases"): (
        _CHOICE,
        "write --pre, or name a development version in the requirement, as package>=2.0rc1",
    ),
    ("--no-build", "--no-build-package", "--prefer-binary"): (
        _CHOICE,
        "write --only-binary=:all:, or with the names of packages",
    ),
    (
        *("--only-final", "--uploaded-prior-to", "--exclude-newer", "--index-strategy"),
        *("--resolution", "--fork-strategy", "--extra", "--all-extras"),
        *("--ignore-requires-python", "--use-feature", "--use-deprecated"),
    ): (_CHOICE, "leave it out, and pin versions, as package==1.2"),
    (
        *("--proxy", "--no-proxy-env", "--cert", "--client-cert", "--retries", "--timeout"),
        *("--default-timeout", "--resume-retries", "--keyring-provider"),
    ): (_NETWORK, _HOST),
    (
        *("-q", "--quiet", "-v", "--verbose", "-h", "--help", "-V", "--version", "--debug"),
        *(
            "--log",
            "--log-file",
            "--local-log",
            "--no-input",
            "--no-color",
            "--color",
            "--progress-bar",
            "--no-progress",
        ),
        *("--isolated", "--root-user-action", "--disable-pip-version-check"),
        *("--no-warn-script-location", "--no-warn-conflicts", "--no-python-version-warning"),
    ): (_TALK, _LEAVE),
}
"""Names of options, and of each why it is refused and the way out."""

REASONS = {name: reason for names, reason in ROWS.items() for name in names}
"""The same by name."""
