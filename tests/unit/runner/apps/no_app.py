"""Has a class and a number, and no fal.App."""

import fal  # noqa: F401

NUMBER = 7


class Plain:
    """No app."""
