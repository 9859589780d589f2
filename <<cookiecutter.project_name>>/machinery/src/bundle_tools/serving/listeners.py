"""Sockets on the loopback interface for HTTP servers."""

from __future__ import annotations

import socket

LOOPBACK = "127.0.0.1"
_BACKLOG = 128


def listener(port: int) -> socket.socket:
    """Return a socket that listens on a port of this machine; 0 stands for any that is free.

    Raises:
        OSError: The port is in use, or not for this user.
    """
    # asyncio sends small answers at once (TCP_NODELAY) only on sockets that are explicitly TCP; others wait 40 ms.
    server_socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        # A port is free as soon as its owner has ended.
        server_socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server_socket.bind((LOOPBACK, port))
        server_socket.listen(_BACKLOG)
    except OSError:
        server_socket.close()
        raise
    return server_socket


def inherited_socket(descriptor: int) -> socket.socket:
    """Return the listening socket with this file descriptor, which another process has opened."""
    return socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, fileno=descriptor)
