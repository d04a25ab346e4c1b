"""A server whose clock a test puts forward: ``clocked_server.py WORKSPACE FILE``.

The file holds the seconds by which the server, its routes and its pages are ahead
of this machine. The address is printed once the port is taken.
"""

from __future__ import annotations

import socket
import sys
from datetime import datetime, timedelta
from pathlib import Path

import uvicorn

from workbench.context import CHINA
from workbench.server import make_app


def serve_ahead(folder: Path, ahead: Path) -> None:
    """Serve until the process is ended."""

    def clock() -> datetime:
        return datetime.now(CHINA) + timedelta(seconds=int(ahead.read_text(encoding="ascii")))

    listening = socket.create_server(("127.0.0.1", 0))
    app = make_app(folder, clock=clock)
    sys.stdout.write(f"http://127.0.0.1:{listening.getsockname()[1]}\n")
    sys.stdout.flush()
    config = uvicorn.Config(app, log_level="warning", access_log=False)
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    serve_ahead(Path(sys.argv[1]), Path(sys.argv[2]))
