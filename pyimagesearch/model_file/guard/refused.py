"""How the checks say that something is refused."""

_MAX_CHARACTERS = 200


class RefusedError(ValueError):
    """A part of a model file is not what train.py writes; the text says what is wrong with it."""

    def __init__(self, reason: str) -> None:
        """Keep a short form of `reason`."""
        super().__init__(shortened(reason))


def shortened(reason: object) -> str:
    """Return the beginning of the first line of `reason`, in which names may be an attacker's."""
    return str(reason).strip().partition("\n")[0][:_MAX_CHARACTERS]
