"""A person with a browser that has no JavaScript: reads pages, fills in their forms, follows links."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import httpx

from tests.clients import CHALLENGE, VERIFIER
from tests.lanes.server import Server


@dataclass
class Form:
    action: str
    method: str
    values: dict[str, str] = field(default_factory=dict)


class Page(HTMLParser):
    """The forms of a page, and where its meta refresh goes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.refresh = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(given.get("action", ""), given.get("method", "get").lower()))
        elif tag == "input" and self.forms and given.get("type") not in ("submit", "checkbox", "radio"):
            if given.get("name"):
                self.forms[-1].values[given["name"]] = given.get("value", "")
        elif tag == "meta" and given.get("http-equiv", "").lower() == "refresh":
            self.refresh = given.get("content", "").partition("url=")[2]

    def form_with(self, name: str) -> Form:
        """The one form that has a field `name`."""
        (form,) = [form for form in self.forms if name in form.values]
        return form


class Visitor:
    """Signs in and answers as a person would, over HTTP."""

    def __init__(self, base_url: str, person: dict[str, str]) -> None:
        self.base_url = base_url
        self.person = person
        self.browser = httpx.Client(timeout=30)

    def allow(self, authorization_url: str) -> str:
        """From an authorization URL through sign-in and consent to the client's callback URL."""
        response = self.browser.get(authorization_url)
        for _ in range(12):
            if response.is_redirect:
                target = urljoin(str(response.url), response.headers["Location"])
                if not target.startswith(self.base_url):
                    return target
                response = self.browser.get(target)
                continue
            response = self.act_on(response)
        raise AssertionError(f"no way back to the client from {response.url}: {response.text[:500]}")

    def walk_to(self, url: str, path: str) -> httpx.Response:
        """Goes on from `url`, signing in and allowing on the way, to the page at `path`."""
        response = self.browser.get(url)
        for _ in range(14):
            if response.is_redirect:
                response = self.browser.get(urljoin(str(response.url), response.headers["Location"]))
            elif response.url.path == path:
                return response
            else:
                response = self.act_on(response)
        raise AssertionError(f"no way to {path} from {response.url}: {response.text[:500]}")

    def act_on(self, response: httpx.Response) -> httpx.Response:
        assert response.status_code == 200, (response.status_code, str(response.url), response.text[:800])
        page = Page(response.text)
        if page.refresh:
            return self.browser.get(urljoin(str(response.url), page.refresh))
        if any("password" in form.values for form in page.forms):
            return self.send(
                response, page.form_with("password"), login=self.person["email"], password=self.person["password"]
            )
        return self.send(response, page.forms[-1], answer="allow")

    def send(self, response: httpx.Response, form: Form, **values: str) -> httpx.Response:
        url = urljoin(str(response.url), form.action)
        return self.browser.post(url, data={**form.values, **values}, headers={"Origin": self.base_url})


def tokens_of(server: Server) -> dict[str, Any]:
    """The demo's person, signed in by the browser: the tokens that the confidential client then holds."""
    client = server.demo["clients"]["confidential"]
    query = {
        "response_type": "code",
        "client_id": client["client_id"],
        "redirect_uri": client["redirect_uri"],
        "scope": "user:read",
        "state": "lane",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    callback = Visitor(server.url, server.demo["user"]).allow(f"{server.url}/api/oauth/v1/authorize?{urlencode(query)}")
    code = parse_qs(urlsplit(callback).query)["code"][0]
    body = {**client, "grant_type": "authorization_code", "code": code, "code_verifier": VERIFIER}
    answer: dict[str, Any] = httpx.post(f"{server.url}/api/oauth/v1/token", json=body).raise_for_status().json()
    return answer
