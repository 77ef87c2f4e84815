"""Who gets in: tokens of the door's own and of an issuer elsewhere, each one agency's, and not too often."""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

from adapters.gateway.openapi import openapi_json
from adapters.gateway.problems import Refused
from adapters.gateway.rates import MOST_CALLERS, Rates
from adapters.gateway.secret import hash_of, matches, new_secret
from adapters.gateway.settings import Client, DoorSettings, GatewaySettings, load_door
from adapters.gateway.tokens import IssuersKeys, Tokens
from adapters.sdk.errors import ConfigurationRefused
from tests.unit.adapters_gateway.gateway_parts import CHARITY, SECRETS, Gateway, gateway

Run = Callable[[Callable[[Gateway], Awaitable[None]]], None]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run(test: Callable[[Gateway], Awaitable[None]]) -> None:
        async def whole() -> None:
            async with gateway(tmp_path, requests_a_second=1, burst=5) as opened:
                await test(opened)

        asyncio.run(whole())

    return run


GRANT = {"grant_type": "client_credentials"}


def test_a_client_gets_a_token_by_its_secret_in_the_header_or_in_the_form(run: Run) -> None:
    async def test(opened: Gateway) -> None:
        client, secret = f"{CHARITY}-cases", SECRETS[CHARITY]
        by_header = await opened.stranger.post("/v1/token", data=GRANT, auth=(client, secret))
        by_form = await opened.stranger.post("/v1/token", data=GRANT | {"client_id": client, "client_secret": secret})
        for answer in (by_header, by_form):
            said = answer.json()
            assert (answer.status_code, said["token_type"], said["expires_in"]) == (200, "Bearer", 900)
            assert answer.headers["cache-control"] == "no-store"
            headers = {"authorization": f"Bearer {said['access_token']}"}
            assert (await opened.stranger.get("/v1/inbox", headers=headers)).status_code == 200

    run(test)


@pytest.mark.parametrize(
    ("data", "auth", "status", "error"),
    [
        (GRANT, ("pont-y-plant-cases", "wrong"), 401, "invalid_client"),
        (GRANT, ("nobody", SECRETS[CHARITY]), 401, "invalid_client"),
        (GRANT, ("wales-probation-cases", SECRETS[CHARITY]), 401, "invalid_client"),
        (GRANT, None, 400, "invalid_request"),
        ({"grant_type": "password"}, ("pont-y-plant-cases", SECRETS[CHARITY]), 400, "unsupported_grant_type"),
        ({"x": "1"}, None, 400, "unsupported_grant_type"),
    ],
)
def test_nobody_else_gets_one(
    run: Run, data: dict[str, str], auth: tuple[str, str] | None, status: int, error: str
) -> None:
    async def test(opened: Gateway) -> None:
        answer = await opened.stranger.post("/v1/token", data=data, **({"auth": auth} if auth else {}))
        assert (answer.status_code, answer.json()) == (status, {"error": error})

    run(test)


def test_a_token_is_good_for_its_time_at_this_door_and_signed_by_this_door(run: Run) -> None:
    async def test(opened: Gateway) -> None:
        good = opened.charity.client.headers["authorization"].partition(" ")[2]
        head, claims, signature = good.split(".")
        none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"at+jwt"}').rstrip(b"=").decode()
        other = ECKey.generate_key("P-256", private=True)
        said = json.loads(base64.urlsafe_b64decode(claims + "=="))
        forged = jwt.encode({"alg": "ES256"}, said, other)
        by_public_key = jwt.encode({"alg": "HS256"}, said, OctKey.import_key(b"k" * 32))
        for token in (
            f"{none}.{claims}.",
            forged,
            by_public_key,
            f"{head}.{claims}.{signature[::-1]}",
            "x",
            "x.y.z",
            "",
        ):
            headers = {"authorization": f"Bearer {token}"}
            assert (await opened.stranger.get("/v1/inbox", headers=headers)).status_code in (401, 429)
        assert (await opened.charity.client.get("/v1/inbox")).status_code == 200
        opened.clock.now += 16 * 60_000
        assert (await opened.charity.client.get("/v1/inbox")).status_code == 401

    run(test)


def test_each_agency_is_slowed_down_by_itself_and_told_when_to_come_back(run: Run) -> None:
    async def test(opened: Gateway) -> None:
        statuses = [(await opened.charity.client.get("/v1/inbox")).status_code for _ in range(7)]
        assert statuses == [200] * 5 + [429] * 2
        answer = await opened.charity.client.get("/v1/inbox")
        assert answer.headers["retry-after"] == "1"
        assert (await opened.probation.client.get("/v1/inbox")).status_code == 200
        opened.clock.now += 2_000
        statuses = [(await opened.charity.client.get("/v1/inbox")).status_code for _ in range(3)]
        assert statuses == [200, 200, 429]

    run(test)


def test_an_address_that_guesses_is_stopped(run: Run) -> None:
    async def test(opened: Gateway) -> None:
        statuses = [
            (await opened.stranger.post("/v1/token", data=GRANT, auth=("pont-y-plant-cases", str(n)))).status_code
            for n in range(12)
        ]
        assert statuses == [401] * 10 + [429] * 2

    run(test)


