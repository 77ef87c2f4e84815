"""`python -m tests.faults`: runs a level of the fault suite and prints its table; see deploy/faults."""

from tests.faults.command import main

main()
