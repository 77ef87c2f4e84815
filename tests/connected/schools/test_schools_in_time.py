"""What nobody opens is passed on, step by step, each once; and what people do becomes the sender's receipts."""

import asyncio
from dataclasses import dataclass, field

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.schools.edge import SchoolsEdge
from adapters.schools.outbound import to_native
from adapters.schools.roles import Role
from adapters.schools.watch import pass_on
from adapters.sdk.composing import composed
from adapters.sdk.declaration import Draft, Notification, NotTranslated, Taken
from adapters.sdk.outcome import Delivered, Retry
from adapters.sdk.pseudonyms import Pseudonyms
from tests.schools_ground import DESK, ENGLISH, WELSH, WELSH_DESK, Browser, Ground, encompass, told

pytestmark = pytest.mark.connected

SCHOOLS = Pseudonyms("schools", bytes(32))


@dataclass
class Kept:
    """An outbox that keeps what it is given, and checks it as the real one does."""

    agency: str
    drafts: list[Draft] = field(default_factory=list)

    async def put(self, draft: Draft) -> Taken:
        event = composed(draft, Pseudonyms(self.agency, bytes(32)))
        again = any(draft.reference == one.reference for one in self.drafts)
        if not again:
            self.drafts.append(draft)
        return Taken(event.event_id, again=again)

    async def set_aside(self, reference: str, reason: NotTranslated, *, native: bytes | None = None) -> None:
        raise AssertionError(f"{reference}: {reason}")


def taken(schools: Ground, *, agency: str = "schools") -> list[Draft]:
    """What the outbox is given."""
    outbox = Kept(agency)

    async def take() -> None:
        edge = SchoolsEdge(schools.settings, Pseudonyms(agency, bytes(32)), lambda: schools.now)
        try:
            await edge.take_some(outbox)
        finally:
            await edge.close()

    asyncio.run(take())
    return outbox.drafts


def kinds(drafts: list[Draft]) -> list[str]:
    return [draft.type.split(".")[3] for draft in drafts]


@pytest.fixture
def ref(schools: Ground) -> str:
    schools.person("dsp", (ENGLISH, Role.DSP))
    schools.person("desk", (DESK, Role.DESK))
    found = schools.receive(encompass())
    assert found is not None
    return found


def test_opened_in_time_nobody_else_is_told(schools: Ground, ref: str) -> None:
    with schools.served() as address, Browser.signed_in(address, "dsp") as browser:
        browser.get(f"/en/notices/{ref}")
    schools.later(days=3)
    assert schools.steps() == [("received", None), ("opened", None)]


def test_not_opened_it_goes_to_the_desk_at_half_past_eight_and_then_out_of_hours(schools: Ground, ref: str) -> None:
    schools.later(hours=8, minutes=34, seconds=59)
    assert schools.steps() == [("received", None)]
    schools.later(seconds=1)
    assert schools.steps("to-%") == [("to-desk", "not-opened-in-time")]
    schools.later(minutes=59, seconds=59)
    assert len(schools.steps("to-%")) == 1
    schools.later(seconds=1)
    assert schools.steps("to-%") == [("to-desk", "not-opened-in-time"), ("to-out-of-hours", "not-opened-in-time")]
    schools.later(days=9)
    assert len(schools.steps("to-%")) == 2


def test_the_desk_opening_it_ends_the_wait_and_the_school_can_still_open_it(schools: Ground, ref: str) -> None:
    schools.later(hours=9)
    with schools.served() as address, Browser.signed_in(address, "desk") as browser:
        assert "Adamsdown Primary" in browser.get(f"/en/notices/{ref}").text
    schools.later(days=2)
    with schools.served() as address, Browser.signed_in(address, "dsp") as browser:
        browser.get(f"/en/notices/{ref}")
    assert [kind for kind, _ in schools.steps()] == ["received", "to-desk", "desk-opened", "opened"]


def test_a_school_with_nobody_designated_is_not_waited_for(schools: Ground, ref: str) -> None:
    schools.person("head-alone", ("/schools/6812111", Role.HEAD))
    schools.receive(encompass("/schools/6812111"))
    assert schools.steps("to-desk") == [("to-desk", "nobody-designated")]


