"""One module for each way out of the house: `send(delivery)` returns what came back, or raises NotSent."""


class NotSent(Exception):
    """The try failed; `permanent` says that another would be no use."""

    def __init__(self, answer: str, *, permanent: bool = False) -> None:
        super().__init__(answer)
        self.permanent = permanent
