"""What is wrong with a requirement."""


class RequirementError(ValueError):
    """An item that is not one that pip accepts, or one that is refused here.

    Its text is one sentence: the item without its credentials, what is wrong, the way out.

    Attributes:
        why: What is wrong, without the item.
        way_out: What to write instead.
    """

    def __init__(self, text: str, why: str = "", way_out: str = "") -> None:
        super().__init__(text)
        self.why = why
        self.way_out = way_out
