"""How the hub logs: one line of JSON for each thing that happened, with ids and codes only."""

import logging
import sys
from typing import Any

import structlog


def configure_log(*, json: bool, debug: bool = False) -> None:
    """Set up structlog and the libraries' loggers, to standard error."""
    level = logging.DEBUG if debug else logging.INFO
    renderer: Any = structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    # Its warnings repeat at every try while a server is away; the lanes say that once, in their own words.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
