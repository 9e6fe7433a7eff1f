"""``python -m admin.cli``: what the parent process starts its children by."""

from admin.cli import main

main()
