"""Whether an event is the first of its identity."""

from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from hub.dedupe import Marks, Verdict
from hub.record import Coordinates

TOPICS = ("referrals.v1", "notices.v1")
MARKS = Marks(b"secret", TOPICS)
A, B = sha256(b"a").digest(), sha256(b"b").digest()
coordinates = st.builds(Coordinates, st.sampled_from(TOPICS), st.integers(0, 1000), st.integers(0, 2**63))


def claim(digest=A, *, at=Coordinates("referrals.v1", 3, 7), source="/agencies/a", event_id="1"):  # noqa: B008 - frozen
    return MARKS.claim(source=source, event_id=event_id, digest=digest, at=at)


def test_what_nobody_claimed_is_the_first():
    assert MARKS.judge(claim(), None) is Verdict.FIRST


def test_a_claim_that_finds_itself_after_a_crash_goes_on():
    assert MARKS.judge(claim(), claim().mark) is Verdict.FIRST


def test_the_same_content_elsewhere_is_a_repeat():
    again = claim(at=Coordinates("referrals.v1", 3, 8))
    assert MARKS.judge(again, claim().mark) is Verdict.DUPLICATE


def test_other_content_under_a_used_id_is_a_conflict():
    other = claim(B, at=Coordinates("referrals.v1", 3, 8))
    assert MARKS.judge(other, claim().mark) is Verdict.CONFLICT


def test_two_senders_may_choose_the_same_id():
    assert claim(source="/agencies/a").key != claim(source="/agencies/b").key


def test_a_mark_moved_to_another_identity_is_not_the_hubs():
    assert MARKS.judge(claim(event_id="2"), claim(event_id="1").mark) is Verdict.TAMPERED


def test_a_mark_made_with_another_secret_is_not_the_hubs():
    forged = Marks(b"other", TOPICS).claim(
        source="/agencies/a", event_id="1", digest=A, at=Coordinates("notices.v1", 0, 0)
    )
    assert MARKS.judge(claim(), forged.mark) is Verdict.TAMPERED


@given(coordinates)
def test_a_mark_says_where_its_record_stands(at):
    assert MARKS.first(claim(at=at).mark) == at


@given(st.binary(max_size=80))
def test_no_bytes_that_somebody_wrote_pass_for_a_mark(found):
    assert MARKS.judge(claim(), found) is Verdict.TAMPERED
