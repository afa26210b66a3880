"""The web application: the page, its files, and who may ask for them."""

from __future__ import annotations

import logging
from typing import Any

from ._callbacks import add_callbacks
from ._dash import load_dash
from ._downloads import download
from ._hosts import is_loopback, own_names, speaks_to_us
from ._page import page
from ._session import Session
from ._style import SCRIPT, STYLE

__all__ = ["make_app"]

logger = logging.getLogger("wiregrad")

_LARGEST_REQUEST = 1_000_000  # bytes

_INDEX = """<!DOCTYPE html>
<html lang="en">
<head>
{%metas%}
<title>{%title%}</title>
{%favicon%}
{%css%}
<link rel="stylesheet" href="/explorer.css">
</head>
<body>
{%app_entry%}
<footer hidden>
{%config%}
{%scripts%}
{%renderer%}
</footer>
</body>
</html>"""


def make_app(session: Session, host: str = "127.0.0.1") -> Any:
    """Make the application, a `dash.Dash`; its `server` is the WSGI application.

    Parameters
    ----------
    session : Session
    host : str
        The address that it will listen on, which decides whose requests are answered.

    Raises
    ------
    ModuleNotFoundError
        If dash is not installed.
    """
    dash = load_dash().dash
    app = dash.Dash(
        "wiregrad.explore",
        title="wiregrad explorer",
        update_title=None,
        index_string=_INDEX,
        external_scripts=["/explorer.js"],
        serve_locally=True,
        suppress_callback_exceptions=True,
        enable_mcp=False,
        assets_ignore=".*",
        add_log_handler=False,
    )
    app.layout = lambda: page(session)
    add_callbacks(app, session)
    server = app.server
    server.config["MAX_CONTENT_LENGTH"] = _LARGEST_REQUEST
    _add_files(server, session)
    _add_guards(app, host)
    return app


def _add_files(server: Any, session: Session) -> None:
    @server.get("/explorer.css")
    def _style() -> Any:
        return server.response_class(STYLE, mimetype="text/css")

    @server.get("/explorer.js")
    def _script() -> Any:
        return server.response_class(SCRIPT, mimetype="text/javascript")

    @server.get("/download/<int:number>/<name>")
    def _download(number: int, name: str) -> Any:
        job = session.jobs.find(number)
        earlier = session.jobs.find(job.question.stimulus_of) if job else None
        answer = job.answer if job else None
        file = download(answer, name, earlier.answer if earlier else None) if answer else None
        if file is None:
            return _refusal(server, 404)
        response = server.response_class(file.text, mimetype=file.kind)
        saved = f"wiregrad-run{number}-{file.name}"
        response.headers["Content-Disposition"] = f'attachment; filename="{saved}"'
        return response


def _add_guards(app: Any, host: str) -> None:
    from flask import request

    server, names, everywhere = app.server, own_names(host), not is_loopback(host)
    policy = "; ".join(
        [
            "default-src 'self'",
            f"script-src 'self' {' '.join(app.csp_hashes())}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        ]
    )

    @server.before_request
    def _only_us() -> Any:
        if not speaks_to_us(request.headers.get("Host"), names, everywhere=everywhere):
            return _refusal(server, 403)
        origin = request.headers.get("Origin")
        if origin is not None and origin.partition("://")[2] != request.headers.get("Host"):
            return _refusal(server, 403)
        if request.url_rule is not None and request.url_rule.rule == "/<path:path>":
            return _refusal(server, 404)  # Dash would answer any address with its page
        if request.path == "/_dash-update-component" and not _is_callback(app, request):
            return _refusal(server, 400)
        return None

    @server.after_request
    def _policy(response: Any) -> Any:
        response.headers["Content-Security-Policy"] = policy
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        return response

    @server.errorhandler(Exception)
    def _fail(error: Exception) -> Any:
        code = getattr(error, "code", None)
        if request.path.startswith("/_dash-component-suites/"):
            code = 404  # Dash refuses what is not among its own files
        if not isinstance(code, int):
            logger.exception("the explorer could not answer a request")
            code = 500
        return _refusal(server, code)


def _refusal(server: Any, code: int) -> Any:
    """Answer with a line that repeats nothing of the request."""
    lines = {
        400: "This is no request of the explorer's page.",
        403: "The explorer answers only to this machine's own names.",
        404: "There is nothing here by this name.",
        413: "This request is too large.",
        500: "This request could not be answered; the program's log says more.",
    }
    text = lines.get(code, "This request cannot be answered.")
    return server.response_class(f"{text}\n", status=code, mimetype="text/plain")


def _is_callback(app: Any, request: Any) -> bool:
    """Whether a request has the form of those that the page sends, for a callback there is."""
    body = request.get_json(silent=True)
    output = body.get("output") if isinstance(body, dict) else None
    if not isinstance(output, str) or output not in app.callback_map:
        return False
    parts = [body.get("inputs", []), body.get("state", [])]
    return all(isinstance(part, list) for part in parts) and isinstance(
        body.get("changedPropIds", []), list
    )
