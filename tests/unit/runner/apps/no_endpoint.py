"""A fal.App that answers nothing."""

import fal


class Mute(fal.App):
    pass