def test_a_school_that_nobody_knows_is_the_desks_of_its_authority(schools: Ground, ref: str) -> None:
    unknown = schools.receive(encompass("/schools/6819999"))
    assert schools.steps("to-desk") == [("to-desk", "school-unknown")]
    with schools.served() as address, Browser.signed_in(address, "desk") as browser:
        assert browser.get(f"/cy/notices/{unknown}").status_code == 200


def test_two_clocks_that_look_at_once_pass_on_once(schools: Ground, ref: str) -> None:
    for number in range(1, 40):
        schools.receive(encompass(number=number))
    schools.now = schools.now.replace(day=27, hour=8, minute=30)

    async def both(database: AsyncEngine) -> None:
        portal = schools.portal(database)
        await asyncio.gather(*(pass_on(database, passing=portal.passing, clock=portal.clock) for _ in range(4)))

    schools.run_with(both)
    assert schools.steps("to-desk") == [("to-desk", "not-opened-in-time")] * 40


def test_a_notification_that_comes_twice_is_one_and_keeps_what_was_done(schools: Ground, ref: str) -> None:
    with schools.served() as address, Browser.signed_in(address, "dsp") as browser:
        browser.get(f"/en/notices/{ref}")
        schools.later(minutes=5)
        assert schools.receive(encompass()) is None
        assert "Opened, nobody" in browser.get(f"/en/notices/{ref}").text
    assert len(schools.rows("SELECT id FROM schools.notices")) == 1


def test_the_adapter_answers_delivered_each_time_and_retry_where_the_store_is_away(schools: Ground) -> None:
    delivery = encompass()
    native = to_native(delivery)

    async def deliver(url: str) -> list[object]:
        settings = schools.settings.model_copy(update={"database_url": type(schools.settings.database_url)(url)})
        edge = SchoolsEdge(settings, SCHOOLS, lambda: schools.now)
        try:
            return [await edge.deliver(native, Notification(delivery)) for _ in range(2)]
        finally:
            await edge.close()

    assert asyncio.run(deliver(schools.url)) == [Delivered(), Delivered()]
    assert len(schools.rows("SELECT id FROM schools.notices")) == 1
    away = asyncio.run(deliver("postgresql://nobody:x@127.0.0.1:1/none"))
    assert away == [Retry("store-is-away")] * 2


def test_the_three_receipts_of_a_notification_are_the_schools_own(schools: Ground, ref: str) -> None:
    with schools.served() as address, Browser.signed_in(address, "dsp") as browser:
        for _ in range(2):
            browser.get(f"/en/notices/{ref}")
            browser.post(f"/en/notices/{ref}/accept")
    opened, accepted = taken(schools)
    assert kinds([opened, accepted]) == ["opened", "accepted-by"]
    assert opened.source == accepted.source == ENGLISH
    assert opened.data["role"] == "designated safeguarding person"
    assert accepted.data["team"] == "Adamsdown Primary"
    assert opened.data["delivery"] == encompass().id
    assert "dsp" not in str(accepted.data).replace("designated safeguarding person", "")
    assert taken(schools) == []


def test_a_question_goes_to_the_sender_in_the_words_and_language_of_whoever_asks(schools: Ground, ref: str) -> None:
    with schools.served() as address, Browser.signed_in(address, "dsp") as browser:
        browser.get(f"/cy/notices/{ref}")
        words = "Pwy sy'n casglu'r plentyn?\r\nDiolch"
        browser.post(f"/en/notices/{ref}/ask", words=words, written_in="cy")
        assert browser.post(f"/en/notices/{ref}/ask", words="  ", written_in="cy").status_code == 422
        page = browser.get(f"/en/notices/{ref}").text
        assert '<blockquote lang="cy">Pwy sy' in page
    assert kinds(taken(schools)) == ["opened", "asked"]
    (asked,) = schools.rows("SELECT words, language FROM schools.steps WHERE kind = 'asked'")
    assert tuple(asked) == ("Pwy sy'n casglu'r plentyn?\nDiolch", "cy")


