import fal


class Much(fal.App):
    @fal.endpoint("/")
    def say(self) -> str:
        return "much " * 200_000
