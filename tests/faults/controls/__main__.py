"""`python -m tests.faults.controls NAME`: runs one worker of a hub that is built wrong on purpose."""

import asyncio
import sys

from hub.app import run_hub
from hub.log import configure_log
from hub.raw_records import read_any_header
from hub.settings import load_settings
from tests.faults.controls.consumer import run_consumer
from tests.faults.controls.wrong import WRONG

if __name__ == "__main__":
    configure_log(json=True)
    read_any_header()
    if sys.argv[1] == "faststream-default":
        asyncio.run(run_consumer(load_settings()))
    else:
        WRONG[sys.argv[1]]()
        asyncio.run(run_hub(load_settings()))
