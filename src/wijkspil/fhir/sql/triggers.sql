-- Which resources a change of a table concerns. Statement triggers: loading ten
-- thousand rows publishes once.

CREATE FUNCTION fhir_on_organization() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM fhir_publish('fhir_source_organization', ARRAY(SELECT id FROM new_rows));
  IF TG_OP = 'UPDATE' THEN
    PERFORM fhir_on_services(ARRAY(
      SELECT s.id FROM directory_healthcareservice s
       WHERE s.organization_id IN (SELECT id FROM new_rows)));
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION fhir_on_services(ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM fhir_publish('fhir_source_service', ids);
  PERFORM fhir_publish('fhir_source_location', ids);
END $$;

CREATE FUNCTION fhir_on_service() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM fhir_on_services(ARRAY(SELECT id FROM new_rows));
  RETURN NULL;
END $$;

CREATE FUNCTION fhir_on_part_of_service() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM fhir_publish('fhir_source_service',
                       ARRAY(SELECT DISTINCT service_id FROM new_rows));
  RETURN NULL;
END $$;

CREATE FUNCTION fhir_on_own() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM fhir_publish(TG_ARGV[0], ARRAY(SELECT id FROM new_rows));
  RETURN NULL;
END $$;

CREATE FUNCTION fhir_on_removed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM fhir_retire(TG_ARGV[0], ARRAY(SELECT fhir_id::text FROM new_rows));
  RETURN NULL;
END $$;

CREATE FUNCTION fhir_on_fed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM fhir_publish('fhir_source_organization', ARRAY(
    SELECT o.id FROM directory_organization o
      JOIN new_rows n ON n.type = 'Organization' AND n.fhir_id = o.fhir_id));
  PERFORM fhir_publish('fhir_source_service', ARRAY(
    SELECT s.id FROM directory_healthcareservice s
      JOIN new_rows n ON n.type = 'HealthcareService' AND n.fhir_id = s.fhir_id));
  PERFORM fhir_publish('fhir_source_location', ARRAY(
    SELECT s.id FROM directory_healthcareservice s
      JOIN new_rows n ON n.type = 'Location' AND n.fhir_id = s.fhir_id));
  -- A service that was fed with its places has none of its own any more.
  PERFORM fhir_retire('Location', ARRAY(
    SELECT n.fhir_id::text FROM new_rows n
     WHERE n.type = 'HealthcareService' AND n.elements ? 'location'
       AND EXISTS (SELECT 1 FROM fhir_resource r WHERE r.type = 'Location'
                      AND r.fhir_id = n.fhir_id AND r.own_id IS NOT NULL)
       AND NOT EXISTS (SELECT 1 FROM fhir_fedelements e
                        WHERE e.type = 'Location' AND e.fhir_id = n.fhir_id)));
  PERFORM fhir_publish('fhir_source_fed', ARRAY(SELECT id FROM new_rows));
  RETURN NULL;
END $$;
