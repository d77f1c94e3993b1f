"""``python -m businesscase``: the command line, which is the workbench's."""

import sys

from businesscase_workbench.cli import main

sys.exit(main())
