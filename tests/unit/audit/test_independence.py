"""An audit that shared code with the hub could not find what is wrong there."""

import ast
from collections.abc import Iterator
from pathlib import Path

import hub.audit

OF_THE_HUB = {"hub.names", "hub.settings", "hub.errors"}
NOT_OF_THE_LANGUAGE = {"contracts.headers", "contracts.identity"}


def imported() -> Iterator[str]:
    for file in Path(hub.audit.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield node.module or ""


def test_the_audit_knows_the_hubs_names_settings_and_errors_and_nothing_else_of_it():
    ours = {name for name in imported() if name.startswith("hub") and not name.startswith("hub.audit")}
    assert ours <= OF_THE_HUB


def test_the_audit_works_out_signatures_and_ids_by_itself():
    assert not NOT_OF_THE_LANGUAGE & set(imported())


def test_the_audit_reads_kafka_with_another_client_than_the_hub():
    assert not any(name.startswith("aiokafka") for name in imported())
