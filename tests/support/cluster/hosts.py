"""Hosts of a Ray cluster, made of Linux namespaces.

Each host has its own processes, network address and temporary folder, and can be turned off. All
other folders are shared.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Self

import pytest
from support.cluster.processes import wait_for
from support.commands import ROOT

NAMESPACES = ("--net", "--mount", "--pid")
PORT = 6379


class Host:
    """A host with one CPU for Ray; the first one is the head, to which all others are connected."""

    def __init__(self, number: int, temporary: Path) -> None:
        """Turn the host on; each host has its own contents of `temporary`, an empty folder."""
        self.address = f"10.77.0.{number}"
        self.temporary = temporary
        self.switch = subprocess.Popen(
            ["unshare", *NAMESPACES, "--fork", "--kill-child", "--mount-proc", "sleep", "inf"]
        )
        children = Path(f"/proc/{self.switch.pid}/task/{self.switch.pid}/children")
        self.pid = wait_for(lambda: children.read_text().strip(), "the start of a host", 10)
        wait_for(lambda: Path(f"/proc/{self.pid}/comm").read_text() == "sleep\n", "its own /proc")

    def words(self, *command: object, cwd: Path = Path("/")) -> list[str]:
        """Return the command line that runs `command` in the folder `cwd` of this host."""
        enter = ("nsenter", "--target", self.pid, *NAMESPACES, "env", f"--chdir={cwd}")
        variables = (f"TMPDIR={self.temporary}", "RAY_USAGE_STATS_ENABLED=0")
        return list(map(str, (*enter, *variables, *command)))

    def run(self, *command: object) -> None:
        """Run `command` here; fails if it fails."""
        run(*self.words(*command))

    def start_ray(self, head: "Host") -> None:
        """Start Ray here, as part of the cluster of `head`."""
        where = (
            ("--head", f"--port={PORT}", f"--temp-dir={self.temporary}", "--include-dashboard=0")
            if head is self
            else (f"--address={head.address}:{PORT}",)
        )
        ray = Path(sys.executable).with_name("ray")
        self.run(ray, "start", *where, f"--node-ip-address={self.address}", "--num-cpus=1")

    def turn_off(self) -> None:
        """End all processes of this host at once, like a power failure."""
        self.switch.kill()
        self.switch.wait()


class Cluster:
    """Hosts on one network, the first of which is the head; they are turned off after the block."""

    def __init__(self) -> None:
        """Skip the test if hosts cannot be made."""
        if not can_make_hosts():
            pytest.skip("needs Linux, root, and the commands unshare, nsenter, ip and mount")
        # Not in pytest's folder, where the paths of Ray's sockets would be too long.
        self.temporary = Path(tempfile.mkdtemp(prefix="ray-"))
        self.hosts: list[Host] = []

    def __enter__(self) -> Self:
        """Return the cluster."""
        return self

    def __exit__(self, *_: object) -> None:
        """Turn all hosts off."""
        for host in self.hosts:
            host.turn_off()
        self.temporary.rmdir()

    def add(self) -> Host:
        """Turn a host on and let it join the cluster, which the first one starts."""
        number = len(self.hosts) + 1
        self.hosts.append(host := Host(number, self.temporary))
        host.run("mount", "-t", "tmpfs", "none", self.temporary)
        host.run("ip", "link", "set", "lo", "up")
        head, device = self.hosts[0], "switch" if number == 1 else "eth0"
        if host is head:
            head.run("ip", "link", "add", device, "type", "bridge")
        else:
            port = ("ip", "link", "add", f"port{number}", "type", "veth", "peer", "name", device)
            # Not through head.run, because the processes of other hosts have no ids there.
            run("nsenter", "--target", head.pid, "--net", *port, "netns", host.pid)
            head.run("ip", "link", "set", f"port{number}", "master", "switch", "up")
        host.run("ip", "address", "add", f"{host.address}/24", "dev", device)
        host.run("ip", "link", "set", device, "up")
        host.start_ray(head)
        return host

    def words(self, script: str, *words: object, cwd: Path) -> list[str]:
        """Return the command line that runs one of the commands on the head, with this cluster."""
        head = self.hosts[0]
        address = f"RAY_ADDRESS={head.address}:{PORT}"
        return head.words(address, sys.executable, ROOT / script, *words, cwd=cwd)


def run(*command: object) -> None:
    """Run `command`; fails if it fails."""
    words = list(map(str, command))
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (words, done.stdout, done.stderr)


def can_make_hosts() -> bool:
    """Return whether this process is allowed to make namespaces, and the commands are there."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return False
    try:
        look = ("sh", "-c", "command -v nsenter && command -v ip && command -v mount")
        words = ("unshare", *NAMESPACES, "--fork", *look)
        return subprocess.run(words, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False