def test_not_our_pupil_and_each_step_of_passing_on_are_told_to_the_sender(schools: Ground, ref: str) -> None:
    schools.person("welsh", (WELSH, Role.DSP))
    schools.person("welsh-desk", (WELSH_DESK, Role.DESK))
    other = schools.receive(encompass(WELSH))
    with schools.served() as address, Browser.signed_in(address, "welsh") as browser:
        browser.get(f"/cy/notices/{other}")
        assert browser.post(f"/cy/notices/{other}/not-ours").status_code == 422
        assert "Trosglwyddwyd" in browser.post(f"/cy/notices/{other}/not-ours", place="0").text
    schools.later(hours=9)
    schools.later(hours=9)
    drafts = taken(schools)
    told_sender = [
        (draft.source, kind, draft.data.get("reason"), draft.data.get("to"))
        for draft, kind in zip(drafts, kinds(drafts), strict=True)
    ]
    assert told_sender == [
        (WELSH, "opened", None, None),
        (WELSH, "refused", "not-our-child", None),
        (WELSH, "escalated", "not-our-child", "education-desk"),
        (ENGLISH, "escalated", "not-opened-in-time", "education-desk"),
        (WELSH, "escalated", "not-opened-in-time", "out-of-hours"),
        (ENGLISH, "escalated", "not-opened-in-time", "out-of-hours"),
    ]


def test_a_desk_without_people_is_not_waited_for(schools: Ground) -> None:
    schools.person("dsp", (WELSH, Role.DSP))
    schools.receive(encompass(WELSH))
    schools.later(hours=9)
    assert schools.steps("to-%") == [("to-desk", "not-opened-in-time")]
    schools.pass_on()
    assert schools.steps("to-%")[1:] == [("to-out-of-hours", "not-opened-in-time")]


def test_nobody_is_said_to_be_told_out_of_hours_where_no_contact_is_named(schools: Ground, ref: str) -> None:
    schools.more = {"out_of_hours": {}}
    schools.later(hours=9)
    schools.later(hours=9)
    schools.later(hours=9)
    assert [kind for kind, _ in schools.steps()] == ["received", "to-desk", "nobody-left"]
    assert kinds(taken(schools)) == ["escalated"]
    with schools.served() as address, Browser.signed_in(address, "desk") as browser:
        assert "No out-of-hours contact could be told" in browser.get("/en/desks/cardiff-education").text


def test_a_sibling_whom_the_school_does_not_know_is_still_the_desks_when_the_school_opens_the_rest(
    schools: Ground, ref: str
) -> None:
    half = "UPDATE schools.notices SET desk_at = :at, desk_because = 'not-our-child', next_step_at = :at"
    schools.rows(f"{half} RETURNING 1", at=schools.now)
    with schools.served() as address, Browser.signed_in(address, "dsp") as browser:
        browser.get(f"/en/notices/{ref}")
        browser.post(f"/en/notices/{ref}/accept")
    schools.later(hours=1)
    assert schools.steps("to-out-of-hours") == [("to-out-of-hours", "not-opened-in-time")]


def test_what_a_desk_was_told_itself_is_answered_by_its_own_adapter(schools: Ground, ref: str) -> None:
    delivery = told("enquiries.started", DESK, view="education-desk", conflicts_of_interest=[ENGLISH])
    mine = schools.receive(delivery)
    with schools.served() as address, Browser.signed_in(address, "desk") as browser:
        assert "Cardiff Council: Education" in browser.get("/en/desks/cardiff-education").text
        browser.get(f"/en/notices/{mine}")
        browser.post(f"/en/notices/{mine}/accept")
    assert taken(schools) == []
    drafts = taken(schools, agency="cardiff-education")
    assert kinds(drafts) == ["opened", "accepted-by"]
    assert {draft.source for draft in drafts} == {DESK}


def test_the_board_lists_what_waits_by_the_time_it_is_due(schools: Ground, ref: str) -> None:
    schools.person("other", ("/schools/6812111", Role.DSP))
    schools.now = schools.now.replace(day=25)
    schools.receive(encompass("/schools/6812111"))
    schools.now = schools.now.replace(day=26)
    with schools.served() as address, Browser.signed_in(address, "desk") as browser:
        page = browser.get("/en/desks/cardiff-education").text
    assert page.index("Thursday 26 March 2026, 08:30") < page.index("Friday 27 March 2026, 08:30")
    assert page.count("<tr") == 3
