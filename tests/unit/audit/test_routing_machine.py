"""Whatever becomes of policy and network, hub and audit tell the same parties the same: a machine edits both.

What the hub refuses to take into force changes nothing, as in service. A rule that was narrowed, an agreement that
ended, an agency that left: each tells nobody who was not told before.
"""

import json
import re
import shutil
import tempfile
from datetime import date, datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule
from pydantic import ValidationError

from contracts.envelope import Event
from contracts.errors import NetworkRefused
from contracts.network import Network
from hub.audit.entitled import entitled
from hub.audit.policy import PACKAGED
from hub.audit.policy import Policy as AuditPolicy
from hub.audit.relations import Case
from hub.audit.shown import Tables
from hub.audit.standing import Standing
from hub.minimise import Views
from hub.names import Names
from hub.policy_file import Policy
from hub.policy_text import PolicyRefused
from hub.route import route
from tests.unit.audit.drawn_events import MOMENTS, events
from tests.unit.policy_cases import DIRECTORY, parsed

NETWORK_FILE = Path(__file__).parents[3] / "deploy" / "networks" / "cardiff-and-vale.toml"
RULES = sorted(file.name for file in (PACKAGED / "rules").glob("*.toml"))
KINDS = ("social-services", "education", "police", "health", "probation", "schools", "third-sector")
LEAVING = ("south-wales-police", "cardiff-and-vale-health", "wales-probation", "cardiff-education")
ENDS = [date(2025, 8, 31), date(2026, 5, 31), date(2026, 6, 1), date(2030, 8, 31)]


