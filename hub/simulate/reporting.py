"""The first half of an episode: a notice or report, its decision, the strategy discussion, the enquiries."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal

from contracts.case import ChildItem
from contracts.events.enquiries import (
    ChildOfEnquiry,
    ConcludedEnquiry,
    Determination,
    EnquiryConcluded,
    EnquiryStarted,
    StartedEnquiry,
)
from contracts.events.notices import AttendedIncident, ChildOfIncident, DomesticAbuseIncident
from contracts.events.referrals import (
    AcknowledgedReferral,
    DecidedChild,
    DecidedReferral,
    ReferralAcknowledged,
    ReferralDecided,
    ReferralSubmitted,
    ReferredChild,
    SubmittedReferral,
)
from contracts.events.strategy_discussions import (
    ConvenedStrategyDiscussion,
    DiscussedChild,
    HeldStrategyDiscussion,
    SharedStrategyRecord,
    StrategyDecision,
    StrategyDiscussionConvened,
    StrategyDiscussionHeld,
    StrategyRecordShared,
)
from contracts.identifiers import PoliceReference
from contracts.kinds import Kind
from contracts.meetings import Absentee, Attendee, Copy, Invitation, Task
from contracts.parties import agency_of, agency_uri
from contracts.people import FamilyNotTold, FamilyTold, PractitionerReporter, Reporter
from hub.simulate.draft import Draft, case, children, record, working_days
from hub.simulate.episode import Episode
from hub.simulate.names import ROLES

AN_HOUR = timedelta(hours=1)

Finding = Literal["D1", "D2", "D3"]
DecisionOnReport = Literal["no-further-action", "early-help", "assessment", "strategy-discussion"]
_REASONS: dict[DecisionOnReport, Literal[
    "threshold-not-met", "family-accepts-help", "care-and-support-needs", "cause-to-suspect-significant-harm"
]] = {
    "no-further-action": "threshold-not-met",
    "early-help": "family-accepts-help",
    "assessment": "care-and-support-needs",
    "strategy-discussion": "cause-to-suspect-significant-harm",
}  # fmt: skip


def incident(episode: Episode, at: datetime, numbers: Iterable[int] | None = None) -> Draft:
    """Police tell the schools of children in whose home they were."""
    say = episode.say
    source = agency_uri(episode.place.area.police)
    known = children(episode, source, numbers)
    occurrence = _occurrence(episode)
    data = AttendedIncident(
        responsible_authority=episode.authority,
        contact=episode.people.contact("police"),
        children=tuple(
            ChildOfIncident(
                child=child,
                involvement=episode.rng.choice(("present", "in-the-home", "not-present")),
                child_voice=say.voice(child),
                circumstances=say.statement("circumstances"),
            )
            for child in known
        ),
        incident_at=at - 9 * AN_HOUR,
        encompass_reference=f"ENC-{occurrence.number}",
        police_references=(occurrence,),
        handling="be-aware-do-not-raise",
    )
    return Draft(DomesticAbuseIncident, source, known[0].reference, data)


def submitted(
    episode: Episode,
    at: datetime,
    *,
    source: str,
    possible_crime: bool,
    harm: Literal["suffered", "likely", "not-sure"] = "likely",
    numbers: Iterable[int] | None = None,
    referrer: str | None = None,
) -> Draft:
    """Somebody reports that children may be at risk; `referrer`: whose report it is, where another sends it."""
    say, referrer = episode.say, referrer or source
    kind = episode.world.kind(referrer)
    known = children(episode, source, numbers)
    data = SubmittedReferral(
        responsible_authority=episode.authority,
        contact=episode.people.contact(kind),
        children=tuple(
            ReferredChild(
                child=child,
                suspected_categories=episode.categories,
                harm=harm,
                immediate_danger=possible_crime,
                concern=say.statement("concern"),
                child_voice=say.voice(child),
                household=episode.household,
            )
            for child in known
        ),
        referrer=referrer,
        reporter=_reporter(episode, referrer, kind),
        observed_at=at - 3 * AN_HOUR,
        possible_crime=possible_crime,
        police_references=(_occurrence(episode),) if kind is Kind.POLICE else (),
        family_informed=_family(episode, told=not possible_crime),
    )
    return Draft(ReferralSubmitted, source, known[0].reference, data, stage="referral")


def acknowledged(episode: Episode, at: datetime, *, referrer: str, numbers: Iterable[int] | None = None) -> Draft:
    """Social services have the report."""
    source = episode.place.social_services
    known = children(episode, source, numbers)
    data = AcknowledgedReferral(
        responsible_authority=episode.authority,
        contact=episode.contact,
        children=tuple(ChildItem(child=child) for child in known),
        referral=episode.ids["referral"],
        referrer=referrer,
        received_at=at,
        decision_due=working_days(at, 1),
    )
    return Draft(ReferralAcknowledged, source, known[0].reference, data)


def decided(
    episode: Episode,
    at: datetime,
    *,
    referrer: str,
    decision: DecisionOnReport,
    numbers: Iterable[int] | None = None,
) -> Draft:
    """What comes of the report, and why."""
    source = episode.place.social_services
    known = children(episode, source, numbers)
    goes_on = decision == "strategy-discussion"
    data = DecidedReferral(
        **(case(episode) if goes_on else {"responsible_authority": episode.authority, "contact": episode.contact}),
        children=tuple(
            DecidedChild(
                child=child,
                decision=decision,
                reason=_REASONS[decision],
                reasons_for_referrer=episode.say.statement("reasons"),
                basis=episode.say.statement("basis"),
                next_step_due=working_days(at, 1) if goes_on else None,
            )
            for child in known
        ),
        referral=episode.ids["referral"],
        referrer=referrer,
        decided_at=at,
    )
    return Draft(ReferralDecided, source, known[0].reference, data)


def discussion_convened(episode: Episode, at: datetime) -> Draft:
    """Who is asked to talk about the children, and why."""
    source = episode.place.social_services
    known = children(episode, source)
    data = ConvenedStrategyDiscussion(
        **case(episode),
        children=tuple(DiscussedChild(child=child, concern=episode.say.statement("concern")) for child in known),
        referral=episode.ids.get("referral"),
        starts_at=at + 4 * AN_HOUR,
        manner="video",
        chair=episode.chair,
        invited=invitations(episode),
    )
    return Draft(StrategyDiscussionConvened, source, known[0].reference, data, stage="convened")


def discussion_held(
    episode: Episode, at: datetime, *, enquiry: Literal["single-agency", "joint"] | None, absent: Iterable[str] = ()
) -> Draft:
    """Who came, and for each child whether enquiries start."""
    source = episode.place.social_services
    known = children(episode, source)
    data = HeldStrategyDiscussion(
        **case(episode),
        children=tuple(
            StrategyDecision(
                child=child,
                child_voice=episode.say.voice(child),
                section_47=enquiry is not None,
                enquiry=enquiry,
                basis=episode.say.statement("basis"),
                tasks=(Task(what=episode.say.statement("task"), who=source, due=working_days(at, 3)),),
            )
            for child in known
        ),
        convened=episode.ids["convened"],
        held_at=at - AN_HOUR,
        manner="video",
        chair=episode.chair,
        attended=attendees(episode, absent),
        absent=absentees(episode, absent),
    )
    return Draft(StrategyDiscussionHeld, source, known[0].reference, data, stage="discussion")


def discussion_record(episode: Episode, at: datetime) -> Draft:
    """Where each can read what was recorded."""
    source = episode.place.social_services
    known = children(episode, source)
    data = SharedStrategyRecord(
        **case(episode),
        children=tuple(ChildItem(child=child) for child in known),
        discussion=episode.ids["discussion"],
        shared_at=at,
        copies=copies(episode),
    )
    return Draft(StrategyRecordShared, source, known[0].reference, data)


def enquiry_started(episode: Episode, at: datetime, *, enquiry: Literal["single-agency", "joint"]) -> Draft:
    """Section 47 enquiries start."""
    source = episode.place.social_services
    known = children(episode, source)
    data = StartedEnquiry(
        **case(episode),
        children=tuple(
            ChildOfEnquiry(
                child=child, enquiry=enquiry, social_worker=episode.worker, assessment_due=working_days(at, 42)
            )
            for child in known
        ),
        discussion=episode.ids["discussion"],
        started_at=at,
        conference_due=working_days(at, 15),
        family_informed=_family(episode, told=True),
    )
    return Draft(EnquiryStarted, source, known[0].reference, data, stage="enquiry")


def enquiry_concluded(episode: Episode, at: datetime, *, determination: Finding) -> Draft:
    """What the enquiries found, for each child."""
    source = episode.place.social_services
    known = children(episode, source)
    data = ConcludedEnquiry(
        **case(episode),
        children=tuple(
            Determination(
                child=child,
                child_voice=episode.say.voice(child),
                determination=determination,
                basis=episode.say.statement("basis"),
                ratified_by=episode.chair if determination == "D1" else None,
                conference_due=working_days(at, 10) if determination == "D3" else None,
                care_and_support_needs=determination != "D1",
            )
            for child in known
        ),
        enquiry=episode.ids["enquiry"],
        concluded_at=at,
    )
    return Draft(EnquiryConcluded, source, known[0].reference, data)


def invitations(episode: Episode) -> tuple[Invitation, ...]:
    """All who take part are asked."""
    minimum = (Kind.SOCIAL_SERVICES, Kind.POLICE)
    asked = ((party, episode.world.kind(party)) for party in episode.participants)
    return tuple(
        Invitation(party=party, kind=kind, because="minimum-attendance" if kind in minimum else "knows-the-child")
        for party, kind in asked
    )


def attendees(episode: Episode, absent: Iterable[str] = ()) -> tuple[Attendee, ...]:
    """All who take part came, but some."""
    came = [(party, episode.world.kind(party)) for party in episode.participants if party not in set(absent)]
    return tuple(Attendee(party=party, kind=kind, role=ROLES[kind], may_decide=True) for party, kind in came)


def absentees(episode: Episode, absent: Iterable[str]) -> tuple[Absentee, ...]:
    """Those who did not come."""
    return tuple(
        Absentee(party=party, kind=episode.world.kind(party), reason="not-available")
        for party in episode.participants
        if party in set(absent)
    )


def copies(episode: Episode) -> tuple[Copy, ...]:
    """The chair gives the statutory agencies a full copy, the others a part of it."""
    pointer = record(episode)
    full = (Kind.SOCIAL_SERVICES, Kind.POLICE, Kind.HEALTH)
    return tuple(
        Copy(party=party, extent="full" if episode.world.kind(party) in full else "partial", record=pointer)
        for party in episode.participants
    )


def _reporter(episode: Episode, source: str, kind: Kind) -> Reporter:
    return PractitionerReporter(
        kind="practitioner", practitioner=episode.people.practitioner(kind), organisation=agency_of(source)
    )


def _family(episode: Episode, *, told: bool) -> FamilyTold | FamilyNotTold:
    if told:
        return FamilyTold(informed="yes", views=episode.say.statement("parents"))
    return FamilyNotTold(informed="no", reason="adds-risk", explanation=episode.say.statement("why-not-told"))


def _occurrence(episode: Episode) -> PoliceReference:
    number = f"{episode.rng.randrange(10**10):010}"
    return PoliceReference(force=episode.place.area.police, kind="occurrence", number=number)
