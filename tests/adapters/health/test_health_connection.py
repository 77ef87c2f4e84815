"""The server is who it says it is, and the adapter shows who it is: TLS, certificates, tokens."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
import trustme
from joserfc import jwt
from joserfc.jwk import ECKey
from pydantic import ValidationError

from adapters.health.client import FhirClient, Unreachable
from adapters.health.settings import Settings
from adapters.health.standin.server import StandIn
from adapters.health.standin.serving import serving
from adapters.health.standin.store import Store as Resources
from tests.adapters.health.parts import SINCE, HealthBoard


def _settings(base: str, tmp_path: Path, **more: Any) -> Settings:
    return Settings.model_validate(
        {"base_url": base, "since": SINCE, "mark_file": tmp_path / "mark", "timeout_s": 10, **more}
    )


def _ask(settings: Settings, times: int = 1) -> list[object]:
    async def run() -> list[object]:
        async with FhirClient(settings) as client:
            return [await client.read("Patient/nobody") for _ in range(times)]

    return asyncio.run(run())


def test_a_server_with_a_certificate_of_somebody_else_is_not_asked(board: HealthBoard, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(other)
    with pytest.raises(Unreachable, match="ConnectError"):
        _ask(_settings(board.settings.base_url, tmp_path, ca_file=other))
    assert board.server.asked == []


def test_a_server_with_another_name_is_not_asked(board: HealthBoard, tmp_path: Path, ca_file: Path) -> None:
    elsewhere = board.settings.base_url.replace("127.0.0.1", "localhost")
    with pytest.raises(Unreachable, match="ConnectError"):
        _ask(_settings(elsewhere, tmp_path, ca_file=ca_file))


@pytest.mark.parametrize("url", ["http://127.0.0.1/fhir", "https://127.0.0.1/fhir?x=1", "file:///etc/passwd"])
def test_a_base_url_without_tls_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(ValidationError):
        _settings(url, tmp_path)


def test_a_server_that_asks_for_a_certificate_is_shown_the_adapters(
    authority: trustme.CA, ca_file: Path, certificate: Path, tmp_path: Path
) -> None:
    own = tmp_path / "own.pem"
    authority.issue_cert("cardiff-and-vale-health.example").private_key_and_cert_chain_pem.write_to_path(own)
    with serving(StandIn(Resources()), certificate, client_ca=ca_file) as base:
        with pytest.raises(Unreachable):
            _ask(_settings(base, tmp_path, ca_file=ca_file))
        assert _ask(_settings(base, tmp_path, ca_file=ca_file, client_certificate_file=own)) == [None]


def _with_token(board: HealthBoard, tmp_path: Path, **more: Any) -> tuple[StandIn, Settings]:
    secret = tmp_path / "secret"
    secret.write_text("a secret\n")
    oauth = {"client_id": "dolen", "token_url": board.settings.base_url.replace("/fhir/R4", "/token")} | more
    if "private_key_file" not in oauth:
        oauth["client_secret_file"] = secret
    board.server.clients = {"dolen": "a secret"}
    return board.server, board.with_settings(oauth=oauth).settings


def test_a_token_is_asked_for_once_and_kept(board: HealthBoard, tmp_path: Path) -> None:
    server, settings = _with_token(board, tmp_path)
    assert _ask(settings, times=5) == [None] * 5
    assert sum("/token" in url for url in server.asked) == 1


def test_a_token_that_the_server_no_longer_takes_is_renewed(board: HealthBoard, tmp_path: Path) -> None:
    server, settings = _with_token(board, tmp_path)

    async def run() -> None:
        async with FhirClient(settings) as client:
            await client.read("Patient/nobody")
            server.tokens.clear()
            await client.read("Patient/nobody")

    asyncio.run(run())
    assert sum("/token" in url for url in server.asked) == 2


def test_a_token_is_renewed_before_it_ends(board: HealthBoard, tmp_path: Path) -> None:
    server, settings = _with_token(board, tmp_path)
    now = 0.0

    async def run() -> None:
        nonlocal now
        async with FhirClient(settings, clock=lambda: now) as client:
            await client.read("Patient/nobody")
            now = 269.0
            await client.read("Patient/nobody")
            now = 271.0
            await client.read("Patient/nobody")

    asyncio.run(run())
    assert sum("/token" in url for url in server.asked) == 2, "it lasts 300 s and is renewed 30 s before"


def test_a_wrong_secret_is_said_without_the_secret(board: HealthBoard, tmp_path: Path) -> None:
    _, settings = _with_token(board, tmp_path)
    (tmp_path / "secret").write_text("guessed")
    with pytest.raises(Unreachable, match="status 401") as failure:
        _ask(settings)
    assert "guessed" not in str(failure.value)


def test_an_assertion_is_signed_for_the_token_endpoint_as_smart_backend_services_asks(
    board: HealthBoard, tmp_path: Path
) -> None:
    key = ECKey.generate_key("P-384")
    pem = tmp_path / "key.pem"
    pem.write_bytes(key.as_pem(private=True))
    server, settings = _with_token(board, tmp_path, private_key_file=pem, key_id="one", algorithm="ES384")
    assert _ask(settings) == [None]
    (assertion,) = server.assertions
    token = jwt.decode(assertion, key, algorithms=["ES384"])
    assert token.header["kid"] == "one"
    assert token.claims["iss"] == token.claims["sub"] == "dolen"
    assert token.claims["aud"] == str(settings.oauth and settings.oauth.token_url)
    assert token.claims["exp"] - token.claims["iat"] <= 300


def test_one_proof_is_given_and_not_two(tmp_path: Path) -> None:
    both = {"client_secret_file": tmp_path / "a", "private_key_file": tmp_path / "b"}
    for proofs in ({}, both):
        oauth = {"client_id": "dolen", "token_url": "https://127.0.0.1/token", **proofs}
        with pytest.raises(ValidationError, match="one of the two"):
            _settings("https://127.0.0.1/fhir", tmp_path, oauth=oauth)
