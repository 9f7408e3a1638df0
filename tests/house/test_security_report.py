"""docs/security.md says what the tests of each attack came to."""

from tests import security_report
from tests.contract.rows import Row

XML = """<testsuites><testsuite>
<testcase classname="tests.oauth.test_refresh" name="test_attack_061_reuse[a]"/>
<testcase classname="tests.oauth.test_refresh" name="test_attack_061_reuse[b]"><failure/></testcase>
<testcase classname="tests.partnership.test_admin.TestLooking" name="test_attack_061_in_a_class"/>
<testcase classname="tests.oauth.test_refresh" name="test_something_else"><failure/></testcase>
</testsuite></testsuites>"""


def test_a_row_has_its_files_and_its_ends_by_database(tmp_path):
    (tmp_path / "sqlite.xml").write_text(XML)
    (tmp_path / "races.xml").write_text(XML.replace("<failure/>", ""))
    results = security_report.read([tmp_path / "sqlite.xml", tmp_path / "none.xml", tmp_path / "races.xml"])["061"]
    line = security_report.line(Row(("attacks.md", "061"), "a|b → 401"), results)
    files = "`oauth/test_refresh.py`, `partnership/test_admin.py`"
    assert line == f"| 61 | a\\|b → 401 | {files} | 1 FAILED, 2 passed | 3 passed |\n"
    assert not results.is_well


def test_a_row_that_the_page_does_not_have_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(security_report, "PAGE", tmp_path / "security.md")
    rows = security_report.attack_rows()
    assert security_report.rows_not_reported() == rows
    (tmp_path / "security.md").write_text(security_report.page(rows[1:], security_report.read([])))
    assert security_report.rows_not_reported() == rows[:1]
