-- Takes schema `dolen` out of the case system's database, with all that is in it: see first that nothing waits
-- (SELECT status, count(*) FROM dolen.sent GROUP BY status), and end the adapter.
--     psql --file uninstall.sql casesystem
-- It is one transaction; running it again changes nothing. Roles that another database still uses stay.

BEGIN;

DROP SCHEMA IF EXISTS dolen CASCADE;

DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['dolen_case_system', 'dolen_adapter', 'dolen_owner'] LOOP
        IF to_regrole(wanted) IS NOT NULL THEN
            BEGIN
                EXECUTE format('DROP ROLE %I', wanted);
            EXCEPTION WHEN dependent_objects_still_exist THEN
                RAISE NOTICE 'dolen: role % stays, since another database uses it', wanted;
            END;
        END IF;
    END LOOP;
END $$;

COMMIT;
