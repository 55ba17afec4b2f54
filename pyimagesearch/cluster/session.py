"""A Ray session for one command, on the cluster at RAY_ADDRESS or else on this machine."""

import contextlib
import importlib
import logging
import os
import secrets
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from pyimagesearch import console
from pyimagesearch.console import CommandError

PACKAGE = Path(__file__).parents[1]
CONNECT_SECONDS = 5.0


@contextlib.contextmanager
def session(workers: int) -> Iterator[ModuleType]:
    """Yield the module `ray`, connected, with at least one CPU for each of `workers` workers.

    Call `check_workers` first. Raises CommandError if the cluster cannot be reached, or has too few
    CPUs. The output of the workers goes into Ray's logs; those of a session on this machine are
    removed unless the block fails.
    """
    if address := cluster_address():
        with _connected(address) as ray:
            _check_cpus(ray, workers, f"the cluster at {address}")
            yield ray
        return
    folder = Path(tempfile.mkdtemp(prefix="ray-"))
    console.status(f"starting {workers} workers on this machine; this takes 10 to 30 s")
    try:
        with _started(folder) as ray:
            yield ray
    except BaseException:
        console.status(f"the logs of the workers are in {folder}")
        raise
    shutil.rmtree(folder, ignore_errors=True)


def check_workers(workers: int) -> None:
    """Raise CommandError if Ray is not installed, or this machine has too few CPUs."""
    require_ray()
    found = os.cpu_count() or 1
    if workers > found and not cluster_address():
        raise CommandError(
            f"--workers {workers}: this machine has {found} CPUs; use fewer workers, or set "
            "RAY_ADDRESS to a cluster"
        )


def cluster_address() -> str:
    """Return the address of the cluster to use, or an empty string for this machine."""
    address = os.environ.get("RAY_ADDRESS", "")
    return "" if address == "local" else address


def cpus_each(ray: ModuleType, workers: int) -> int:
    """Return how many CPUs each of `workers` can have if all have the same number; at least 1."""
    nodes = [int(node["Resources"].get("CPU", 0)) for node in ray.nodes() if node["Alive"]]
    for cpus in range(max(nodes, default=1), 1, -1):
        if sum(found // cpus for found in nodes) >= workers:
            return cpus
    return 1


def last_line(error: Exception) -> str:
    """Return the last line of an error of Ray; the lines above are the worker's traceback."""
    return str(error).strip().splitlines()[-1]


@contextlib.contextmanager
def _connected(address: str) -> Iterator[ModuleType]:
    """Connect to a running cluster, and send it this package."""
    if address != "auto":
        _check_reachable(address)
    ray = require_ray()
    # Other machines may not have this folder.
    environment = {
        "py_modules": [str(PACKAGE)],
        "env_vars": {"KERAS_BACKEND": "tensorflow"},
    }
    try:
        ray.init(address, runtime_env=environment, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, RuntimeError, ValueError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise CommandError(f"RAY_ADDRESS {address}: cannot be used ({reason})") from None
    try:
        yield ray
    finally:
        ray.shutdown()


@contextlib.contextmanager
def _started(folder: Path) -> Iterator[ModuleType]:
    """Start Ray on this machine, with its files in `folder`, and stop it after the block."""
    ray = require_ray()
    try:
        ray.init(
            "local",
            num_cpus=os.cpu_count(),
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
            _temp_dir=str(folder),
        )
    except Exception as error:  # Ray raises plain exceptions if its processes do not start
        ray.shutdown()
        raise CommandError(f"Ray cannot be started on this machine ({error})") from None
    try:
        yield ray
    finally:
        ray.shutdown()


def require_ray() -> ModuleType:
    """Return the module `ray` with ray.data and ray.train, silenced on the terminal.

    Raises CommandError if it is not installed.
    """
    if not cluster_address():
        # Ray reads these when it is imported. On a single machine nobody else needs access: the
        # processes listen on loopback only (which is the default on Windows and macOS, hence the
        # name of the switch) and require a token.
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
        os.environ.setdefault("RAY_AUTH_MODE", "token")
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        ray = importlib.import_module("ray")
        for name in ("ray.data", "ray.train", "ray.util.queue"):
            importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise CommandError(
            f"--workers: {error.name} is not installed; run: pip install -r requirements-ray.txt"
        ) from None
    for name in ("ray", "ray.data", "ray.train"):
        logger = logging.getLogger(name)
        logger.handlers = [h for h in logger.handlers if not isinstance(h, logging.StreamHandler)]
    return ray


def _check_reachable(address: str) -> None:
    """Raise CommandError at once; Ray itself would keep trying for a minute."""
    host, _, port = address.rpartition(":")
    if "://" in address or not host or not port.isdigit():
        raise CommandError(
            f"RAY_ADDRESS {address}: must be HOST:PORT of the head node, or auto; from outside the "
            "cluster use ray job submit"
        )
    try:
        socket.create_connection((host.strip("[]"), int(port)), CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise CommandError(
            f"RAY_ADDRESS {address}: cannot be reached ({error}); start the cluster, or unset "
            "RAY_ADDRESS to use this machine"
        ) from None


def _check_cpus(ray: ModuleType, workers: int, where: str) -> None:
    found = int(ray.cluster_resources().get("CPU", 0))
    if workers > found:
        raise CommandError(
            f"--workers {workers}: {where} has {found} CPUs; use fewer workers or add nodes"
        )