class Routing(RuleBasedStateMachine):
    """One policy and one network, and some events that are put to both evaluations."""

    asked = Bundle("asked")

    @initialize()
    def begin(self):
        self.folder = Path(tempfile.mkdtemp(prefix="dolen-routing-"))
        shutil.copytree(PACKAGED, self.folder / "policy")
        self.network_file = self.folder / "network.toml"
        shutil.copy(NETWORK_FILE, self.network_file)
        self.events: list[tuple[dict, Event, datetime]] = []
        self.told_before: list[set[str]] = []
        self.may_grow = True
        self._take()

    def teardown(self):
        if hasattr(self, "folder"):
            shutil.rmtree(self.folder)

    # -- what is asked

    @rule(event=events(), moment=st.sampled_from(MOMENTS))
    def an_event_comes(self, event, moment):
        try:
            self.events.append((event, parsed(event), moment))
        except ValidationError:
            return
        self.told_before.append(self._told(*self.events[-1]))
        self.events, self.told_before = self.events[-6:], self.told_before[-6:]

    # -- what only takes away

    @rule(file=st.sampled_from(RULES), number=st.integers(0, 30), kinds=st.sets(st.sampled_from(KINDS), min_size=1))
    def a_rule_is_narrowed_to_kinds(self, file, number, kinds):
        def narrow(block: str) -> str:
            listed = re.search(r"^kinds = \[(.*)\]$", block, re.M)
            left = sorted(kinds & set(re.findall(r'"([^"]+)"', listed[1])) if listed else kinds)
            line = f"kinds = {json.dumps(left)}"
            return block if not left else block.replace(listed[0], line) if listed else f"{block.rstrip()}\n{line}\n\n"

        self._edit(Path("rules") / file, "rule", number, narrow)

    @rule(number=st.integers(0, 9), day=st.sampled_from(ENDS))
    def an_agreement_ends_earlier(self, number, day):
        def earlier(block: str) -> str:
            now = date.fromisoformat(re.search(r"^ends = (.*)$", block, re.M)[1])
            return re.sub(r"^ends = .*$", f"ends = {min(now, day)}", block, flags=re.M)

        self._edit(Path("agreements.toml"), "agreement", number, earlier)

    @rule(number=st.integers(0, 9), kind=st.sampled_from(KINDS))
    def a_kind_leaves_an_agreement(self, number, kind):
        self._edit(
            Path("agreements.toml"),
            "agreement",
            number,
            lambda block: re.sub(r"^parties = .*$", lambda line: line[0].replace(f'"{kind}", ', ""), block, flags=re.M),
        )

    @rule(agency=st.sampled_from(LEAVING))
    def an_agency_leaves_the_network(self, agency):
        before = self.network_file.read_text(encoding="utf-8")
        self.network_file.write_text(before.replace(f'  "{agency}",\n', ""), encoding="utf-8")
        try:
            self._take()
        except NetworkRefused:
            self.network_file.write_text(before, encoding="utf-8")
            self._take()

    # -- what may tell others

    @rule(file=st.sampled_from(RULES), number=st.integers(0, 30))
    def a_rule_goes(self, file, number):
        """The next that fits decides then, and may show more."""
        self._edit(Path("rules") / file, "rule", number, lambda block: "", grows=True)

    @rule(file=st.sampled_from(RULES), number=st.integers(0, 30))
    def a_rule_moves_to_the_front(self, file, number):
        path = self.folder / "policy" / "rules" / file
        before = path.read_text(encoding="utf-8")
        head, *blocks = before.split("[[rule]]")
        block = blocks.pop(number % len(blocks))
        self._replace(path, before, "[[rule]]".join([head, block.rstrip() + "\n\n", *blocks]), grows=True)

    @rule()
    def everything_is_as_it_was_packaged(self):
        shutil.rmtree(self.folder / "policy")
        shutil.copytree(PACKAGED, self.folder / "policy")
        shutil.copy(NETWORK_FILE, self.network_file)
        self.may_grow = True
        self._take()

    @invariant()
    def both_tell_the_same_parties_the_same(self):
        for number, (event, model, moment) in enumerate(getattr(self, "events", ())):
            ours = route(model, policy=self.policy, directory=DIRECTORY, network=self.network, on=moment.date())
            case = Case(event["source"], event["data"], self.standing.areas, self.network.parties, self.standing.kinds)
            noon = int((moment + timedelta(hours=12)).timestamp() * 1000)
            theirs = entitled(model, case, self.standing, time_ms=noon)
            assert {d.recipient: tuple(getattr(d, n) for n in theirs[d.recipient]._fields) for d in ours} == {
                party: tuple(decision) for party, decision in theirs.items()
            }
            for decision in (decision for decision in ours if decision.told):
                asked = event["type"], event["data"], decision.view, decision.recipient
                assert self.views.minimise(*asked) == self.tables.data(*asked)
            told = {decision.recipient for decision in ours if decision.told}
            assert self.may_grow or told <= self.told_before[number], "somebody is told by a policy that tells fewer"
            self.told_before[number] = told
        self.may_grow = False

    def _told(self, event: dict, model: Event, moment: datetime) -> set[str]:
        decided = route(model, policy=self.policy, directory=DIRECTORY, network=self.network, on=moment.date())
        return {decision.recipient for decision in decided if decision.told}

    def _edit(self, file: Path, table: str, number: int, change, *, grows: bool = False) -> None:
        path = self.folder / "policy" / file
        before = path.read_text(encoding="utf-8")
        head, *blocks = before.split(f"[[{table}]]")
        number %= len(blocks)
        changed = change(blocks[number])
        blocks[number] = changed
        parts = [head, *(block for block in blocks if block)]
        self._replace(path, before, f"[[{table}]]".join(parts), grows=grows)

    def _replace(self, path: Path, before: str, after: str, *, grows: bool) -> None:
        path.write_text(after, encoding="utf-8")
        try:
            self._take()
        except PolicyRefused:
            path.write_text(before, encoding="utf-8")
            self._take()
        else:
            self.may_grow = self.may_grow or grows

    def _take(self) -> None:
        """Into force, as hub and audit each read it."""
        folder = self.folder / "policy"
        policy, network = Policy.load(DIRECTORY, folder), Network.load(self.network_file, DIRECTORY)
        self.policy, self.network = policy, network
        self.standing = Standing(Names(), {}, DIRECTORY, network, AuditPolicy.read(folder, DIRECTORY))
        assert self.standing.policy.version == policy.version
        self.views, self.tables = Views(policy), Tables(self.standing.policy.views)


Routing.TestCase.settings = settings(
    max_examples=12, stateful_step_count=16, deadline=None, suppress_health_check=list(HealthCheck)
)
TestRouting = Routing.TestCase