def test_what_is_not_here_is_a_problem_too(run: Run) -> None:
    async def test(opened: Gateway) -> None:
        for answer, status in (
            (await opened.charity.client.get("/v2/nothing"), 404),
            (await opened.charity.client.delete("/v1/inbox"), 405),
        ):
            assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
        assert (await opened.stranger.get("/v1/health")).json() == {"state": "open"}

    run(test)


def test_two_agencies_with_one_client_are_not_let_behind_one_door(run: Run) -> None:
    async def test(opened: Gateway) -> None:
        one = opened.charity.counter
        one.settings = one.settings.model_copy(update={"clients": (Client(id="wales-probation-cases"),)})
        with pytest.raises(ConfigurationRefused, match="in common"), opened.door.behind(one):
            pass

    run(test)


ISSUER = DoorSettings(issuer="https://issuer.example", jwks="https://issuer.example/keys", client_claim="azp")


class Issuer:
    """An issuer elsewhere: its keys by HTTP, and tokens."""

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, private=True, parameters={"kid": "first"})
        self.asked = 0
        self.away = False
        self.now = 1000.0
        transport = httpx.MockTransport(self._answer)
        self.keys = IssuersKeys(str(ISSUER.jwks), httpx.AsyncClient(transport=transport), clock=lambda: self.now)
        self.tokens = Tokens(ISSUER, self.keys, clock=lambda: 1_774_603_800)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        if self.away:
            return httpx.Response(503)
        return httpx.Response(200, json=KeySet([self.key]).as_dict(private=False))

    def token(self, **claims: Any) -> str:
        good = {"iss": ISSUER.issuer, "aud": "dolen-gateway", "exp": 1_774_604_000, "azp": "pont-y-plant-cases"}
        said = {name: value for name, value in (good | claims).items() if value is not None}
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, said, self.key)

    def client_of(self, token: str) -> str | None:
        return asyncio.run(self.tokens.client_of(token))


def test_a_token_of_an_issuer_elsewhere_is_read_by_its_keys() -> None:
    issuer = Issuer()
    assert issuer.client_of(issuer.token()) == "pont-y-plant-cases"
    assert issuer.client_of(issuer.token(aud=["other", "dolen-gateway"])) == "pont-y-plant-cases"
    assert issuer.asked == 1


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://other.example"},
        {"aud": "other"},
        {"aud": None},
        {"exp": 1_774_603_700},
        {"exp": None},
        {"nbf": 1_774_603_900},
        {"azp": None},
        {"azp": 5},
    ],
)
def test_a_token_that_is_for_another_or_of_another_time_is_nobodys(claims: dict[str, Any]) -> None:
    issuer = Issuer()
    assert issuer.client_of(issuer.token(**claims)) is None


def test_a_new_key_of_the_issuers_is_asked_for_once_and_an_unknown_one_not_without_end() -> None:
    issuer = Issuer()
    issuer.client_of(issuer.token())
    issuer.now += 61
    issuer.key = RSAKey.generate_key(2048, private=True, parameters={"kid": "second"})
    assert issuer.client_of(issuer.token()) == "pont-y-plant-cases"
    assert issuer.asked == 2
    stranger = Issuer()
    for _ in range(20):
        assert issuer.client_of(stranger.token()) is None
    assert issuer.asked == 2


def test_keys_that_were_read_outlast_an_issuer_that_is_away_and_without_any_the_client_is_told() -> None:
    issuer = Issuer()
    issuer.away = True
    with pytest.raises(Refused, match="issuer-away"):
        issuer.client_of(issuer.token())
    issuer.away = False
    issuer.client_of(issuer.token())
    issuer.away, issuer.now = True, issuer.now + 7200
    assert issuer.client_of(issuer.token()) == "pont-y-plant-cases"


def test_the_silent_are_forgotten_so_that_nobody_fills_the_memory() -> None:
    rates = Rates(a_second=1, burst=1, clock=lambda: 0.0)
    for number in range(2 * MOST_CALLERS):
        rates.wait(str(number))
    assert len(rates._buckets) == MOST_CALLERS


def test_a_secret_is_kept_as_a_hash() -> None:
    secret = new_secret()
    assert matches(secret, hash_of(secret))
    assert not matches(secret + "x", hash_of(secret))
    assert secret not in hash_of(secret)


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        ('listen = "0.0.0.0:8443"', "certificate"),
        ('certificate = "a.pem"', "certificate and key"),
        ('client_authorities = "ca.pem"', "client certificates need TLS"),
        ("token_minutes = 0", "token_minutes"),
        ('isuer = "x"', "isuer"),
        ("= 1", "not TOML"),
    ],
)
def test_a_wrong_file_of_the_doors_is_refused_by_name_line_and_rule(tmp_path: Path, wrong: str, rule: str) -> None:
    path = tmp_path / "door.toml"
    path.write_text(f'issuer = "https://door.example"\nsigning_key = "door.key"\n{wrong}\n')
    with pytest.raises(ConfigurationRefused, match=rule) as refused:
        load_door(path)
    assert str(path) in str(refused.value)


def test_a_door_that_nobody_may_use_is_refused() -> None:
    with pytest.raises(ValueError, match="somebody has to get in"):
        GatewaySettings(door=Path("door.toml"))


def test_the_committed_document_is_what_the_addresses_are() -> None:
    committed = (Path(__file__).parents[3] / "adapters" / "gateway" / "openapi.json").read_bytes()
    assert committed == openapi_json(), "run python -m adapters.gateway.openapi"
