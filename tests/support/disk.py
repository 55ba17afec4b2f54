"""A full disk."""

import contextlib
import resource
from collections.abc import Iterator


@contextlib.contextmanager
def full_disk(limit: int) -> Iterator[None]:
    """Let this process write files of at most `limit` bytes; more fails as on a full disk."""
    before, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, most))
