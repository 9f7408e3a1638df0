import pytest

from oauth_provider.origins import find_fault, find_faults


@pytest.mark.parametrize(
    "origin", ["https://app.example", "https://app.example:8443", "http://localhost:3000", "http://[::1]:3000"]
)
def test_origins_that_may_be_registered(origin):
    assert find_fault(origin) is None


@pytest.mark.parametrize(
    ("origin", "reason"),
    [
        ("", "not an origin"),
        ("null", "not an origin"),
        ("app.example", "not an origin"),
        ("vscode://extension", "not an origin"),
        ("*", "wildcard"),
        ("https://*.example", "wildcard"),
        ("http://app.example", "http only for"),
        ("https://app.example/", "no slash"),
        ("https://app.example/path", "no slash"),
        ("https://app.example?x", "no slash"),
        ("https://app.example\n", "no slash"),
        ("https://a@app.example", "user info"),
        ("https://App.example", "lower case"),
        ("https://app.example:443", "leave out the port 443"),
        ("http://localhost:80", "leave out the port 80"),
        ("https://app.example:", "port"),
        ("https://2130706433", "IP address"),
    ],
)
def test_each_refusal_has_its_reason(origin, reason):
    assert reason in (find_fault(origin) or "accepted")


def test_an_origin_stands_once():
    assert find_faults(["https://a.example", "https://a.example"]) == {1: "the same origin stands above"}
