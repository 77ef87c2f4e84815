"""The headers of a good event: hub and audit read the same signature and trace in them, and neither fails."""

from hub.audit.judge import Judge
from hub.audit.source import Record
from hub.pipeline import examine
from tests.unit.audit.hub_in_memory import keys, rules, simulated, standing

RULES = rules()
JUDGE = Judge(standing())
LATER_MS = 2**41
(EVENT,) = simulated(1)


def check(data: bytes) -> None:
    """Lines of `name:value`; `@` stands for the right signature."""
    right = dict(keys().headers(EVENT.agency, EVENT.value))["dolen-signature"]
    lines = (line.partition(b":") for line in data.split(b"\n"))
    headers = tuple((name.decode("utf-8", "replace"), value.replace(b"@", right)) for name, _, value in lines)
    record = Record(EVENT.topic, 0, 0, LATER_MS, EVENT.key, EVENT.value, headers)
    (case,) = examine([record], RULES)
    judged = JUDGE.judge(record)
    if judged.valid != (case.claim is not None):
        raise AssertionError(f"the hub {'took' if case.claim else 'refused'} what the audit judges {set(judged.codes)}")
