"""What is expected of a school that is sent a notification, and what it must not do."""

from dataclasses import dataclass

from adapters.schools.words.marks import N_


@dataclass(frozen=True, slots=True)
class Guidance:
    """Sentences in English; the catalogue has the Welsh."""

    expected: tuple[str, ...]
    avoid: tuple[str, ...] = ()


_RECORD = N_("Put it in the child's safeguarding record, not in the general school file.")
_NEED_TO_KNOW = N_("Do not tell other staff more than they need to look after the child.")
_WATCH = N_("Note what you see and hear of the child, and report any new concern to social services without delay.")

ENCOMPASS = Guidance(
    expected=(
        N_("Before the child arrives, see to it that those who meet the child are ready to give quiet support."),
        N_("Be aware and be prepared: the child may be tired, upset, hungry or without homework or uniform."),
        N_("If the child speaks of it, listen, do not question, and follow the school's safeguarding procedure."),
        _WATCH,
        _RECORD,
    ),
    avoid=(
        N_("Do not raise the incident with the child."),
        N_("Do not raise it with a parent or carer: that can put the child or an adult at risk."),
        _NEED_TO_KNOW,
    ),
)

MEETING = Guidance(
    expected=(
        N_("Reserve the time for somebody who knows the child and may decide for the school."),
        N_("Write the school's report on attendance, attainment, wellbeing and what the child says."),
        N_("If nobody can come, tell the chair at once and send the report."),
        _RECORD,
    ),
    avoid=(_NEED_TO_KNOW,),
)

OUTCOME = Guidance(
    expected=(
        N_("Read what was decided and what falls to the school, and put the dates in the diary."),
        _WATCH,
        _RECORD,
    ),
    avoid=(_NEED_TO_KNOW,),
)

ENQUIRIES = Guidance(
    expected=(
        N_("While enquiries go on, tell the social worker at once if the child is absent or hurt, or speaks of harm."),
        N_(
            "A parent who wants to take the child out of school to educate the child at home needs the authority's "
            "consent meanwhile: call the social worker before anything is agreed."
        ),
        _RECORD,
    ),
    avoid=(N_("Do not question the child or the parents: that could harm the enquiries."), _NEED_TO_KNOW),
)

CHANGE = Guidance(
    expected=(
        N_("Change the contact details and dates in the child's safeguarding record."),
        N_("Call whoever sent it if something does not agree with what the school knows."),
    ),
    avoid=(_NEED_TO_KNOW,),
)

LEFT = Guidance(
    expected=(
        N_("Send the child's safeguarding file to the new school securely and separately, and keep a receipt."),
        N_("Speak to the new school's designated safeguarding person on the day that the child moves."),
    ),
    avoid=(_NEED_TO_KNOW,),
)

_BY_TYPE = {
    "notices.domestic-abuse-incident": ENCOMPASS,
    "conferences.scheduled": MEETING,
    "conferences.core-group-scheduled": MEETING,
    "strategy-discussions.convened": MEETING,
    "enquiries.started": ENQUIRIES,
    "circumstances.child-moved": CHANGE,
    "circumstances.coordinator-changed": CHANGE,
    "circumstances.identifier-changed": CHANGE,
}


def guidance(event_type: str, *, view: str = "") -> Guidance:
    """For an event type by its full name, as one view of it shows it."""
    if view == "previous-school":
        return LEFT
    family_and_event = event_type.removeprefix("wales.child-protection.").rpartition(".")[0]
    return _BY_TYPE.get(family_and_event, OUTCOME)
