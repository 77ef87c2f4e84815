"""Writes `openapi.json`, what an agency's developers read and generate clients from; the door serves the same.

python -m adapters.gateway.openapi > adapters/gateway/openapi.json
"""

import sys

import orjson

from adapters.gateway.app import create_app


def openapi_json() -> bytes:
    """The document of the gateway's addresses."""
    return orjson.dumps(create_app(None).openapi(), option=orjson.OPT_INDENT_2) + b"\n"


if __name__ == "__main__":
    sys.stdout.buffer.write(openapi_json())
