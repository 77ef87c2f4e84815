"""What this adapter is, readable without reading its code."""

from adapters.sdk.declaration import Declaration
from adapters.sdk.template.edge import FolderEdge
from adapters.sdk.template.inbound import to_event
from adapters.sdk.template.native import ChangeOfAddress, Letter
from adapters.sdk.template.outbound import to_native
from adapters.sdk.template.settings import Settings
from contracts.kinds import Kind
from contracts.topics import Family

DECLARATION: Declaration[ChangeOfAddress, Letter] = Declaration(
    name="template",
    owner="The team that keeps this adapter",
    title_en="A case system that exchanges JSON files",
    title_cy="System achosion sy'n cyfnewid ffeiliau JSON",
    kinds=frozenset({Kind.PROBATION}),
    publishes=frozenset({Family.CIRCUMSTANCES}),
    subscribes=frozenset(Family),
    to_event=to_event,
    to_native=to_native,
    settings=Settings,
    open=FolderEdge,
)
