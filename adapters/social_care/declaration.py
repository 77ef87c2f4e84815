"""The declaration of the adapter for a children's case system."""

from adapters.sdk.declaration import Declaration
from adapters.social_care.edge import SocialCareEdge
from adapters.social_care.inbound import to_event
from adapters.social_care.native import Notice, Row
from adapters.social_care.outbound import to_native
from adapters.social_care.settings import SocialCareSettings
from contracts.kinds import Kind
from contracts.topics import Family

DECLARATION: Declaration[Row, Notice] = Declaration(
    name="social_care",
    owner="Dolen",
    title_en="Children's case system (PostgreSQL)",
    title_cy="System achosion plant (PostgreSQL)",
    kinds=frozenset({Kind.SOCIAL_SERVICES}),
    publishes=frozenset(Family) - {Family.NOTICES},
    subscribes=frozenset(Family),
    to_event=to_event,
    to_native=to_native,
    settings=SocialCareSettings,
    open=SocialCareEdge,
)
