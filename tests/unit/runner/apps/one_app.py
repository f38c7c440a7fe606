"""Has one fal.App, under two names, and imports a base class of fal's."""

import fal
from fal import App  # noqa: F401


class One(fal.App):
    @fal.endpoint("/")
    def answer(self) -> str:
        return "one"


Alias = One
