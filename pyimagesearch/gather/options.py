"""The words of the command line, which every source translates into its own."""

from typing import Literal, get_args

from pyimagesearch.console import CommandError

# What may be done with the photos, in the order of Bing's own list.
Licence = Literal["any", "public", "share", "share-commercially", "modify", "modify-commercially"]
Size = Literal["any", "small", "medium", "large"]
SafeSearch = Literal["off", "moderate", "strict"]

LICENCES: tuple[Licence, ...] = get_args(Licence)
SIZES: tuple[Size, ...] = get_args(Size)
SAFE_SEARCHES: tuple[SafeSearch, ...] = get_args(SafeSearch)


class WrongArgumentError(CommandError):
    """The command line asks for what the source does not offer; exit status 2."""
