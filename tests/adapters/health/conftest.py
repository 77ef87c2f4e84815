"""A health board's stand-in server, with a certificate of an authority of the test's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from adapters.health.settings import Settings
from adapters.health.standin.server import StandIn
from adapters.health.standin.serving import serving
from adapters.health.standin.store import Store as Resources
from adapters.sdk.outbox import StoredOutbox
from adapters.sdk.pseudonyms import Pseudonyms
from adapters.sdk.store import Store
from tests.adapters.health.parts import AGENCY, SINCE, Clock, HealthBoard


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return path


@pytest.fixture(scope="session")
def certificate(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("server") / "server.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(path)
    return path


@pytest.fixture
def board(tmp_path: Path, ca_file: Path, certificate: Path) -> Iterator[HealthBoard]:
    clock = Clock()
    resources = Resources(clock=clock)
    server = StandIn(resources)
    with serving(server, certificate) as base, Store(f"sqlite:///{tmp_path}/adapter.db") as store:
        settings = Settings(base_url=base, since=SINCE, mark_file=tmp_path / "mark", ca_file=ca_file, timeout_s=10)
        outbox = StoredOutbox(store, Pseudonyms(AGENCY, bytes(range(32))))
        yield HealthBoard(clock, resources, server, settings, outbox, store)
