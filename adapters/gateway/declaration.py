"""The adapter of agencies with no Kafka of their own: CloudEvents over HTTPS."""

from adapters.gateway.edge import GatewayEdge
from adapters.gateway.inbound import to_event
from adapters.gateway.native import CloudEvent, Mail
from adapters.gateway.outbound import to_native
from adapters.gateway.settings import GatewaySettings
from adapters.sdk.declaration import Declaration
from contracts.kinds import EVERY_AGENCY, Kind
from contracts.topics import Family

DECLARATION: Declaration[CloudEvent, Mail] = Declaration(
    name="gateway",
    owner="Dolen team",
    title_en="Gateway: CloudEvents over HTTPS",
    title_cy="Porth: CloudEvents dros HTTPS",
    kinds=EVERY_AGENCY - {Kind.SCHOOLS},
    publishes=frozenset(Family),
    subscribes=frozenset(Family),
    to_event=to_event,
    to_native=to_native,
    settings=GatewaySettings,
    open=GatewayEdge,
)
