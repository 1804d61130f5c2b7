-- Versions of resources, made in the transaction of the change.
--
-- One transaction makes at most one version of a resource, and none when what it shows
-- did not change. Versions carry a tick: microseconds since 1970, rising in the order in
-- which they were made, also when the clock of the machine goes back. A writer says
-- when it began; so a reader knows up to which tick no version can still appear: the
-- horizon. See docs/adr/0012.

CREATE SEQUENCE fhir_clock AS bigint;

-- 1152921504606846976 = 2^60: marks our advisory locks; below it lies the tick.
CREATE FUNCTION fhir_tick() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  tick bigint;
  writer text := pg_current_xact_id()::text;
BEGIN
  IF current_setting('wijkspil.fhir_writer', true) IS DISTINCT FROM writer THEN
    SELECT last_value INTO tick FROM fhir_clock;
    PERFORM pg_advisory_xact_lock_shared(1152921504606846976 + tick);
    PERFORM set_config('wijkspil.fhir_writer', writer, true);
  END IF;
  -- One at a time, and only for this moment: leaving the block by an exception rolls
  -- it back, and with it the lock; what a sequence was set to stays.
  BEGIN
    PERFORM pg_advisory_xact_lock(1152921504606846976 * 2);
    SELECT greatest(
      last_value + 1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint
    ) INTO tick FROM fhir_clock;
    PERFORM setval('fhir_clock', tick);
    RAISE EXCEPTION USING errcode = 'WJ001';
  EXCEPTION WHEN SQLSTATE 'WJ001' THEN
    NULL;
  END;
  RETURN tick;
END $$;

CREATE FUNCTION fhir_horizon() RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  newest bigint;
  oldest_writer bigint;
BEGIN
  -- In this order: who begins to write after the first line gets a later tick.
  SELECT last_value INTO newest FROM fhir_clock;
  SELECT min((((classid::bigint) << 32) | objid::bigint) - 1152921504606846976)
    INTO oldest_writer
    FROM pg_locks
   WHERE locktype = 'advisory' AND objsubid = 1 AND mode = 'ShareLock'
     AND pid <> pg_backend_pid()  -- what we wrote ourselves we see
     AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
     AND (classid::bigint >> 28) = 1;
  RETURN least(newest, oldest_writer);
END $$;

-- The horizon, the newest tick, and how many versions are not rendered (counted to
-- ``up_to``). In this order: each line sees what was committed before it.
CREATE FUNCTION fhir_catch_up(
  up_to bigint, OUT horizon bigint, OUT newest bigint, OUT pending bigint
) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  horizon := fhir_horizon();
  SELECT last_value INTO newest FROM fhir_clock;
  SELECT count(*) INTO pending FROM (
    SELECT 1 FROM fhir_version v WHERE v.body IS NULL AND v.tick <= newest LIMIT up_to
  ) waiting;
END $$;

