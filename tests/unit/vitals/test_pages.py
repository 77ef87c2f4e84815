"""What the pages answer: 200 where all is well, a problem document where not, and nothing of what was asked."""

import asyncio
from dataclasses import dataclass, field

import httpx
import pytest
from prometheus_client import CollectorRegistry, Gauge

from hub.vitals.pages import pages


@dataclass
class Said:
    """A process that says what a test wants."""

    lacks: list[str] = field(default_factory=list)
    stands: list[str] = field(default_factory=list)

    async def look(self) -> None:
        raise AssertionError("no page asks a server")

    def unready(self) -> list[str]:
        return self.lacks

    def standing(self) -> list[str]:
        return self.stands

    def collect(self):
        return ()


def get(path: str, vitals: Said, method: str = "GET", **headers: str) -> httpx.Response:
    registry = CollectorRegistry()
    Gauge("dolen_balance_off", "…", registry=registry).set(3)

    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(pages(registry, vitals))
        async with httpx.AsyncClient(transport=transport, base_url="http://hub") as client:
            return await client.request(method, path, headers=headers)

    return asyncio.run(asked())


@pytest.mark.parametrize("path", ["/live", "/ready", "/progress"])
def test_where_all_is_well_every_page_says_so(path):
    answer = get(path, Said())
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("vitals", "codes"),
    [
        (Said(lacks=["Redis doesn't answer"]), {"/live": 200, "/ready": 503, "/progress": 200}),
        (Said(stands=["lane 3 is waiting"]), {"/live": 200, "/ready": 200, "/progress": 503}),
    ],
)
def test_what_a_process_lacks_is_one_page_and_what_stands_still_another(vitals, codes):
    assert {path: get(path, vitals).status_code for path in codes} == codes


def test_a_503_is_a_problem_document_with_every_reason():
    answer = get("/ready", Said(lacks=["Redis doesn't answer", "lane 3 is waiting"]))
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "title": "The process can't do its work now",
        "status": 503,
        "detail": "Redis doesn't answer; lane 3 is waiting",
        "reasons": ["Redis doesn't answer", "lane 3 is waiting"],
    }


def test_figures_come_in_the_form_that_is_asked_for():
    plain = get("/metrics", Said())
    assert plain.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "dolen_balance_off 3.0" in plain.text
    newer = get("/metrics", Said(), accept="application/openmetrics-text; version=1.0.0")
    assert newer.headers["content-type"].startswith("application/openmetrics-text")
    assert newer.text.endswith("# EOF\n")


def test_nothing_that_was_asked_is_said_back():
    for answer in (get("/Gwenhwyfarch?nhs=9998887771", Said()), get("/ready?who=Gwenhwyfarch", Said(lacks=["no"]))):
        assert "Gwenhwyfarch" not in answer.text + str(answer.headers)


def test_nothing_can_be_sent():
    assert {get(path, Said(), "POST").status_code for path in ("/metrics", "/live", "/ready", "/progress")} == {405}
