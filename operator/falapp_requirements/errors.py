"""What is wrong with a requirement."""


class RequirementError(ValueError):
    """An item that is not one that pip accepts, or one that is refused here.

    Its text is one sentence: the item without its credentials, what is wrong, the way out.
    """