-- Make versions of resources whose source changed. ``view`` names a view with
-- (own_id, type, fhir_id, source). A bulk load is planned by tables that it has just
-- filled itself, of which nothing is known yet: it would compare each row with each.
-- Therefore they are counted first, and what the view gives is put in arrays.
CREATE FUNCTION fhir_publish(view text, ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  now_tick bigint;
  own_ids bigint[];
  types text[];
  fhir_ids text[];
  sources jsonb[];
BEGIN
  IF ids IS NULL OR cardinality(ids) = 0 THEN
    RETURN;
  END IF;
  IF cardinality(ids) >= 2000 THEN
    ANALYZE directory_area, directory_organization, directory_healthcareservice,
            directory_contactpoint, directory_coverage, directory_capacityreport,
            directory_capacityreservation, fhir_fedelements, fhir_resource;
  END IF;
  EXECUTE format(
    'SELECT array_agg(s.own_id), array_agg(s.type), array_agg(s.fhir_id)
       FROM (SELECT own_id, type, fhir_id FROM %I WHERE own_id = ANY($1)
              ORDER BY type, fhir_id) s', view)
    INTO own_ids, types, fhir_ids USING ids;
  IF own_ids IS NULL THEN
    RETURN;
  END IF;
  EXECUTE
    'INSERT INTO fhir_resource (type, fhir_id, own_id, version, transaction, digest, tick)
     SELECT s.type, s.fhir_id, s.own_id, 0, 0, '''', 0
       FROM unnest($1, $2, $3) AS s (own_id, type, fhir_id)
     ON CONFLICT (type, fhir_id) DO NOTHING' USING own_ids, types, fhir_ids;
  -- Wait for whoever publishes the same; then look at what is there now.
  EXECUTE
    'SELECT 1 FROM fhir_resource r JOIN unnest($1, $2) AS s (type, fhir_id)
         USING (type, fhir_id)
      ORDER BY r.type, r.fhir_id FOR UPDATE OF r' USING types, fhir_ids;
  now_tick := fhir_tick();
  FOR place IN 1 .. cardinality(ids) BY 1000 LOOP
    EXECUTE format(
      'SELECT array_agg(s.own_id), array_agg(s.type), array_agg(s.fhir_id),
              array_agg(s.source)
         FROM %I s WHERE s.own_id = ANY($1)', view)
      INTO own_ids, types, fhir_ids, sources USING ids[place : place + 999];
    CONTINUE WHEN own_ids IS NULL;
    EXECUTE
      'WITH changed AS (
         UPDATE fhir_resource r
            SET version = r.version + (r.transaction IS DISTINCT FROM $6)::int,
                transaction = $6, digest = md5(s.source::text), tick = $5,
                own_id = s.own_id
           FROM unnest($1, $2, $3, $4) AS s (own_id, type, fhir_id, source)
          WHERE r.type = s.type AND r.fhir_id = s.fhir_id
            AND r.digest <> md5(s.source::text)
         RETURNING r.type, r.fhir_id, r.version, s.source)
       INSERT INTO fhir_version (type, fhir_id, version, tick, source, name)
       SELECT type, fhir_id, version, $5, source, '''' FROM changed
       ON CONFLICT (type, fhir_id, version) DO UPDATE
          SET source = excluded.source, tick = excluded.tick,
              body = NULL, public_body = NULL'
      USING own_ids, types, fhir_ids, sources, now_tick,
            pg_current_xact_id()::text::bigint;
  END LOOP;
END $$;

-- What is gone from the tables stays as an inactive resource.
CREATE FUNCTION fhir_retire(of_type text, ids text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  now_tick bigint;
BEGIN
  PERFORM 1 FROM fhir_resource
    WHERE type = of_type AND fhir_id = ANY(ids) ORDER BY fhir_id FOR UPDATE;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  now_tick := fhir_tick();
  WITH last AS (
    SELECT r.type, r.fhir_id, v.source || '{"removed": true}'::jsonb AS source
      FROM fhir_resource r JOIN fhir_version v USING (type, fhir_id, version)
     WHERE r.type = of_type AND r.fhir_id = ANY(ids)
  ), changed AS (
    UPDATE fhir_resource r
       SET version = r.version
             + (r.transaction IS DISTINCT FROM pg_current_xact_id()::text::bigint)::int,
           transaction = pg_current_xact_id()::text::bigint,
           digest = md5(last.source::text), tick = now_tick, own_id = NULL
      FROM last WHERE r.type = last.type AND r.fhir_id = last.fhir_id
    RETURNING r.type, r.fhir_id, r.version, last.source)
  INSERT INTO fhir_version (type, fhir_id, version, tick, source, name)
  SELECT type, fhir_id, version, now_tick, source, '' FROM changed
  ON CONFLICT (type, fhir_id, version) DO UPDATE
     SET source = excluded.source, tick = excluded.tick,
         body = NULL, public_body = NULL;
END $$;
