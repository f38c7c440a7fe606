import fal


class Nothing(fal.App):
    def provide_hints(self) -> list[str]:
        return []

    @fal.endpoint("/")
    def run(self) -> None:
        pass


class Breaks(Nothing):
    def provide_hints(self) -> list[str]:
        raise ValueError("no hints today")
