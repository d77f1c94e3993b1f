"""``python -m businesscase``: the command line, which is the workbench's."""

from businesscase_workbench.cli import main

main()
