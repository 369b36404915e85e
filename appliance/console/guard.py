"""What stands before every page: only this machine's own address, no foreign origin, small bodies.

And behind every page: headers that let a browser load nothing from anywhere else, run no script
but the console's own file, keep nothing and tell nobody (CSP level 3; Fetch Metadata).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

MOST_BODY = 64 * 1024  # bytes of a form
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; "
    "img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), clipboard-read=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}
LOCAL = ("127.0.0.1", "localhost", "[::1]")
_OWN = ("same-origin", "none")  # Sec-Fetch-Site of a click in a page of ours, and of an address
Next = Callable[[Request], Awaitable[Response]]


async def guard(request: Request, call_next: Next) -> Response:
    """Refuse what does not come from a browser on this machine; dress what goes back."""
    fault = _fault(request)
    answer = PlainTextResponse(f"{fault}\n", 403) if fault else await call_next(request)
    answer.headers.update(HEADERS)
    return answer


def _fault(request: Request) -> str:
    """Why a request is refused; empty for none.

    The host is compared so that no foreign name can be made to lead here (DNS rebinding), the
    origin so that no other page can send a form (beside the token in each).
    """
    host = request.headers.get("host", "")
    if host.rpartition(":")[0] not in LOCAL and host not in LOCAL:
        return "the console answers to its local address only"
    if request.method not in {"GET", "HEAD", "POST"}:
        return "this is not how pages are asked for"
    if request.method == "POST":
        if request.headers.get("origin", f"http://{host}") != f"http://{host}":
            return "the form comes from another page"
        if request.headers.get("sec-fetch-site", "none") not in _OWN:
            return "the form comes from another page"
        length = request.headers.get("content-length", "")
        if not length.isdecimal() or int(length) > MOST_BODY:
            return "a form says how long it is, and is short"
    return ""
