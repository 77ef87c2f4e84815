"""`python -m adapters.health.standin FOLDER [BUNDLE.json …]`: run the stand-in with these resources, until Ctrl-C."""

import json
import signal
import sys
import threading
from pathlib import Path

from adapters.health.standin.certificate import make_certificate
from adapters.health.standin.server import StandIn
from adapters.health.standin.serving import serving
from adapters.health.standin.store import Store

PORT = 8443


def main(folder: str, *bundles: str) -> None:
    """Serve; the certificate is in the folder."""
    certificate, ca = make_certificate(Path(folder))
    store = Store()
    for path in bundles:
        for entry in json.loads(Path(path).read_text(encoding="utf-8"))["entry"]:
            store.put(entry["resource"])
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with serving(StandIn(store), certificate, port=PORT) as base:
        sys.stdout.write(f"FHIR stand-in at {base}, ca_file {ca.resolve()}; Ctrl-C ends it\n")
        sys.stdout.flush()
        stop.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
