"""Every command of ours keeps the same manners: an example, --dry-run where it writes, --json, exit codes."""

import pytest
from django.core.management import get_commands, load_command_class

from tests.house.test_commands import run

APPS = {"config", "usage", "partnership", "oauth_provider", "accounts"}
COMMANDS = sorted(name for name, app in get_commands().items() if app in APPS)
# Processes, not tasks: what they do has no end, and their log is JSON.
PROCESSES = {"serve", "work"}
READING = {"doctor", "check_usage", "export_audit", "export_person"}
# They give JSON whether it is asked for or not.
EXPORTS = {"export_audit", "export_person"}


def parser(name):
    command = load_command_class(get_commands()[name], name)
    command._called_from_command_line = True
    return command.create_parser("manage.py", name)


def options(name):
    return {option for action in parser(name)._actions for option in action.option_strings}


def help_of(name):
    return " ".join(parser(name).format_help().split())


def test_the_tables_name_commands_that_are_there():
    assert {*PROCESSES, *READING, *EXPORTS} <= set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_an_example_and_says_what_each_option_is(name):
    _, found, example = help_of(name).partition("xample:")
    ours = [action for action in parser(name)._actions if "-h" not in action.option_strings]

    assert found
    assert f"manage.py {name}" in example
    assert [action.dest for action in ours if not action.help] == []


@pytest.mark.parametrize("name", sorted({*COMMANDS} - PROCESSES - READING))
def test_what_writes_can_say_first_what_it_would_do(name):
    assert "--dry-run" in options(name)


@pytest.mark.parametrize("name", sorted({*COMMANDS} - PROCESSES - EXPORTS))
def test_a_program_can_read_the_answer(name):
    assert "--json" in options(name)


@pytest.mark.parametrize("name", COMMANDS)
def test_wrong_use_is_exit_2(name, capsys):
    with pytest.raises(SystemExit) as refused:
        parser(name).parse_args(["--no-such-option"])

    assert refused.value.code == 2


@pytest.mark.processes
@pytest.mark.parametrize("name", COMMANDS)
def test_a_wrong_setting_is_exit_78_with_its_mend_before_anything_is_done(name, tmp_path):
    needed = [action for action in parser(name)._actions if action.required]
    words = [
        word
        for action in needed
        for word in ([action.option_strings[0]] if action.option_strings else []) + ["2026-01-01"]
    ]
    refused = run(
        name, *words, GATEHOUSE_PROFILE="embedded", GATEHOUSE_VAR=str(tmp_path), GATEHOUSE_CODE_SECONDS="soon"
    )
    said = refused.stdout + refused.stderr

    assert refused.returncode == 78
    assert "GH012  GATEHOUSE_CODE_SECONDS can't be read" in said
    assert "mend   correct or unset GATEHOUSE_CODE_SECONDS" in said
    assert "Traceback" not in said


@pytest.mark.processes
def test_help_is_given_though_a_setting_is_wrong(tmp_path):
    shown = run(
        "work", "--help", GATEHOUSE_PROFILE="embedded", GATEHOUSE_VAR=str(tmp_path), GATEHOUSE_CODE_SECONDS="soon"
    )
    assert shown.returncode == 0
