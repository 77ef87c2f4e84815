"""Decides where the stack listens: free loopback ports below the range that the system hands out by itself."""

import random
import socket

from hub.local.errors import StackError

LOOPBACK = "127.0.0.1"
FIRST, LAST = 20_000, 32_767
"""Below Linux's ephemeral range: an outgoing connection once took a port that a server was restarted on."""


def free_ports(count: int) -> list[int]:
    """Choose `count` ports that nothing listens on."""
    chosen: list[int] = []
    for port in random.sample(range(FIRST, LAST + 1), k=500):
        if len(chosen) == count:
            return chosen
        if free(port):
            chosen.append(port)
    raise StackError(
        f"none of 500 ports tried between {FIRST} and {LAST} on {LOOPBACK} could be opened",
        remedy="end programs that listen there, or allow this one to open ports (sandbox, firewall)",
    )


def free(port: int) -> bool:
    """Whether a server could listen on this port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def answers(port: int) -> bool:
    """Whether something accepts connections on this port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
        trial.settimeout(0.5)
        return trial.connect_ex((LOOPBACK, port)) == 0
