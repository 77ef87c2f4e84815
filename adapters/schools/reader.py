"""Who is looking, and for whom: what every query of the store is narrowed to."""

from dataclasses import dataclass

from adapters.schools.roles import SCHOOL_ROLES, Role


@dataclass(frozen=True, slots=True, order=True)
class Right:
    """What one person is at one school or education desk."""

    party: str
    role: Role


@dataclass(frozen=True, slots=True)
class Reader:
    """A person who is signed in."""

    id: str
    subject: str
    """`sub` at the identity provider: the only name of a person in an access record."""
    name: str
    language: str | None
    """Chosen by the person; None: the school's is shown."""
    rights: tuple[Right, ...]

    @property
    def parties(self) -> tuple[str, ...]:
        """Each school and desk once."""
        return tuple(dict.fromkeys(right.party for right in self.rights))

    @property
    def schools(self) -> tuple[str, ...]:
        """Parties at which the person has a school's role."""
        return tuple(dict.fromkeys(right.party for right in self.rights if right.role in SCHOOL_ROLES))

    @property
    def desks(self) -> tuple[str, ...]:
        """Education desks."""
        return tuple(dict.fromkeys(right.party for right in self.rights if right.role is Role.DESK))

    def role_at(self, party: str) -> Role | None:
        """The first of the roles that the person has there, in the order of their list."""
        found = {right.role for right in self.rights if right.party == party}
        return next((role for role in Role if role in found), None)
