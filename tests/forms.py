"""Forms as a browser reads them: what would be sent if nobody touched the page."""

from html.parser import HTMLParser

from django.http import HttpResponse

Fields = dict[str, str | list[str]]


class FormReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.values: list[tuple[str, str]] = []
        self.textarea: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name, kind = given.get("name", ""), given.get("type", "text")
        if not name or "disabled" in given:
            return
        if tag == "textarea":
            self.textarea = name
            self.values.append((name, ""))
        if tag != "input" or kind in {"file", "submit"}:
            return
        if kind not in {"checkbox", "radio"} or "checked" in given:
            unset = "on" if kind in {"checkbox", "radio"} else ""
            self.values.append((name, given.get("value", unset)))

    def handle_data(self, data: str) -> None:
        if self.textarea:
            name, value = self.values.pop()
            self.values.append((name, value + data))

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self.textarea:
            name, value = self.values.pop()
            self.values.append((name, value.removeprefix("\n").removeprefix("\r\n")))
            self.textarea = None


def fields_of(response: HttpResponse) -> Fields:
    """The fields of the page's forms, several values of one name as a list, without the CSRF token."""
    assert response.status_code == 200, response.status_code
    reader = FormReader()
    reader.feed(response.content.decode())
    fields: Fields = {}
    for name, value in reader.values:
        if name == "csrfmiddlewaretoken":
            continue
        known = fields.get(name)
        fields[name] = value if known is None else [*(known if isinstance(known, list) else [known]), value]
    return fields
