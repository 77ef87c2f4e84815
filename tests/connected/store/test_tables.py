"""The tables that the migrations make are those that the program writes and reads."""

import threading

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from hub.errors import StartRefused, Unavailable
from hub.settings import DatabaseSettings, load_settings
from hub.store.database import connect, reading, writing
from hub.store.migrate import migrate, newest, version
from hub.store.months import Month, drop_before, make_months, month_of, months_made
from hub.store.tables import metadata

pytestmark = pytest.mark.connected


def test_migrating_from_nothing_makes_the_declared_tables(engine):
    with reading(engine) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        assert version(connection) == newest(connection)


def test_several_that_start_at_once_migrate_once(database_settings):
    failed = []

    def start() -> None:
        own = connect(database_settings)
        try:
            with writing(own) as connection:
                migrate(connection)
        except Exception as failure:
            failed.append(failure)
        finally:
            own.dispose()

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def test_a_database_of_a_newer_program_is_refused(engine):
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StartRefused, match="newer than this program"), writing(engine) as connection:
        migrate(connection)


def test_a_database_that_is_away_is_unavailable_and_its_password_is_in_no_message():
    url = "postgresql://dolen:s3cr3t@127.0.0.1:1/dolen"
    engine = connect(load_settings(database=DatabaseSettings.model_validate({"url": url})))
    with pytest.raises(Unavailable) as failure, reading(engine):
        pass
    assert "s3cr3t" not in str(failure.value)


def test_no_database_named_says_how_to_get_one():
    with pytest.raises(StartRefused, match="dolen up"):
        connect(load_settings(database=DatabaseSettings(url=None)))


def test_a_month_holds_its_first_moment_and_not_its_end():
    december = Month(2026, 12)
    assert december.later(1) == Month(2027, 1)
    assert december.later(-12) == Month(2025, 12)
    assert month_of(december.start_ms) == december
    assert month_of(december.later(1).start_ms - 1) == december


def test_months_are_made_once_and_those_past_their_time_are_dropped(engine):
    months = [Month(2026, 10), Month(2026, 11), Month(2026, 11)]
    with writing(engine) as connection:
        make_months(connection, months)
        make_months(connection, months)
        connection.execute(
            text(
                "INSERT INTO flow VALUES (:old, 'notices', 'accepted', 1, 1, 0), (:new, 'notices', 'accepted', 1, 1, 0)"
            ),
            {"old": Month(2026, 11).start_ms - 60_000, "new": Month(2026, 11).start_ms},
        )
    with writing(engine) as connection:
        assert months_made(connection) == {Month(2026, 10), Month(2026, 11)}
        assert drop_before(connection, Month(2026, 11)) == [Month(2026, 10)]
    with reading(engine) as connection:
        assert months_made(connection) == {Month(2026, 11)}
        assert connection.execute(text("SELECT minute_ms FROM flow")).scalars().all() == [Month(2026, 11).start_ms]
