"""One module for each way out of the house: `send(delivery)` returns what came back, or raises NotSent."""

from datetime import timedelta


class NotSent(Exception):
    """The try failed; `permanent` says that another would be no use. `pause` is how long the other side asks for.

    `ours` says that it failed on our side, and tells nothing of the other.
    """

    def __init__(
        self, answer: str, *, permanent: bool = False, pause: timedelta | None = None, ours: bool = False
    ) -> None:
        super().__init__(answer)
        self.permanent = permanent
        self.pause = pause
        self.ours = ours


class Refused(NotSent):
    """The other side looked at the lead and does not want it; `sentence` is its word on why."""

    def __init__(self, answer: str, sentence: str) -> None:
        super().__init__(answer, permanent=True)
        self.sentence = sentence


class OutOfOrder(NotSent):
    """No try will arrive until a person has mended the address: everything for it waits."""


class Forbidden(OutOfOrder):
    """The address leads where nothing of ours may go."""


class Unsigned(OutOfOrder):
    """It could not be signed, for the secret cannot be read any more."""

    def __init__(self, whose: str) -> None:
        super().__init__(
            f"The secret it is signed with can no longer be read, for the key it was kept under is gone. {whose}"
        )
