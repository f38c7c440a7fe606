"""The operator's settings, as far as this machine knows them."""

from pathlib import Path

import yaml

from falapp_cli.errors import InputError
from falapp_operator.settings import Settings, SettingsError

DEFAULTS = Path(__file__).with_name("defaults.yaml")
"""What the chart renders with its own values; a contract test holds it against the chart."""

PLACEHOLDERS = (
    "the operator's settings are unknown here: the registry and the images of builder and runtime "
    "are placeholders, and the key is right only if base images and the machine type's profile are "
    "the chart's; give --settings FILE (settings.yaml of the operator's ConfigMap), or --live"
)


def load(file: str) -> Settings:
    """Return the settings in a file, or the chart's where it is empty.

    The file is the operator's settings.yaml, or the ConfigMap that holds it.

    Raises:
        InputError: They cannot be read.
    """
    try:
        if not file:
            return Settings.load(DEFAULTS)
        inner = _inner(Path(file))
        return parse(inner, file) if inner else Settings.load(file)
    except SettingsError as error:
        raise InputError(f"--settings: {error}") from error


def parse(text: str, where: str) -> Settings:
    """Return settings from the text of a settings.yaml.

    Raises:
        InputError: They say something that this version does not know.
    """
    try:
        return Settings.model_validate(yaml.safe_load(text))
    except (ValueError, yaml.YAMLError) as error:
        first = " ".join(str(error).split())[:300]
        raise InputError(
            f"{where}: its settings are not those of this version of falapp ({first}); use the "
            "falapp of the operator's version"
        ) from error


def _inner(path: Path) -> str:
    """Return what a ConfigMap in the file holds as settings.yaml, if that is what it is."""
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"--settings: {path} cannot be read ({error.strerror}); name another file"
        ) from error
    except (UnicodeDecodeError, yaml.YAMLError):
        return ""  # Settings.load says what is wrong with it
    data = found.get("data") if isinstance(found, dict) else None
    return str(data.get("settings.yaml", "")) if isinstance(data, dict) else ""
