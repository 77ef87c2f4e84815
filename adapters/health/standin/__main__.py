"""`python -m adapters.health.standin FOLDER [BUNDLE.json …] [--port N]`: run the stand-in, until Ctrl-C."""

import argparse
import json
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from adapters.health.standin.certificate import make_certificate
from adapters.health.standin.server import StandIn
from adapters.health.standin.serving import serving
from adapters.health.standin.store import Store

PORT = 8443


def main(folder: Path, bundles: Sequence[Path], port: int) -> None:
    """Serve; the certificate is in the folder."""
    certificate, ca = make_certificate(folder)
    store = Store()
    for path in bundles:
        for entry in json.loads(path.read_text(encoding="utf-8"))["entry"]:
            store.put(entry["resource"])
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with serving(StandIn(store), certificate, port=port) as base:
        sys.stdout.write(f"FHIR stand-in at {base}, ca_file {ca.resolve()}; Ctrl-C ends it\n")
        sys.stdout.flush()
        stop.wait()


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description="A stand-in for a health board's FHIR server, over HTTPS.")
    asked.add_argument("folder", type=Path, help="where the certificate is written")
    asked.add_argument("bundles", type=Path, nargs="*", metavar="BUNDLE.json", help="resources to begin with")
    asked.add_argument("--port", type=int, default=PORT)
    given = asked.parse_args()
    main(given.folder, given.bundles, given.port)
