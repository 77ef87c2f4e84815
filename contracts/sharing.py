"""The classes of information: each field of each event belongs to one, and a view lists the classes that it shows."""

from enum import StrEnum


class Sharing(StrEnum):
    """Rows of the minimisation table (Wales Safeguarding Procedures: full and partial copies).

    A field carries its class as `Annotated[type, Sharing.X]`. On a field that holds another contract the class stands
    for all that is below it.
    """

    CASE = "case"
    """References and codes that say what the event is about and nothing of the family: every recipient sees them."""
    IDENTITY = "identity"
    """Names a child is known by, date of birth or expected date of delivery, sex."""
    NHS_NUMBER = "nhs-number"
    """The NHS number: social services and health."""
    UPN = "upn"
    """The unique pupil number: social services and education."""
    POLICE_REFERENCE = "police-reference"
    """Occurrence numbers, URNs and other references of a force."""
    ENCOMPASS_REFERENCE = "encompass-reference"
    """The police reference that an Operation Encompass notice gives a school."""
    EDUCATION = "education"
    """School, education status and year of a child."""
    STAGE = "stage"
    """Stage of the procedure, decisions and their dates: strategy, section 47, conference, core group."""
    REGISTER = "register"
    """Whether a child's name is on the child protection register, and since when."""
    CATEGORIES = "categories"
    """The categories of abuse a child is registered under."""
    NARRATIVE = "narrative"
    """What practitioners wrote: concerns, minutes, reasons, views of agencies."""
    VOICE = "voice"
    """What the child said, and how it was heard."""
    REPORTER = "reporter"
    """Who made the report, where that is a person."""
    ADDRESS = "address"
    """Home and temporary addresses."""
    FAMILY = "family"
    """Parents, carers, household members, and whether they were informed."""
    SIBLINGS = "siblings"
    """Other children of the family, at other schools or none."""
    HEALTH = "health"
    """Health, disability and general practitioner."""
    LANGUAGE = "language"
    """First language, language preference and need of an interpreter."""
    CONTACT = "contact"
    """Care and support protection plan co-ordinator, team and emergency duty team: whom to call."""
    ATTENDANCE = "attendance"
    """Who was invited, attended or was absent, and why."""
