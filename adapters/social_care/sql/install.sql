-- Dolen in a case system's own database: schema `dolen`, version 1.
--
-- Run by a database administrator (superuser, or CREATEROLE and CREATE on the database), in the case system's database:
--     psql --file install.sql casesystem
-- It is one transaction. Running it again changes nothing that is there, and brings an older version up to this one.
-- PostgreSQL 14 or later.
--
-- Three roles without a login, all without any right outside the schema:
--     dolen_owner        owns the tables and functions
--     dolen_case_system  may call dolen.send, dolen.answer and dolen.match, and read dolen.sent and dolen.incoming
--     dolen_adapter      may read what is sent and mark it, and add what comes in
-- Grant the last two to the users that the case system and the adapter log in with.

BEGIN;

DO $$
BEGIN
    IF to_regclass('dolen.installed') IS NOT NULL THEN
        IF (SELECT max(version) FROM dolen.installed) > 1 THEN
            RAISE EXCEPTION USING MESSAGE = 'dolen: this database has a later version of the schema',
                HINT = 'Run the install script of the Dolen that you are going to use.';
        END IF;
    END IF;
END $$;

-- Roles belong to the whole cluster: another database may have made them, at this very moment even.
DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['dolen_owner', 'dolen_case_system', 'dolen_adapter'] LOOP
        IF to_regrole(wanted) IS NULL THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL;
            END;
        END IF;
    END LOOP;
    -- An installer that is no superuser hands over only to a role that it is a member of.
    IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        EXECUTE format('GRANT dolen_owner TO %I', current_user);
    END IF;
END $$;

CREATE SCHEMA IF NOT EXISTS dolen;
ALTER SCHEMA dolen OWNER TO dolen_owner;
REVOKE ALL ON SCHEMA dolen FROM PUBLIC;

-- From here on as the owner, whose functions run with its rights: they must not have the installer's.
SET LOCAL ROLE dolen_owner;

