"""The process that decodes files from strangers; processes.py starts it.

It reads requests from stdin and writes replies to stdout until stdin ends. A decoder that crashes,
hangs or asks for gigabytes ends this process and nothing else. The limits on memory and processor
time apply on systems that have them (not on Windows).
"""

import os
import signal
import struct
import sys
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

# Before a path or a whole file: whether it is a path, side, max_pixels, length in bytes.
REQUEST = struct.Struct("<?QQQ")
# Before pixels or the text of an ImageError: height, width (0, 0 for an error), length in bytes.
REPLY = struct.Struct("<QQQ")
READY = b"!"
CPU_SECONDS = 120.0  # for one file
# The memory that a file may take: what the process needs anyway, and so much for each pixel that
# the header claims. Measured: JPEG 7 bytes, HEIC with alpha 25, PNG of 16 bits with alpha 37, TIFF
# of 16 bits and AVIF of 10 bits with alpha 44.
BASE_BYTES = 384 * 2**20
BYTES_PER_PIXEL = 64


def main() -> None:
    """Answer requests until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that asks
    requests, replies = sys.stdin.buffer, os.fdopen(os.dup(1), "wb", 1 << 16)
    os.dup2(2, 1)  # what a library prints is not a reply
    import cv2

    cv2.setNumThreads(1)  # there is one process per processor
    try:
        replies.write(READY)
        replies.flush()
        while header := requests.read(REQUEST.size):
            answer(header, requests, replies)
    except OSError:
        os._exit(0)  # the process that asked has ended, and there is nothing to clean up


def answer(header: bytes, requests: BinaryIO, replies: BinaryIO) -> None:
    """Decode what one request asks for and write the reply."""
    from pyimagesearch.images import decoder, headers

    limit_processor_time(CPU_SECONDS)
    is_path, side, max_pixels, length = REQUEST.unpack(header)
    limit_memory(BASE_BYTES + decoder.MAX_BYTES)
    content = requests.read(length)
    try:
        data = decoder.read_bytes(Path(os.fsdecode(content))) if is_path else content
        claimed = headers.read(data)
        for_pixels = BYTES_PER_PIXEL * min(max_pixels, claimed.width * claimed.height)
        limit_memory(BASE_BYTES + 4 * len(data) + for_pixels)  # a repaired JPEG is copied
        pixels = decoder.decode(data, side, max_pixels)
        if is_path:
            pixels = decoder.squash(pixels, side)
    except (decoder.ImageError, MemoryError) as error:
        text = (str(error) or "does not fit into memory").encode()
        replies.write(REPLY.pack(0, 0, len(text)) + text)
    else:
        replies.write(REPLY.pack(*pixels.shape[:2], pixels.nbytes))
        replies.write(pixels.data)
    replies.flush()


def limit_processor_time(seconds: float) -> None:
    """End this process after `seconds` of work, even if the process that asked was killed."""
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_PROF, seconds)


def limit_memory(limit: int) -> None:
    """Let this process have no more than `limit` bytes of data."""
    if sys.platform != "win32":
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_DATA)
        if most != resource.RLIM_INFINITY:
            limit = min(limit, most)
        with suppress(OSError, ValueError):  # a system that cannot lower it
            resource.setrlimit(resource.RLIMIT_DATA, (limit, most))


if __name__ == "__main__":
    main()
