"""The console as a web application: routes, signing in, and one way from a request to a page.

Every page is made on a thread, with the session's own view of the appliance, one page of a session
at a time.  Errors of the appliance become pages with their words and remedies; anything else says
where it happened and nothing of what with.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from appliance.console import entry
from appliance.console.asking import form
from appliance.console.guard import MOST_BODY, guard
from appliance.console.jobs import Job, Step
from appliance.console.pages import evidence, looking, overview, reviews, timeline, verifying
from appliance.console.rendering import HERE, rendered
from appliance.console.rows import names_of
from appliance.console.sessions import IDLE_S, Session, Sessions
from appliance.console.visit import Answer, Download, Elsewhere, Open, Page, Visit
from appliance.errors import (
    ApplianceError,
    Busy,
    Denied,
    NotFound,
    ServiceUnavailable,
    UsageError,
)

if TYPE_CHECKING:
    from collections.abc import Generator

COOKIE = "appliance_session"
MENU = (
    ("/", "Overview"),
    ("/timeline", "Timeline"),
    ("/people", "People"),
    ("/walls", "Walls"),
    ("/reviews", "Reviews"),
    ("/evidence", "Evidence"),
    ("/verify", "Verify"),
)
_UNDER = {"/event": "/timeline", "/document": "/timeline", "/person": "/people"} | {
    "/wall": "/walls",
    "/review": "/reviews",
}
QUICK_S = 1.5  # a first reading that takes no longer needs no page of its own
NAMES_S = 30.0  # for which names are believed
_READING = "reading"
KEPT = "kept_"  # before the names of what was typed into a form whose session had ended
LEAVING = "/logout"
_STATUS: tuple[tuple[type[ApplianceError], int], ...] = (
    (Denied, 403),
    (NotFound, 404),
    (UsageError, 400),
    (Busy, 503),
)
_NOTHING: Mapping[str, str] = MappingProxyType({})

Handler = Callable[[Visit], Answer]
PAGES: tuple[tuple[str, Handler, str], ...] = (
    ("/", overview.overview, "GET"),
    ("/timeline", timeline.timeline, "GET"),
    ("/event/{seq}", timeline.event, "GET"),
    ("/people", looking.people, "GET"),
    ("/person/{uid}", looking.person, "GET"),
    ("/document/{id}", looking.document, "GET"),
    ("/walls", looking.walls, "GET"),
    ("/wall/{id}", looking.wall, "GET"),
    ("/glass/{id}", reviews.reviewed, "POST"),
    ("/evidence", evidence.evidence, "GET"),
    ("/evidence", evidence.gather, "POST"),
    ("/evidence/{name}", evidence.carry, "GET"),
    ("/verify", verifying.verifying, "GET"),
    ("/verify", verifying.begin, "POST"),
)


@dataclass(frozen=True, slots=True)
class Console:
    """What all pages share."""

    open: Open
    sessions: Sessions
    door: entry.Door

    async def signed_in(self, request: Request, handler: Handler) -> Response:
        """One page for somebody who is signed in; else the way to the door."""
        body = await request.body() if request.method == "POST" else b""
        session = self.sessions.find(request.cookies.get(COOKIE, ""))
        if session is None:
            return _turned_away(request, body, self.door)
        return await run_in_threadpool(self._answered, request, session, handler, body)

    def _answered(
        self, request: Request, session: Session, handler: Handler, body: bytes
    ) -> Response:
        try:
            answer = self._answer(request, session, handler, body)
        except ServiceUnavailable as error:  # and with it the view that this session has
            self.sessions.end(session.token)
            answer = _fault(error.message, error.remedy, 503)
            return _response(answer, None, request.url.path)
        except ApplianceError as error:
            status = next((code for kind, code in _STATUS if isinstance(error, kind)), 500)
            answer = _fault(error.message, error.remedy, status)
        except Exception as error:
            answer = _fault(f"internal fault: {type(error).__name__}", "report this line", 500)
        return _response(answer, session, request.url.path)

    def _answer(self, request: Request, session: Session, handler: Handler, body: bytes) -> Answer:
        fields = {}
        if request.method == "POST":
            fields = form(body[: MOST_BODY + 1])
            if not session.knows(fields.pop("csrf", "")):
                return _again(request.url.path, fields, 403)
        reading = session.jobs.get(_READING)
        if reading is None:
            reading = session.jobs[_READING] = Job(_read(self.open))
        if not reading.wait(QUICK_S):
            return Page("preparing.html", "Reading the log", {"step": reading.step}, refresh=1)
        if reading.error:
            session.jobs.pop(_READING, None)  # another page of the session may have done it
            raise reading.error
        with session.use() as appliance:
            if session.called is None or time.monotonic() - session.named > NAMES_S:
                session.called = appliance.timeline.names()
                session.names, session.named = names_of(session.called), time.monotonic()
            query, path = dict(request.query_params), dict(request.path_params)
            visit = Visit(appliance, session, session.called, query, path, fields, self.open)
            return handler(visit)


def application(open_appliance: Open) -> Starlette:
    """The console over a way to open the appliance for its officer."""
    sessions = Sessions(on_end=_left)
    door = entry.Door(open_appliance, sessions)
    console = Console(open_appliance, sessions, door)

    async def login(request: Request) -> Response:
        body = await request.body() if request.method == "POST" else b""
        return await run_in_threadpool(_at_door, door, request, body)

    async def logout(request: Request) -> Response:
        def leave(visit: Visit) -> Answer:
            try:
                visit.appliance.timeline.sign_out()
            finally:
                sessions.end(visit.session.token)
            return Elsewhere("/login")

        return await console.signed_in(request, leave)

    @asynccontextmanager
    async def life(_: Starlette) -> AsyncIterator[None]:
        yield
        sessions.end_all()  # keys, connections and gathered evidence go with the console

    return Starlette(
        lifespan=life,
        routes=[
            Mount("/assets", StaticFiles(directory=HERE / "assets")),
            Route("/login", login, methods=["GET", "POST"]),
            Route(LEAVING, logout, methods=["POST"]),
            *(_route(console, *one) for one in (*PAGES, *reviews.ROUTES)),
            _route(console, "/{rest:path}", _nowhere),
        ],
        middleware=[Middleware(BaseHTTPMiddleware, dispatch=guard)],
    )


def _route(console: Console, path: str, handler: Handler, method: str = "GET") -> Route:
    async def endpoint(request: Request) -> Response:
        return await console.signed_in(request, handler)

    return Route(path, endpoint, methods=[method])


def _at_door(door: entry.Door, request: Request, body: bytes) -> Response:
    """The page to sign in at, or the session that came of it."""
    if request.method == "GET":
        return _door(door.csrf)
    kept: dict[str, str] = {}
    try:
        fields = form(body)
        kept = {name: value for name, value in fields.items() if name.startswith(KEPT)}
        session = door.enter(fields.get("csrf", ""), fields.get("passphrase", ""))
    except ApplianceError as error:
        status = 503 if isinstance(error, Busy) else 403
        return _door(door.csrf, error.message, error.remedy, status, kept)
    path = _own(request.query_params.get("next", "/"))
    onward: Response = RedirectResponse(path, 303)
    if kept:
        typed = {name.removeprefix(KEPT): value for name, value in kept.items()}
        onward = _response(_again(path, typed), session, path)
    onward.set_cookie(COOKIE, session.token, httponly=True, samesite="strict", path="/")
    return onward


def _turned_away(request: Request, body: bytes, door: entry.Door) -> Response:
    """To the door, with what was typed into a form meanwhile: nobody types it twice."""
    path = _own(request.url.path)
    if request.method == "GET":
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"/login?next={quote(path + query, safe='/')}", 303)
    try:
        fields = form(body)
    except UsageError:
        fields = {}
    kept = {f"{KEPT}{name}": value for name, value in fields.items() if name != "csrf"}
    if path == LEAVING or not any(kept.values()):
        return RedirectResponse("/login", 303)
    said = "your session had ended", "Sign in; what you typed is kept and can be sent then"
    return _door(door.csrf, *said, 403, kept, path)


def _again(path: str, fields: dict[str, str], status: int = 200) -> Page:
    """A form that came too late: nothing was done, and one click sends it in this session."""
    shown = {name: value for name, value in fields.items() if value}
    return Page("again.html", "Not sent yet", {"path": path, "fields": shown}, status=status)


def _door(
    csrf: str,
    fault: str = "",
    remedy: str = "",
    status: int = 200,
    kept: Mapping[str, str] = _NOTHING,
    onward: str = "",
) -> Response:
    values = {"csrf": csrf, "fault": fault, "remedy": remedy, "kept": kept}
    values["action"] = f"/login?next={quote(onward)}" if onward else ""
    return HTMLResponse(
        rendered("login.html", title="Sign in", session=None, refresh=0, **values), status
    )


def _left(session: Session) -> None:
    """What a session leaves behind is removed with it."""
    evidence.forget(session.jobs)


def _nowhere(visit: Visit) -> Answer:
    raise NotFound("there is no such page", remedy="choose one above")


def _read(open_appliance: Open) -> Generator[Step, None, None]:
    """Read the log for the first time, on a view of its own."""
    with open_appliance() as appliance:
        for reading in appliance.timeline.prepare():
            yield Step(reading.records, 0, "records")


def _fault(message: str, remedy: str, status: int) -> Page:
    heading = {403: "Not permitted", 404: "Not found", 400: "Not understood", 503: "Busy"}
    values = {
        "heading": heading.get(status, "This did not work"),
        "fault": message,
        "remedy": remedy,
    }
    return Page("error.html", values["heading"], values, status=status)


def _response(answer: Answer, session: Session | None, path: str) -> Response:
    if isinstance(answer, Elsewhere):
        return RedirectResponse(answer.path, 303)
    if isinstance(answer, Download):
        return FileResponse(answer.path, media_type=answer.media_type, filename=answer.name)
    first = f"/{path.split('/')[1]}"
    here = _UNDER.get(first, first)
    shared = {"session": session, "menu": MENU, "here": here, "idle": IDLE_S}
    page = rendered(
        answer.template, title=answer.title, refresh=answer.refresh, **shared, **answer.values
    )
    return HTMLResponse(page, answer.status)


def _own(path: str) -> str:
    """A path of this console; anything else becomes the first page."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\", "/login")) else "/"
