"""`python -m hub`: the same as `dolen`."""

from hub.cli import main

main()
