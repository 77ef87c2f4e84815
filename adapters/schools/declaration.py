"""The schools' portal as an adapter."""

from adapters.schools.edge import SchoolsEdge
from adapters.schools.inbound import to_event
from adapters.schools.native import Answered
from adapters.schools.notice import Notice
from adapters.schools.outbound import to_native
from adapters.schools.settings import SchoolsSettings
from adapters.sdk.declaration import Declaration
from contracts.kinds import Kind
from contracts.topics import Family

DECLARATION: Declaration[Answered, Notice] = Declaration(
    name="schools",
    owner="the hub's operator, for the education departments of the authorities",
    title_en="The schools' portal",
    title_cy="Porth yr ysgolion",
    kinds=frozenset({Kind.SCHOOLS, Kind.EDUCATION}),
    publishes=frozenset({Family.RECEIPTS}),
    subscribes=frozenset(Family) - {Family.RECEIPTS},
    to_event=to_event,
    to_native=to_native,
    settings=SchoolsSettings,
    open=SchoolsEdge,
)
