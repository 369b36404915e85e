"""A browser of forty lines for tests that need none of a real one: cookies, forms, headers."""

from __future__ import annotations

import http.client
import re
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

_CSRF = re.compile(r'name="csrf" value="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Got:
    """One answer."""

    status: int
    headers: dict[str, str]  # names in lower case
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")

    @property
    def csrf(self) -> str:
        found = _CSRF.search(self.text)
        assert found, self.text[:500]
        return found[1]


@dataclass(slots=True)
class Visitor:
    """Somebody with a browser; follows no redirects."""

    address: str
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **headers: str) -> Got:
        return self._ask("GET", path, None, headers)

    def post(self, path: str, *, headers: dict[str, str] | None = None, **fields: str) -> Got:
        return self._ask("POST", path, urlencode(fields).encode(), headers or {})

    def sign_in(self, passphrase: str) -> Got:
        return self.post("/login", csrf=self.get("/login").csrf, passphrase=passphrase)

    def _ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Got:
        line = http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=300)
        sent = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items()), **headers}
        try:
            line.request(method, path, body, sent)
            answer = line.getresponse()
            for name, value in answer.getheaders():
                if name.lower() == "set-cookie":
                    key, _, rest = value.partition("=")
                    self.cookies[key] = rest.partition(";")[0]
            named = {name.lower(): value for name, value in answer.getheaders()}
            return Got(answer.status, named, answer.read())
        finally:
            line.close()
