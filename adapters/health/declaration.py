"""What the health boards' adapter is, readable without reading its code."""

from adapters.health.collected import Collected
from adapters.health.edge import HealthEdge
from adapters.health.inbound import to_event
from adapters.health.outbound import Native, to_native
from adapters.health.settings import Settings
from adapters.sdk.declaration import Declaration
from contracts.kinds import Kind
from contracts.topics import Family

DECLARATION: Declaration[Collected, Native] = Declaration(
    name="health",
    owner="Dolen integration team",
    title_en="Health boards: FHIR R4 over HTTPS",
    title_cy="Byrddau iechyd: FHIR R4 dros HTTPS",
    kinds=frozenset({Kind.HEALTH}),
    publishes=frozenset({Family.REFERRALS, Family.REGISTER_CHANGES, Family.CIRCUMSTANCES, Family.RECEIPTS}),
    subscribes=frozenset(Family),
    to_event=to_event,
    to_native=to_native,
    settings=Settings,
    open=HealthEdge,
)
