"""The adapter of the police: public protection notices by file drop."""

from adapters.police.edge import PoliceEdge
from adapters.police.inbound import to_event
from adapters.police.native import NotificationFile
from adapters.police.notice import PublicProtectionNotice
from adapters.police.outbound import to_native
from adapters.police.settings import PoliceSettings
from adapters.sdk.declaration import Declaration
from contracts.kinds import POLICE_ALONE
from contracts.topics import Family

DECLARATION: Declaration[PublicProtectionNotice, NotificationFile] = Declaration(
    name="police",
    owner="Dolen team",
    title_en="Police: public protection notices by file drop",
    title_cy="Yr heddlu: hysbysiadau diogelu'r cyhoedd drwy ollwng ffeiliau",
    kinds=POLICE_ALONE,
    publishes=frozenset({Family.REFERRALS, Family.NOTICES, Family.CIRCUMSTANCES, Family.REGISTER_CHANGES}),
    subscribes=frozenset(Family),
    to_event=to_event,
    to_native=to_native,
    settings=PoliceSettings,
    open=PoliceEdge,
)
