"""`python -m oarlock.community`: Django's own commands, for developers and operators."""

from __future__ import annotations

import os
import sys

from django.core.management import execute_from_command_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "oarlock.community.settings")
execute_from_command_line(["python -m oarlock.community", *sys.argv[1:]])
