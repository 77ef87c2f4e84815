"""Decides which event a record of the case system says."""

from adapters.sdk.declaration import Draft
from adapters.sdk.pseudonyms import Pseudonyms
from adapters.sdk.template.native import ChangeOfAddress

MOVED = "wales.child-protection.circumstances.child-moved.v1"


def to_event(native: ChangeOfAddress, pseudonyms: Pseudonyms) -> Draft:
    """A change of address as an event; what the case system doesn't know is not said."""
    child, subject = native.child, pseudonyms.child(native.child.number)
    return Draft(
        type=MOVED,
        reference=f"{native.record}/{native.version}",
        subject=subject,
        correlationid=pseudonyms.episode(native.case),
        time=native.recorded,
        data={
            "responsible_authority": native.authority,
            "participants": list(native.told),
            "child": {
                "reference": subject,
                "names": [{"given": child.forename, "family": child.surname}],
                "date_of_birth": child.born.isoformat(),
                "sex": child.sex,
                "education": {"status": "unknown"},
            },
            "moved_on": native.moved.isoformat(),
            "learned_at": native.learned.isoformat(),
            "stay": native.stay,
            "destination": "wales",
            "to_authority": native.to_authority,
        },
    )