CREATE TABLE IF NOT EXISTS dolen.installed (
    version      integer PRIMARY KEY,
    installed_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO dolen.installed (version) VALUES (1) ON CONFLICT DO NOTHING;

-- What `dolen.send` may be given as kind; the adapter keeps it as its mapping file has it.
CREATE TABLE IF NOT EXISTS dolen.kinds (
    kind text PRIMARY KEY
);
INSERT INTO dolen.kinds (kind) VALUES
    ('referral_made'), ('referral_acknowledged'), ('referral_decided'),
    ('strategy_called'), ('strategy_held'), ('strategy_record_shared'),
    ('section_47_started'), ('section_47_concluded'),
    ('conference_booked'), ('conference_held'), ('conference_summary_shared'), ('conference_record_shared'),
    ('core_group_booked'), ('core_group_held'), ('core_group_missed'),
    ('register_added'), ('register_category_changed'), ('register_added_temporarily'), ('register_removed'),
    ('register_enquiry'),
    ('child_moved'), ('school_changed'), ('coordinator_changed'), ('visit_missed'), ('identifier_changed')
ON CONFLICT DO NOTHING;

-- What the case system says. A number of `id` is drawn when `dolen.send` is called, not when its transaction commits:
-- see `dolen.lock_of` for why the order is kept all the same.
CREATE TABLE IF NOT EXISTS dolen.outgoing (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind           text NOT NULL,
    record_id      text NOT NULL,
    record_version integer NOT NULL DEFAULT 1,
    person_id      text,
    case_id        text,
    hub_subject    uuid,
    hub_episode    uuid,
    happened_at    timestamptz NOT NULL,
    document       jsonb NOT NULL,
    line           text GENERATED ALWAYS AS (coalesce('person ' || person_id, 'hub ' || hub_subject::text)) STORED NOT NULL,
    sent_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    sent_by        text NOT NULL DEFAULT session_user,
    status         text NOT NULL DEFAULT 'waiting'
                   CHECK (status IN ('waiting', 'taken', 'accepted', 'rejected', 'untranslatable')),
    status_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    event_id       uuid,
    faults         jsonb,
    CONSTRAINT outgoing_once UNIQUE (kind, record_id, record_version)
);
CREATE INDEX IF NOT EXISTS outgoing_waiting ON dolen.outgoing (line, id) WHERE status = 'waiting';
DROP INDEX IF EXISTS dolen.outgoing_taken;
CREATE INDEX IF NOT EXISTS outgoing_unanswered ON dolen.outgoing (id) WHERE status IN ('taken', 'rejected');
CREATE INDEX IF NOT EXISTS outgoing_event ON dolen.outgoing (event_id);

COMMENT ON TABLE dolen.outgoing IS 'What the case system tells the other agencies; written by dolen.send alone.';
COMMENT ON COLUMN dolen.outgoing.line IS 'Whose order is kept: one person''s records, or the answers about one child.';
COMMENT ON COLUMN dolen.outgoing.status IS 'waiting: for the adapter. taken: on its way, and no longer lost by any crash. accepted: the hub has it. rejected, untranslatable: see faults, mend the record and send the same version again.';
COMMENT ON COLUMN dolen.outgoing.faults IS 'A list of objects: code, path (in the document''s own field names), remedy. Never a value.';

-- Which person another agency means by its reference of a child, once a worker has said so (dolen.match).
CREATE TABLE IF NOT EXISTS dolen.matches (
    hub_sender  text NOT NULL,
    hub_subject uuid NOT NULL,
    person_id   text NOT NULL,
    matched_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    matched_by  text NOT NULL DEFAULT session_user,
    PRIMARY KEY (hub_sender, hub_subject)
);

-- What the other agencies tell.
CREATE TABLE IF NOT EXISTS dolen.incoming (
    number          bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    delivery_id     uuid PRIMARY KEY,
    kind            text NOT NULL,
    sender          text NOT NULL,
    person_id       text,
    outgoing_id     bigint,
    happened_at     timestamptz NOT NULL,
    document        jsonb NOT NULL,
    earlier_missing boolean NOT NULL DEFAULT false,
    hub_event       uuid NOT NULL,
    hub_event_type  text NOT NULL,
    hub_sender      text NOT NULL,
    hub_subject     uuid NOT NULL,
    hub_episode     uuid NOT NULL,
    received_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    answer          text CHECK (answer IN ('opened', 'accepted', 'refused')),
    acknowledged_at timestamptz,
    acknowledged_by text
);
CREATE INDEX IF NOT EXISTS incoming_new ON dolen.incoming (number) WHERE acknowledged_at IS NULL;
CREATE INDEX IF NOT EXISTS incoming_child ON dolen.incoming (hub_sender, hub_subject);

COMMENT ON TABLE dolen.incoming IS 'What other agencies tell; read it in the order of number, answer with dolen.answer.';
COMMENT ON COLUMN dolen.incoming.person_id IS 'Our person, where the sender gave our number or dolen.match was told; else null.';
COMMENT ON COLUMN dolen.incoming.outgoing_id IS 'For what other agencies answer to us: the row of dolen.sent that they answer.';
COMMENT ON COLUMN dolen.incoming.earlier_missing IS 'Earlier events of this sender about this child did not come: mostly not meant for us.';
COMMENT ON COLUMN dolen.incoming.hub_event IS 'How our own records refer to it: {"hub_event": "..."}';
COMMENT ON COLUMN dolen.incoming.hub_episode IS 'Give it to dolen.send for a case that begins with this notification.';

-- The key of a line's advisory lock. A transaction that sends holds it shared until it ends; the adapter takes a line's
-- rows only while it holds it alone, and it never waits for it. So what it takes is all that was begun before: a row
-- whose transaction commits late is not passed by a later one of the same person, and other people's rows go on.
CREATE OR REPLACE FUNCTION dolen.lock_of(line text) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN hashtextextended('dolen ' || line, 0);

-- Say something to the other agencies, in the transaction that changes the case: both are kept or neither is.
-- Answers the number of the row in dolen.sent. The same version of a record can be sent twice and is told once.
CREATE OR REPLACE FUNCTION dolen.send(
    kind           text,
    record_id      text,
    person_id      text,
    case_id        text,
    document       jsonb,
    happened_at    timestamptz DEFAULT now(),
    record_version integer DEFAULT 1,
    hub_episode    uuid DEFAULT NULL
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM dolen.kinds AS known WHERE known.kind = send.kind) THEN
        RAISE EXCEPTION USING ERRCODE = 'DL001', COLUMN = 'kind', MESSAGE = 'dolen.send: unknown kind of record',
            HINT = 'dolen.kinds lists those that the mapping file has.';
    END IF;
    PERFORM dolen.check_id('record_id', send.record_id);
    PERFORM dolen.check_id('person_id', send.person_id);
    PERFORM dolen.check_id('case_id', send.case_id);
    IF send.record_version IS NULL OR send.record_version < 1 THEN
        RAISE EXCEPTION USING ERRCODE = 'DL002', COLUMN = 'record_version',
            MESSAGE = 'dolen.send: record_version is a number from 1',
            HINT = 'Count the version up with each change that the other agencies must learn of.';
    END IF;
    IF send.document IS NULL OR jsonb_typeof(send.document) <> 'object' THEN
        RAISE EXCEPTION USING ERRCODE = 'DL003', COLUMN = 'document', MESSAGE = 'dolen.send: document is a JSON object',
            HINT = 'Build it with jsonb_build_object.';
    END IF;
    IF octet_length(send.document::text) > 262144 THEN
        RAISE EXCEPTION USING ERRCODE = 'DL003', COLUMN = 'document', MESSAGE = 'dolen.send: document is over 256 KiB',
            HINT = 'Point to long documents by number instead of sending them.';
    END IF;
    IF send.happened_at IS NULL OR send.happened_at > clock_timestamp() + interval '5 minutes' THEN
        RAISE EXCEPTION USING ERRCODE = 'DL004', COLUMN = 'happened_at',
            MESSAGE = 'dolen.send: happened_at is missing or in the future',
            HINT = 'Say what has happened; a booking happens when it is made. Check the clock and the time zone.';
    END IF;
    RETURN dolen.put(send.kind, send.record_id, send.record_version, send.person_id, send.case_id, NULL,
        send.hub_episode, send.happened_at, send.document);
END $$;

COMMENT ON FUNCTION dolen.send IS 'Tell the other agencies, inside the transaction that changes the case.';

-- Say that a notification was opened, taken on by a team, or refused; the sender is told. Twice is once.
CREATE OR REPLACE FUNCTION dolen.answer(
    delivery_id uuid,
    answer      text,
    role        text,
    team        text DEFAULT NULL,
    reason      text DEFAULT NULL,
    explanation text DEFAULT NULL,
    language    text DEFAULT NULL
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    told  dolen.incoming;
    moment text := to_char(transaction_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"');
    said  jsonb;
BEGIN
    SELECT * INTO told FROM dolen.incoming AS known WHERE known.delivery_id = answer.delivery_id FOR UPDATE;
    IF NOT FOUND OR told.hub_event_type LIKE 'wales.child-protection.receipts.%' THEN
        RAISE EXCEPTION USING ERRCODE = 'DL006', COLUMN = 'delivery_id',
            MESSAGE = 'dolen.answer: there is no such notification to answer',
            HINT = 'Use delivery_id of dolen.incoming; what is itself an answer is not answered.';
    END IF;
    IF answer.role IS NULL OR answer.answer IS NULL OR answer.answer NOT IN ('opened', 'accepted', 'refused')
        OR (answer.answer = 'accepted') <> (answer.team IS NOT NULL)
        OR (answer.answer = 'refused') <> (answer.reason IS NOT NULL) THEN
        RAISE EXCEPTION USING ERRCODE = 'DL007', COLUMN = 'answer',
            MESSAGE = 'dolen.answer: opened (role), accepted (role, team) or refused (role, reason)',
            HINT = 'Give the role of whoever answers, and no more than the answer asks for.';
    END IF;
    said := jsonb_build_object('notification_id', told.delivery_id, 'about_agency', told.hub_sender,
        'about_event', told.hub_event, 'about_event_type', told.hub_event_type);
    CASE answer.answer
        WHEN 'opened' THEN
            said := said || jsonb_build_object('opened_at', moment, 'job_title', answer.role);
        WHEN 'accepted' THEN
            said := said || jsonb_build_object('accepted_at', moment, 'job_title', answer.role, 'team_name', answer.team);
        WHEN 'refused' THEN
            said := said || jsonb_build_object('refused_at', moment, 'reason', answer.reason);
            IF answer.explanation IS NOT NULL THEN
                said := said || jsonb_build_object('explanation', CASE WHEN answer.language IS NULL
                    THEN to_jsonb(answer.explanation)
                    ELSE jsonb_build_object('text', answer.explanation, 'language', answer.language) END);
            END IF;
    END CASE;
    UPDATE dolen.incoming AS known
        SET answer = answer.answer, acknowledged_at = clock_timestamp(), acknowledged_by = answer.role
        WHERE known.delivery_id = told.delivery_id;
    RETURN dolen.put('answer_' || answer.answer, told.delivery_id::text, 1, NULL, NULL, told.hub_subject,
        told.hub_episode, transaction_timestamp(), said);
END $$;

COMMENT ON FUNCTION dolen.answer IS 'Tell the sender that a notification was opened, accepted or refused.';

-- Say which of our people a notification is about: it and all of that sender's about the same child carry the number.
CREATE OR REPLACE FUNCTION dolen.match(delivery_id uuid, person_id text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    told    dolen.incoming;
    changed bigint;
BEGIN
    PERFORM dolen.check_id('person_id', match.person_id);
    SELECT * INTO told FROM dolen.incoming AS known WHERE known.delivery_id = match.delivery_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'DL006', COLUMN = 'delivery_id',
            MESSAGE = 'dolen.match: there is no such notification', HINT = 'Use delivery_id of dolen.incoming.';
    END IF;
    INSERT INTO dolen.matches AS known (hub_sender, hub_subject, person_id)
        VALUES (told.hub_sender, told.hub_subject, match.person_id)
        ON CONFLICT ON CONSTRAINT matches_pkey DO UPDATE
        SET person_id = excluded.person_id, matched_at = excluded.matched_at, matched_by = excluded.matched_by;
    UPDATE dolen.incoming AS known SET person_id = match.person_id
        WHERE known.hub_sender = told.hub_sender AND known.hub_subject = told.hub_subject;
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
END $$;

COMMENT ON FUNCTION dolen.match IS 'Say which of our people another agency means; answers how many notifications carry it now.';

-- Delete what is over and done with: a child's data need not stay here once the case system has it.
CREATE OR REPLACE FUNCTION dolen.clear(older_than interval) RETURNS bigint
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    WITH sent AS (
        DELETE FROM dolen.outgoing WHERE status = 'accepted' AND status_at < now() - older_than RETURNING 1
    ), told AS (
        DELETE FROM dolen.incoming WHERE acknowledged_at < now() - older_than RETURNING 1
    )
    SELECT (SELECT count(*) FROM sent) + (SELECT count(*) FROM told)
$$;

COMMENT ON FUNCTION dolen.clear IS 'Delete accepted rows and acknowledged notifications that are older; for the administrator.';

-- The parts of the functions above; nobody else may call them.
CREATE OR REPLACE FUNCTION dolen.check_id(name text, value text) RETURNS void
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF value IS NULL OR value !~ '^[^[:cntrl:][:space:]]([^[:cntrl:]]{0,62}[^[:cntrl:][:space:]])?$' THEN
        RAISE EXCEPTION USING ERRCODE = 'DL002', COLUMN = name,
            MESSAGE = format('dolen: %s is a number of the case system, 1 to 64 characters', name),
            HINT = 'Give the number by which the case system knows it, without spaces around it.';
    END IF;
END $$;

CREATE OR REPLACE FUNCTION dolen.put(
    kind           text,
    record_id      text,
    record_version integer,
    person_id      text,
    case_id        text,
    hub_subject    uuid,
    hub_episode    uuid,
    happened_at    timestamptz,
    document       jsonb
) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    known dolen.outgoing;
    made  bigint;
BEGIN
    -- Before a number is drawn: see dolen.lock_of. The first expression of the column `line`.
    PERFORM pg_advisory_xact_lock_shared(
        dolen.lock_of(coalesce('person ' || put.person_id, 'hub ' || put.hub_subject::text)));
    INSERT INTO dolen.outgoing (kind, record_id, record_version, person_id, case_id, hub_subject, hub_episode,
            happened_at, document)
        VALUES (put.kind, put.record_id, put.record_version, put.person_id, put.case_id, put.hub_subject,
            put.hub_episode, put.happened_at, put.document)
        ON CONFLICT ON CONSTRAINT outgoing_once DO NOTHING
        RETURNING id INTO made;
    IF made IS NULL THEN
        SELECT * INTO STRICT known FROM dolen.outgoing AS row WHERE row.kind = put.kind
            AND row.record_id = put.record_id AND row.record_version = put.record_version;
        made := known.id;
        IF put.hub_subject IS NOT NULL OR (known.person_id, known.case_id, known.document)
                = (put.person_id, put.case_id, put.document)
            AND (known.hub_episode IS NOT DISTINCT FROM put.hub_episode)
            AND known.status NOT IN ('rejected', 'untranslatable') THEN
            RETURN made;
        END IF;
        IF known.status NOT IN ('rejected', 'untranslatable') OR known.person_id <> put.person_id THEN
            RAISE EXCEPTION USING ERRCODE = 'DL005', COLUMN = 'record_version',
                MESSAGE = 'dolen.send: this version of the record was sent with other content',
                HINT = 'Count record_version up: what was sent can be added to and not taken back.';
        END IF;
        UPDATE dolen.outgoing AS row
            SET case_id = put.case_id, hub_episode = put.hub_episode, happened_at = put.happened_at,
                document = put.document, status = 'waiting', status_at = clock_timestamp(), faults = NULL
            WHERE row.id = known.id;
    END IF;
    -- For applications that use two-phase commit, which does not go together with NOTIFY, the administrator says
    -- ALTER ROLE ... SET dolen.notify = 'off': the adapter then looks for itself, every few seconds.
    IF current_setting('dolen.notify', true) IS DISTINCT FROM 'off' THEN
        PERFORM pg_notify('dolen_outgoing', '');
    END IF;
    RETURN made;
END $$;

-- What became of what was sent, without the documents.
CREATE OR REPLACE VIEW dolen.sent AS
    SELECT id, kind, record_id, record_version, person_id, case_id, happened_at, sent_at, sent_by, status, status_at,
        event_id, faults
    FROM dolen.outgoing;

COMMENT ON VIEW dolen.sent IS 'What became of each record that was sent: status, and faults with a path and a remedy.';

REVOKE ALL ON ALL TABLES IN SCHEMA dolen FROM PUBLIC, dolen_case_system, dolen_adapter;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA dolen FROM PUBLIC, dolen_case_system, dolen_adapter;
GRANT USAGE ON SCHEMA dolen TO dolen_case_system, dolen_adapter;

GRANT SELECT ON dolen.sent, dolen.incoming, dolen.kinds TO dolen_case_system;
GRANT EXECUTE ON FUNCTION dolen.send, dolen.answer, dolen.match TO dolen_case_system;

GRANT SELECT ON dolen.installed, dolen.outgoing, dolen.incoming, dolen.matches TO dolen_adapter;
GRANT UPDATE (status, status_at, event_id, faults) ON dolen.outgoing TO dolen_adapter;
GRANT INSERT ON dolen.incoming TO dolen_adapter;
GRANT SELECT, INSERT, DELETE ON dolen.kinds TO dolen_adapter;
GRANT EXECUTE ON FUNCTION dolen.lock_of TO dolen_adapter;

COMMIT;
