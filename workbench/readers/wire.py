"""Messages between the pool and its prepared process: a length, then JSON."""

from __future__ import annotations

import json
import socket
import struct
from typing import Any

_LENGTH = struct.Struct(">I")


def send(line: socket.socket, message: dict[str, Any]) -> None:
    """Send one message whole."""
    data = json.dumps(message).encode("ascii")
    line.sendall(_LENGTH.pack(len(data)) + data)


def receive(line: socket.socket) -> dict[str, Any] | None:
    """Next message; None when the other side is gone."""
    head = _exactly(line, _LENGTH.size)
    if head is None:
        return None
    data = _exactly(line, _LENGTH.unpack(head)[0])
    if data is None:
        return None
    message: dict[str, Any] = json.loads(data)
    return message


def _exactly(line: socket.socket, size: int) -> bytes | None:
    data = bytearray()
    while len(data) < size:
        part = line.recv(min(size - len(data), 1024 * 1024))
        if not part:
            return None
        data += part
    return bytes(data)
