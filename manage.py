#!/usr/bin/env python
import os
import sys

from django.core.management import ManagementUtility
from django.core.management.base import BaseCommand

OURS = {"config", "usage", "partnership", "oauth_provider", "accounts"}


class CommandLine(ManagementUtility):
    """Django's, but our own commands don't begin while the settings are wrong: exit 78, and all of it said at once.

    Those that look by themselves (`serve`, `doctor`) ask for no checks; Django's, as `migrate`, run without these.
    """

    def fetch_command(self, subcommand: str) -> BaseCommand:
        command = super().fetch_command(subcommand)
        is_ours = type(command).__module__.partition(".")[0] in OURS
        if is_ours and command.requires_system_checks and not {"help", "--help", "-h"} & set(self.argv[1:]):
            from config.checks import refuse_faults  # the settings are read only now

            refuse_faults()
        return command


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    CommandLine(sys.argv).execute()


if __name__ == "__main__":
    main()
