"""docs/partners.md: its lines, one after the other, do what it says."""

import re
import shlex
from pathlib import Path

from authlib.jose import JsonWebKey, jwt
from django.test import Client

from partnership.models import Project

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "partners.md"
CURL = re.compile(r"^curl .*$", re.MULTILINE)


def run(line, **names):
    """What the curl line is answered, by the test's own wire; what the shell does with the answer is no part of it."""
    line = line.partition(" | ")[0]
    for name, value in names.items():
        line = line.replace(f"${name}", value)
    words = iter(shlex.split(line)[1:])
    method, url, body, headers = "GET", "", None, {}
    for word in words:
        match word:
            case "-sS":
                continue
            case "-X":
                method = next(words)
            case "-d":
                body = next(words)
            case "-H":
                name, _, value = next(words).partition(": ")
                headers[name] = value
            case _:
                url = word
    return Client().generic(method, url, body or "", content_type="application/json", headers=headers)


def test_the_guides_lines_take_a_project_through_its_life(globex):
    lines = CURL.findall(GUIDE.read_text())
    names = {"GATEHOUSE": "", "PARTNER_ID": globex.partner.pk, "PARTNER_SECRET": globex.secret, "PROJECT_ID": "none"}
    answers = []
    for line in lines:
        answers.append(run(line, **names))
        assert answers[-1].status_code == 200, (line, answers[-1].content)
        names["PROJECT_ID"] = answers[0].json()["project"]["id"]
    said = [answer.json() for answer in answers]

    assert [said[1]["project"]["status"], said[2]["project"]["status"]] == ["active", "paused"]
    assert (said[4]["newInstanceType"], said[5]["insforgeOssVersion"]) == ("small", "v2.2.3")
    claims = jwt.decode(said[6]["code"], JsonWebKey.import_key_set(said[7]))
    assert (claims["projectId"], claims["type"]) == (names["PROJECT_ID"], "project_authorization")
    assert Project.objects.get().status == "deleted"
