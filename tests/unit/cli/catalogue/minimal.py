import fal


class Minimal(fal.App):
    @fal.endpoint("/")
    def predict(self) -> dict:
        return {}
