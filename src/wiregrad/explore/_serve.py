"""The explorer's server."""

from __future__ import annotations

import logging
import os
import socket
import webbrowser
from collections.abc import Callable
from typing import Any

from ._app import make_app
from ._dash import load_dash
from ._hosts import is_loopback
from ._session import Session
from ._shelf import Shelf

__all__ = ["make_server", "serve"]

logger = logging.getLogger("wiregrad")


def serve(
    shelf: Shelf,
    *,
    host: str = "127.0.0.1",
    port: int = 8050,
    open_browser: bool = False,
    say: Callable[[str], object] = logger.info,
) -> None:
    """Serve the explorer until control-C.

    Parameters
    ----------
    shelf : Shelf
        The connectomes that can be chosen. The first is loaded at once.
    host : str
        The address to listen on. Any but 127.0.0.1 lets other machines ask questions.
    port : int
        0 takes any that is free.
    open_browser : bool
        Whether to open the page.
    say : callable
        Told where the page is; by default the logger `wiregrad`.

    Raises
    ------
    ModuleNotFoundError
        If dash is not installed: pip install "wiregrad[explore]".
    OSError
        If the port is taken, or the address is not this machine's.
    """
    load_dash()  # if it is missing, say so before a connectome is loaded
    _ = shelf[shelf.names[0]].names
    session = Session(shelf)
    server = make_server(session, host, port)
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{server.server_address[1]}/"
    others = "" if is_loopback(host) else "; other machines may open it too"
    say(f"the explorer is at {address} (control-C ends it{others})")
    if open_browser:
        webbrowser.open(address)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        say("the explorer ends")
    finally:
        session.jobs.stop_all()
        server.server_close()


def make_server(session: Session, host: str = "127.0.0.1", port: int = 0) -> Any:
    """Make the server: a thread for each request, so that the page answers while work goes on.

    Raises
    ------
    OSError
        If it cannot listen there.
    """
    app = make_app(session, host)
    from werkzeug.serving import WSGIRequestHandler
    from werkzeug.serving import make_server as make

    class _Quiet(WSGIRequestHandler):
        def log_request(self, *_: object) -> None:
            """Say nothing: a page that looks twice a second is not worth a line each time."""

    with _listen(host, port) as listening:
        port = listening.getsockname()[1]
        return make(
            host,
            port,
            app.server,
            threaded=True,
            request_handler=_Quiet,
            fd=listening.fileno(),  # werkzeug makes a copy
        )


def _listen(host: str, port: int) -> socket.socket:
    """Open the port here: werkzeug would leave the program if it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        why = error.strerror if error.errno is None else os.strerror(error.errno)
        raise OSError(
            f"cannot listen on port {port} of {host}: {why}; give another port (0 takes any that "
            "is free), or an address of this machine"
        ) from None
