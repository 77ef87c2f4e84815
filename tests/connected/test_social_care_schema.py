"""The schema in the case system's database: what it takes, whom it lets do what, and that it goes without a trace."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import errors

from adapters.social_care.dictionary import dictionary
from tests.connected.case_system import INSTALL, SEND, UNINSTALL, CaseSystem, case_system
from tests.servers import Servers

pytestmark = pytest.mark.connected

FIXTURES = Path(__file__).parents[2] / "adapters" / "social_care" / "fixtures"
MOVED = json.loads((FIXTURES / "inbound" / "child-moved.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def installed(servers: Servers) -> Iterator[CaseSystem]:
    with case_system(servers.endpoints.database_url) as made:
        yield made


@pytest.fixture
def case(installed: CaseSystem) -> CaseSystem:
    """One database for all tests that leave the schema as it is; each begins with empty tables."""
    installed.empty()
    return installed


@pytest.fixture
def own_case(servers: Servers) -> Iterator[CaseSystem]:
    with case_system(servers.endpoints.database_url) as made:
        yield made


@pytest.fixture
def application(case: CaseSystem) -> Iterator["psycopg.Connection[Any]"]:
    with case.connect(case.application) as connection:
        yield connection


def row(**changed: Any) -> dict[str, Any]:
    """What `dolen.send` is given."""
    made = MOVED | changed
    return made | {"document": json.dumps(made["document"])}


def test_what_is_sent_is_kept_with_the_social_workers_own_change_or_not_at_all(case: CaseSystem) -> None:
    with case.connect(case.application, autocommit=False) as connection:
        connection.execute("INSERT INTO cases VALUES ('CAS-1', 'moved')")
        connection.execute(SEND, row(record_id="1"))
        connection.rollback()
        connection.execute("INSERT INTO cases VALUES ('CAS-2', 'moved')")
        connection.execute(SEND, row(record_id="2"))
        connection.commit()
    assert case.ask("SELECT case_id FROM cases") == [("CAS-2",)]
    assert case.ask("SELECT record_id, status FROM dolen.sent") == [("2", "waiting")]


def test_the_same_version_of_a_record_is_sent_once_and_with_other_content_not_at_all(
    case: CaseSystem, application: "psycopg.Connection[Any]"
) -> None:
    first = application.execute(SEND, row()).fetchone()
    assert application.execute(SEND, row()).fetchone() == first
    with pytest.raises(psycopg.Error) as refused:
        application.execute(SEND, row(case_id="CAS-OTHER"))
    assert refused.value.sqlstate == "DL005"
    assert application.execute(SEND, row(case_id="CAS-OTHER", record_version=2)).fetchone() != first
    assert case.ask("SELECT count(*) FROM dolen.outgoing") == [(2,)]


@pytest.mark.parametrize(
    ("changed", "state", "column"),
    [
        ({"kind": "case_closed"}, "DL001", "kind"),
        ({"kind": "police_notice"}, "DL001", "kind"),
        ({"kind": "answer_opened"}, "DL001", "kind"),
        ({"record_id": ""}, "DL002", "record_id"),
        ({"person_id": " P1"}, "DL002", "person_id"),
        ({"case_id": None}, "DL002", "case_id"),
        ({"person_id": "P" * 65}, "DL002", "person_id"),
        ({"record_version": 0}, "DL002", "record_version"),
        ({"document": ["Mali"]}, "DL003", "document"),
        ({"document": {"concern": "x" * 262_144}}, "DL003", "document"),
        ({"happened_at": "2999-01-01T00:00:00+00:00"}, "DL004", "happened_at"),
    ],
)
def test_what_can_be_seen_at_once_is_refused_at_once_and_no_value_is_shown(
    application: "psycopg.Connection[Any]", changed: dict[str, Any], state: str, column: str
) -> None:
    with pytest.raises(psycopg.Error) as refused:
        application.execute(SEND, row(**changed))
    said = refused.value.diag
    assert (said.sqlstate, said.column_name) == (state, column)
    assert said.message_hint
    assert "Mali" not in str(refused.value)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT document FROM dolen.outgoing",
        "INSERT INTO dolen.outgoing (kind, record_id, person_id, happened_at, document) "
        "VALUES ('child_moved', '1', 'P1', now(), '{}')",
        "UPDATE dolen.outgoing SET status = 'accepted'",
        "DELETE FROM dolen.outgoing",
        "UPDATE dolen.incoming SET document = '{}'",
        "DELETE FROM dolen.incoming",
        "INSERT INTO dolen.kinds VALUES ('anything')",
        "SELECT dolen.put('child_moved', '1', 1, 'P1', 'C1', NULL, NULL, now(), '{}')",
        "SELECT dolen.clear('0 days')",
        "CREATE TABLE dolen.mine ()",
        "SELECT * FROM dolen.matches",
        "SELECT * FROM dolen_adapter.outbox",
    ],
)
def test_the_case_system_may_send_answer_and_read_and_nothing_else(
    case: CaseSystem, application: "psycopg.Connection[Any]", statement: str
) -> None:
    with pytest.raises((errors.InsufficientPrivilege, errors.UndefinedTable)) as refused:
        application.execute(statement.encode())
    assert isinstance(refused.value, errors.InsufficientPrivilege) or "dolen_adapter" in statement


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM cases",
        "UPDATE dolen.outgoing SET document = '{}'",
        "INSERT INTO dolen.outgoing (kind, record_id, person_id, happened_at, document) "
        "VALUES ('child_moved', '1', 'P1', now(), '{}')",
        "UPDATE dolen.incoming SET acknowledged_at = now()",
        "DELETE FROM dolen.outgoing",
        "SELECT dolen.send('child_moved', '1', 'P1', 'C1', '{}')",
        "SELECT dolen.answer('1338f11c-3196-5796-9ded-d26e68bf4d52', 'opened', 'manager')",
        "CREATE TABLE dolen.mine ()",
    ],
)
def test_the_adapter_may_mark_and_add_and_speaks_for_nobody(case: CaseSystem, statement: str) -> None:
    with case.connect(case.adapter) as connection, pytest.raises(errors.InsufficientPrivilege):
        connection.execute(statement.encode())


def test_nobody_else_may_even_look(case: CaseSystem) -> None:
    with case.connect(case.administrator) as connection:
        connection.execute("SET ROLE pg_monitor")
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute("SELECT * FROM dolen.sent")


def test_functions_run_with_the_rights_of_an_owner_that_has_none_elsewhere(case: CaseSystem) -> None:
    owners = case.ask("SELECT DISTINCT proowner::regrole::text FROM pg_proc WHERE pronamespace = 'dolen'::regnamespace")
    assert owners == [("dolen_owner",)]
    assert (
        case.ask("SELECT rolcanlogin, rolsuper, rolcreaterole FROM pg_roles WHERE rolname LIKE 'dolen\\_%%'")
        == [(False, False, False)] * 3
    )
    loose = case.ask(
        "SELECT proname FROM pg_proc WHERE pronamespace = 'dolen'::regnamespace AND prosecdef AND proconfig IS NULL"
    )
    assert loose == [], "a function that runs as its owner names the schemas that it looks into"


def test_installing_again_keeps_what_is_there(case: CaseSystem, application: "psycopg.Connection[Any]") -> None:
    application.execute(SEND, row())
    with case.connect(case.administrator) as connection:
        connection.execute(INSTALL.encode())
    assert case.ask("SELECT status FROM dolen.sent") == [("waiting",)]
    assert case.ask("SELECT version FROM dolen.installed") == [(1,)]
    application.execute(SEND, row(record_id="after"))


def test_a_later_schema_is_not_installed_over(own_case: CaseSystem) -> None:
    own_case.ask("INSERT INTO dolen.installed (version) VALUES (2) RETURNING version")
    with own_case.connect(own_case.administrator) as connection, pytest.raises(psycopg.Error, match="later version"):
        connection.execute(INSTALL.encode())


def test_an_administrator_who_is_no_superuser_installs_it(servers: Servers) -> None:
    with case_system(servers.endpoints.database_url, installed=False) as case:
        # The user of the adapter, since it is there and goes away again.
        user = case.ask("SELECT split_part(%s, '@', 1)", case.adapter)[0][0].split("/")[-1].split(":")[0]
        with case.connect(case.administrator) as connection:
            connection.execute(f"ALTER ROLE {user} CREATEROLE".encode())
            connection.execute(f"GRANT CREATE ON DATABASE {user.removesuffix('_adapter')} TO {user}".encode())
            for role in ("dolen_owner", "dolen_case_system", "dolen_adapter"):  # as where it had made them itself
                if connection.execute("SELECT to_regrole(%s)", [role]).fetchone() != (None,):
                    connection.execute(f"GRANT {role} TO {user} WITH ADMIN OPTION".encode())
        with case.connect(case.adapter) as connection:
            connection.execute(INSTALL.encode())
        assert case.ask("SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'dolen'") == [
            ("dolen_owner",)
        ]


def test_uninstalling_leaves_nothing_of_it_and_can_be_repeated(own_case: CaseSystem) -> None:
    with own_case.connect(own_case.administrator) as connection:
        connection.execute(UNINSTALL.encode())
        connection.execute(UNINSTALL.encode())
    assert own_case.ask("SELECT to_regnamespace('dolen')") == [(None,)]
    assert own_case.ask("SELECT count(*) FROM cases") == [(0,)]
    with own_case.connect(own_case.administrator) as connection:
        connection.execute(INSTALL.encode())


def test_the_script_names_the_kinds_of_the_packaged_mapping() -> None:
    listed = INSTALL.partition("INSERT INTO dolen.kinds")[2].partition("ON CONFLICT")[0]
    assert re.findall(r"\('([a-z0-9_]+)'\)", listed) == [
        kind for kind, entry in dictionary().by_kind.items() if entry.is_sent
    ]


def test_what_is_done_with_can_be_cleared_and_what_waits_cannot(
    case: CaseSystem, application: "psycopg.Connection[Any]"
) -> None:
    application.execute(SEND, row(record_id="1"))
    application.execute(SEND, row(record_id="2"))
    case.ask("UPDATE dolen.outgoing SET status = 'accepted' WHERE record_id = '1' RETURNING 1")
    assert case.ask("SELECT dolen.clear('-1 second')") == [(1,)]
    assert case.ask("SELECT record_id FROM dolen.sent") == [("2",)]
