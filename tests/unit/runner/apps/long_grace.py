"""Asks for a longer end than there is."""

import fal


class Patient(fal.App):
    termination_grace_period_seconds = 7200

    @fal.endpoint("/")
    def answer(self) -> str:
        return "fine"
