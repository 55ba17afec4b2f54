"""The process that decodes other people's files; decoding_process.py starts it and asks it.

It reads requests from stdin and answers on stdout until stdin ends. A decoder that crashes, hangs
or eats memory takes this process down, and nothing else.
"""

import os
import resource
import signal
import struct
import sys
from pathlib import Path
from typing import BinaryIO

# Before a path or a whole file: is it a path, side, max_pixels, length in bytes.
REQUEST = struct.Struct("<?QQQ")
# Before pixels, or the text of an ImageError: height, width (0, 0 for an error), length in bytes.
REPLY = struct.Struct("<QQQ")
READY = b"!"
CPU_SECONDS = 120.0  # for one file
# Memory a worker may take for a file: what it takes before, and for each pixel that the header
# speaks of. Measured: JPEG 7 bytes, PNG of 16 bits with alpha 33, AVIF of 10 bits with alpha 44.
BASE_BYTES = 384 * 2**20
BYTES_A_PIXEL = 64


def main() -> None:
    """Answer requests until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the business of who asked
    requests, replies = sys.stdin.buffer, os.fdopen(os.dup(1), "wb", 1 << 16)
    os.dup2(2, 1)  # what a library prints is no reply
    import cv2

    cv2.setNumThreads(1)  # there is a process for each processor
    try:
        replies.write(READY)
        replies.flush()
        while header := requests.read(REQUEST.size):
            answer(header, requests, replies)
    except BrokenPipeError:
        os._exit(0)  # nobody is left to answer, and nothing to tidy up


def answer(header: bytes, requests: BinaryIO, replies: BinaryIO) -> None:
    """Decode what one request asks for and write the reply."""
    from pyimagesearch.images import decoder, headers

    # Where the one who asks was killed, nobody else ends a decoder that goes round and round.
    signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
    is_path, side, max_pixels, length = REQUEST.unpack(header)
    limit_memory(BASE_BYTES + decoder.MAX_BYTES)
    content = requests.read(length)
    try:
        data = decoder.read_bytes(Path(os.fsdecode(content))) if is_path else content
        claimed = headers.read(data)
        of_pixels = BYTES_A_PIXEL * min(max_pixels, claimed.width * claimed.height)
        limit_memory(BASE_BYTES + 4 * len(data) + of_pixels)  # a mended JPEG is copied
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


def limit_memory(limit: int) -> None:
    """Let what this process asks for beyond `limit` bytes fail."""
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    if most != resource.RLIM_INFINITY:
        limit = min(limit, most)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, most))


if __name__ == "__main__":
    main()
