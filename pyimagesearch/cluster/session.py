"""A Ray session for one command: on the cluster at RAY_ADDRESS, else on this machine alone."""

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
    """Yield the module `ray`, connected, with room for `workers` workers of at least one CPU.

    `require` comes before. Raises CommandError where the cluster cannot be reached, or has too few
    CPUs. What workers print goes into Ray's logs; those of a session on this machine are removed
    unless the block fails.
    """
    if address := cluster_address():
        with _connected(address) as ray:
            _check_cpus(ray, workers, f"the cluster at {address}")
            yield ray
        return
    folder = Path(tempfile.mkdtemp(prefix="ray-"))
    console.status(f"starting {workers} workers on this machine by Ray, which takes 10 to 30 s")
    try:
        with _started(folder) as ray:
            yield ray
    except BaseException:
        console.status(f"the logs of the workers are in {folder}")
        raise
    shutil.rmtree(folder, ignore_errors=True)


def check_workers(workers: int) -> None:
    """Raise CommandError where it is clear without a session that there can be none."""
    require_ray()
    found = os.cpu_count() or 1
    if workers > found and not cluster_address():
        raise CommandError(
            f"--workers {workers}: this machine has {found} CPUs; ask for fewer, or name a cluster "
            "in RAY_ADDRESS"
        )


def cluster_address() -> str:
    """Return the address of the cluster to use; empty for this machine alone."""
    address = os.environ.get("RAY_ADDRESS", "")
    return "" if address == "local" else address


def cpus_each(ray: ModuleType, workers: int) -> int:
    """Return the most CPUs that each of `workers` can have at once; at least 1."""
    nodes = [int(node["Resources"].get("CPU", 0)) for node in ray.nodes() if node["Alive"]]
    for cpus in range(max(nodes, default=1), 1, -1):
        if sum(found // cpus for found in nodes) >= workers:
            return cpus
    return 1


def last_line(error: Exception) -> str:
    """Return the end of an error of Ray's, whose text holds the traceback in the worker."""
    return str(error).strip().splitlines()[-1]


@contextlib.contextmanager
def _connected(address: str) -> Iterator[ModuleType]:
    """Connect to a running cluster, which gets the package from here."""
    if address != "auto":
        _check_reachable(address)
    ray = require_ray()
    # The workers may run where this folder is not.
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
    """Start Ray on this machine, its files in `folder`, and stop it at the end."""
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
    except Exception as error:  # Ray raises bare ones where its processes do not come up
        ray.shutdown()
        raise CommandError(f"Ray does not start on this machine ({error})") from None
    try:
        yield ray
    finally:
        ray.shutdown()


def require_ray() -> ModuleType:
    """Return the module `ray` with ray.data and ray.train, which write to their logs only.

    Raises CommandError where it is not installed.
    """
    if not cluster_address():
        # Ray reads these when it is imported. Nobody on the network has business with the processes
        # of a single machine: they listen on loopback (the switch is named after the systems where
        # that is the default), and let in who knows the token.
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
    """Raise CommandError at once, where Ray would go on trying for a minute."""
    host, _, port = address.rpartition(":")
    if "://" in address or not host or not port.isdigit():
        raise CommandError(
            f"RAY_ADDRESS {address}: HOST:PORT of the head node is needed, or auto; from outside "
            "the cluster use ray job submit"
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
            f"--workers {workers}: {where} has {found} CPUs; ask for fewer or add nodes"
        )
