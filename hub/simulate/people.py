"""Invents people: names of this project's own making, NHS numbers of the range that is never issued, Welsh UPNs."""

from datetime import date
from random import Random
from typing import Literal

from contracts.identifiers import UPN_LETTERS, nhs_check_digit, upn_check_letter
from contracts.people import Address, Coordinator, LanguageNeeds, PersonName, Practitioner, TeamContact
from contracts.school_list import School
from hub.simulate.names import ADULTS, BOYS, FAMILIES, GIRLS, ROLES, STREETS, TEAMS

Sex = Literal["female", "male"]


class People:
    """One source of invented people: the same random source, the same people."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng

    def uuid(self) -> str:
        """A version 4 UUID (RFC 9562) out of the random source, so that a seed names its events."""
        digits = f"{self._rng.getrandbits(128) & ~(0xF << 76) & ~(0x3 << 62) | (0x4 << 76) | (0x2 << 62):032x}"
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

    def family_name(self) -> str:
        """A surname that no family has."""
        return self._rng.choice(FAMILIES)

    def child_name(self, sex: Sex, family: str) -> PersonName:
        """A child's name."""
        return PersonName(given=self._rng.choice(GIRLS if sex == "female" else BOYS), family=family)

    def adult_name(self, family: str | None = None) -> PersonName:
        """An adult's name."""
        return PersonName(given=self._rng.choice(ADULTS), family=family or self.family_name())

    def nhs_number(self) -> str:
        """A valid number of the test range, 999 000 0000 to 999 999 9999."""
        while True:
            body = f"999{self._rng.randrange(1_000_000):06}"
            check = nhs_check_digit(body)
            if check is not None:
                return f"{body}{check}"

    def upn(self, school: School, joined: date) -> str:
        """A valid UPN that a school gave a pupil when the pupil joined."""
        tail = f"{school.number}{joined.year % 100:02}{self._rng.randrange(1, 1000):03}"
        return upn_check_letter(tail) + tail

    def temporary_upn(self, upn: str) -> str:
        """Another number with a letter at its end: a temporary one."""
        tail = upn[1:12] + self._rng.choice(UPN_LETTERS.replace(upn[12], ""))
        return upn_check_letter(tail) + tail

    def home(self, near: School | None) -> Address:
        """An invented street in a real postcode district; the rest is no postcode: none has a V there."""
        street = f"{self._rng.randrange(1, 199)} {self._rng.choice(STREETS)}"
        if near is None:
            return Address(lines=(street,))
        return Address(lines=(street,), postcode=f"{near.postcode.split(' ')[0]} 9VV")

    def language(self) -> LanguageNeeds:
        """How to speak with a child."""
        if self._rng.random() < 0.08:
            return LanguageNeeds(
                first=self._rng.choice(("pl", "ar", "so", "bn", "bfi")), preferred="en", interpreter_needed=True
            )
        if self._rng.random() < 0.35:
            return LanguageNeeds(first="cy", preferred="cy")
        return LanguageNeeds(first="en", preferred=self._rng.choice(("en", "cy-and-en", None)))

    def telephone(self) -> str:
        """In the block 029 2018 0xxx, which Ofcom keeps for drama."""
        return f"029 2018 0{self._rng.randrange(1000):03}"

    def practitioner(self, kind: str) -> Practitioner:
        """Somebody who works for an organisation of a kind."""
        name = self.adult_name()
        return Practitioner(name=f"{name.given} {name.family}", role=ROLES[kind], telephone=self.telephone())

    def coordinator(self) -> Coordinator:
        """A registered social worker who co-ordinates a plan."""
        name = self.adult_name()
        return Coordinator(
            name=f"{name.given} {name.family}",
            team=TEAMS["social-services"][0],
            telephone=self.telephone(),
            registration=f"W/{self._rng.randrange(10_000_000):07}",
        )

    def contact(self, kind: str) -> TeamContact:
        """The team to call."""
        english, welsh = TEAMS[kind]
        own_language: Literal["cy", "en"] = self._rng.choice(("cy", "en"))
        return TeamContact(
            team=welsh if own_language == "cy" else english,
            telephone=self.telephone(),
            out_of_hours_telephone=self.telephone() if kind == "social-services" else None,
            language=own_language,
        )
