"""A web of our own on loopback: routes, a record of what was asked, and pictures to serve."""

import json
import multiprocessing
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import cv2
import numpy as np
import pytest

Handler = BaseHTTPRequestHandler
SELF_SIGNED = Path(__file__).with_name("self_signed.pem")
Answer = Callable[[Handler], None]


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    path: str
    parameters: dict[str, str]
    headers: dict[str, str]


@dataclass
class LocalWeb:
    """What is served at which path, and what was asked for."""

    port: int
    routes: dict[str, Answer] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    def serve(
        self, path: str, body: bytes, status: int = 200, kind: str = "image/jpeg", **headers: str
    ) -> str:
        """Answer `path` with `body`; returns its url. `Retry_After` stands for Retry-After."""

        def answer(handler: Handler) -> None:
            reply(handler, body, status, kind, **headers)

        self.routes[path] = answer
        return self.url(path)

    def serve_in_turn(self, path: str, *answers: Answer) -> str:
        """Answer the first request with the first of `answers` and so on; the last one stays."""
        waiting = list(answers)
        lock = threading.Lock()

        def answer(handler: Handler) -> None:
            with lock:
                one = waiting.pop(0) if len(waiting) > 1 else waiting[0]
            one(handler)

        self.routes[path] = answer
        return self.url(path)

    def paths(self) -> list[str]:
        return [one.path for one in self.asked]


def reply(
    handler: Handler, body: bytes, status: int = 200, kind: str = "image/jpeg", **headers: str
) -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(body)))
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


def reply_json(handler: Handler, body: object, status: int = 200, **headers: str) -> None:
    reply(handler, json.dumps(body).encode(), status, "application/json", **headers)


def with_status(status: int, **headers: str) -> Answer:
    return lambda handler: reply(handler, b"", status, **headers)


def with_body(body: bytes) -> Answer:
    return lambda handler: reply(handler, body)


@contextmanager
def local_web(certificate: Path | None = None) -> Iterator[LocalWeb]:
    """Serve on a port of 127.0.0.1 until the end of the block; by TLS if there is a certificate."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, request: object, client_address: object) -> None:
            """Clients that hang up in the middle are what the tests are about."""

    def answer(handler: Handler) -> None:
        parts = urlsplit(handler.path)
        asked = Asked(parts.path, dict(parse_qsl(parts.query)), dict(handler.headers))
        web.asked.append(asked)
        web.routes.get(parts.path, with_status(404))(handler)

    settings = {
        "do_GET": answer,
        "protocol_version": "HTTP/1.1",
        "disable_nagle_algorithm": True,
        "log_message": lambda *line: None,
    }
    server = Server(("127.0.0.1", 0), type("RoutedHandler", (Handler,), settings))
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    web = LocalWeb(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield web
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def pixels(seed: int, side: int = 96) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """A soft pattern in colour, (side, side, 3) uint8; another seed is another picture."""
    coarse = np.random.default_rng(seed).integers(0, 256, (12, 12, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC), np.uint8)


def encoded(
    image: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], ending: str = ".jpg", quality: int = 90
) -> bytes:
    options = [cv2.IMWRITE_JPEG_QUALITY, quality] if ending == ".jpg" else []
    done, data = cv2.imencode(ending, image, options)
    assert done
    return data.tobytes()


def photo(seed: int, side: int = 96) -> bytes:
    """A JPEG; another seed is another picture."""
    return encoded(pixels(seed, side))


def fork_server() -> ForkServerContext:
    """Start processes that have imported the downloads already, so within milliseconds."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pyimagesearch.gather.download", "pyimagesearch.gather.api"])
    return context


def without_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take keys, contact and proxies out of the environment."""
    for name in ("BING_SEARCH_KEY", "BRAVE_SEARCH_KEY", "OPENVERSE_TOKEN", "GATHER_CONTACT"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look no name up and open no connection beyond this machine, whatever breaks."""
    look_up, connect = socket.getaddrinfo, socket.socket.connect

    def guarded_look_up(host: str | bytes | None, *rest: Any, **more: Any) -> Any:
        host = host.decode() if isinstance(host, bytes) else host
        if host and host != "localhost" and not host[0].isdigit() and ":" not in host:
            raise socket.gaierror(f"{host}: the tests look no names up")
        return look_up(host, *rest, **more)

    def guarded_connect(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and not address[0].startswith(("127.", "::1", "localhost")):
            raise AssertionError(f"a test wanted to connect to {address}")
        connect(self, address)

    monkeypatch.setattr(socket, "getaddrinfo", guarded_look_up)
    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
