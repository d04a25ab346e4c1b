"""``python -m workbench`` is the command line."""

from workbench.entry import main

main()
