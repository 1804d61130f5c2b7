-- Which resources a change of a table concerns. Statement triggers: loading ten
-- thousand rows publishes once.

-- Resources that a change of services concerns.
CREATE FUNCTION fhir_on_services(ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM fhir_publish('fhir_source_service', ids);
  PERFORM fhir_publish('fhir_source_location', ids);
  -- A service that lost its place, or that was fed with other places.
  PERFORM fhir_retire('Location', ARRAY(
    SELECT s.fhir_id::text FROM directory_healthcareservice s
      JOIN fhir_resource r ON r.type = 'Location' AND r.fhir_id = s.fhir_id
                          AND r.own_id = s.id
     WHERE s.id = ANY(ids)
       AND NOT EXISTS (SELECT 1 FROM fhir_source_location l WHERE l.own_id = s.id)
       AND NOT EXISTS (SELECT 1 FROM fhir_fedelements e
                        WHERE e.type = 'Location' AND e.fhir_id = s.fhir_id)));
  -- What was fed of such a place stands by itself from now on.
  PERFORM fhir_publish('fhir_source_fed', ARRAY(
    SELECT e.id FROM directory_healthcareservice s
      JOIN fhir_fedelements e ON e.type = 'Location' AND e.fhir_id = s.fhir_id
     WHERE s.id = ANY(ids)));
END $$;

-- The regional partnerships that organizations take part in, or no longer do.
CREATE FUNCTION fhir_on_partners(ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  current_ids text[];
BEGIN
  IF NOT EXISTS (SELECT 1 FROM directory_area
                  WHERE kind = 'region' AND purpose = 'resv') THEN
    RETURN;
  END IF;
  PERFORM fhir_publish('fhir_source_partner', ids);
  current_ids := ARRAY(SELECT fhir_id FROM fhir_source_partner WHERE own_id = ANY(ids));
  -- By key: what an organization could take part in is known.
  PERFORM fhir_retire('OrganizationAffiliation', ARRAY(
    SELECT r.fhir_id::text
      FROM directory_organization o
     CROSS JOIN (SELECT fhir_partnership_id(code, year) AS fhir_id FROM directory_area
                  WHERE kind = 'region' AND purpose = 'resv') g
      JOIN fhir_resource r ON r.type = 'OrganizationAffiliation' AND r.own_id = o.id
                          AND r.fhir_id = fhir_partner_id(g.fhir_id, o.fhir_id)
     WHERE o.id = ANY(ids) AND r.fhir_id <> ALL(current_ids)));
END $$;

CREATE FUNCTION fhir_on_organization() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  ids bigint[] := ARRAY(SELECT id FROM new_rows);
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM fhir_publish('fhir_source_organization', ids);
    RETURN NULL;
  END IF;
  PERFORM fhir_publish('fhir_source_organization', ARRAY(
    SELECT id FROM directory_organization WHERE id = ANY(ids) OR part_of_id = ANY(ids)));
  PERFORM fhir_on_services_and_parts(ARRAY(
    SELECT id FROM directory_healthcareservice WHERE organization_id = ANY(ids)));
  PERFORM fhir_on_partners(ids);
  RETURN NULL;
END $$;

-- Services that changed, with all that shows something of them.
CREATE FUNCTION fhir_on_services_and_parts(ids bigint[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM fhir_on_services(ids);
  PERFORM fhir_publish('fhir_source_endpoint', ARRAY(
    SELECT id FROM directory_contactpoint
     WHERE system = 'fhir' AND service_id = ANY(ids)));
  PERFORM fhir_publish('fhir_source_careteam', ARRAY(
    SELECT id FROM directory_careteam WHERE service_id = ANY(ids)));
  PERFORM fhir_publish('fhir_source_affiliation', ARRAY(
    SELECT id FROM directory_alliancemember WHERE service_id = ANY(ids)));
END $$;

CREATE FUNCTION fhir_on_service() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM fhir_on_services(ARRAY(SELECT id FROM new_rows));
    RETURN NULL;
  END IF;
  PERFORM fhir_on_services_and_parts(ARRAY(SELECT id FROM new_rows));
  PERFORM fhir_on_partners(ARRAY(SELECT DISTINCT organization_id FROM new_rows));
  RETURN NULL;
END $$;

CREATE FUNCTION fhir_on_part_of_service() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM fhir_publish('fhir_source_service',
                       ARRAY(SELECT DISTINCT service_id FROM new_rows));
  RETURN NULL;
END $$;

CREATE FUNCTION fhir_on_coverage() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  ids bigint[] := ARRAY(SELECT DISTINCT service_id FROM new_rows);
BEGIN
  PERFORM fhir_publish('fhir_source_service', ids);
  PERFORM fhir_on_partners(ARRAY(
    SELECT DISTINCT organization_id FROM directory_healthcareservice
     WHERE id = ANY(ids)));
  RETURN NULL;
END $$;

CREATE FUNCTION fhir_on_contact() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'DELETE' THEN
    PERFORM fhir_publish('fhir_source_endpoint', ARRAY(
      SELECT id FROM new_rows WHERE system = 'fhir'));
  END IF;
  -- A contact that is gone, or is no address of a system any more.
  IF TG_OP <> 'INSERT' THEN
    PERFORM fhir_retire('Endpoint', ARRAY(
      SELECT r.fhir_id::text FROM new_rows n
        JOIN directory_healthcareservice s ON s.id = n.service_id
        JOIN fhir_resource r ON r.type = 'Endpoint' AND r.own_id = n.id
                            AND r.fhir_id = fhir_endpoint_id(s.fhir_id, n.id)
       WHERE NOT EXISTS (SELECT 1 FROM fhir_source_endpoint e WHERE e.own_id = n.id)));
  END IF;
  PERFORM fhir_publish('fhir_source_service',
                       ARRAY(SELECT DISTINCT service_id FROM new_rows));
  RETURN NULL;
END $$;

CREATE FUNCTION fhir_on_own() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM fhir_publish(TG_ARGV[0], ARRAY(SELECT id FROM new_rows));
  RETURN NULL;
END $$;

CREATE FUNCTION fhir_on_alliance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM fhir_publish('fhir_source_alliance', ARRAY(SELECT id FROM new_rows));
  IF TG_OP = 'UPDATE' THEN
    PERFORM fhir_publish('fhir_source_affiliation', ARRAY(
      SELECT m.id FROM directory_alliancemember m
        JOIN new_rows n ON n.id = m.alliance_id));
  END IF;
  RETURN NULL;
END $$;

-- One row at a time, for regions of this purpose only: areas come by the ten thousand.
CREATE FUNCTION fhir_on_partnership() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' AND OLD.purpose = 'resv' AND (TG_OP = 'DELETE' OR
       (OLD.code, OLD.year, OLD.purpose) IS DISTINCT FROM
       (NEW.code, NEW.year, NEW.purpose)) THEN
    PERFORM fhir_retire('Organization',
                        ARRAY[fhir_partnership_id(OLD.code, OLD.year)]);
    PERFORM fhir_retire('OrganizationAffiliation', ARRAY(
      SELECT r.fhir_id::text FROM directory_organization o
        JOIN fhir_resource r ON r.type = 'OrganizationAffiliation'
         AND r.fhir_id = fhir_partner_id(
               fhir_partnership_id(OLD.code, OLD.year), o.fhir_id)));
  END IF;
  IF TG_OP <> 'DELETE' AND NEW.purpose = 'resv' THEN
    PERFORM fhir_publish('fhir_source_partnership', ARRAY[NEW.id::bigint]);
  END IF;
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
  PERFORM fhir_publish('fhir_source_careteam', ARRAY(
    SELECT t.id FROM directory_careteam t
      JOIN new_rows n ON n.type = 'CareTeam' AND n.fhir_id = t.fhir_id));
  PERFORM fhir_on_services(ARRAY(
    SELECT s.id FROM directory_healthcareservice s
      JOIN new_rows n ON n.type IN ('HealthcareService', 'Location')
                     AND n.fhir_id = s.fhir_id));
  IF TG_OP <> 'DELETE' THEN
    PERFORM fhir_publish('fhir_source_fed', ARRAY(SELECT id FROM new_rows));
    RETURN NULL;
  END IF;
  PERFORM fhir_retire(n.type, ARRAY[n.fhir_id::text])
     FROM new_rows n
     JOIN fhir_resource r ON r.type = n.type AND r.fhir_id = n.fhir_id
                         AND r.own_id = n.id
    WHERE NOT EXISTS (SELECT 1 FROM directory_organization o
                       WHERE n.type = 'Organization' AND o.fhir_id = n.fhir_id)
      AND NOT EXISTS (SELECT 1 FROM directory_healthcareservice s
                       WHERE n.type = 'HealthcareService' AND s.fhir_id = n.fhir_id)
      AND NOT EXISTS (SELECT 1 FROM fhir_source_location l
                       WHERE n.type = 'Location' AND l.fhir_id = n.fhir_id)
      AND NOT EXISTS (SELECT 1 FROM directory_careteam t
                       WHERE n.type = 'CareTeam' AND t.fhir_id = n.fhir_id);
  RETURN NULL;
END $$;

-- After tables were filled with their triggers at rest: what no row shows any more.
CREATE FUNCTION fhir_retire_missing() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  of_type text;
BEGIN
  FOREACH of_type IN ARRAY ARRAY['Organization', 'HealthcareService', 'Location',
                                 'Endpoint', 'CareTeam', 'OrganizationAffiliation'] LOOP
    PERFORM fhir_retire(of_type, ARRAY(
      SELECT r.fhir_id::text FROM fhir_resource r
       WHERE r.type = of_type AND r.own_id IS NOT NULL
         AND r.fhir_id NOT IN (SELECT k.fhir_id FROM fhir_known k
                                WHERE k.type = of_type)));
  END LOOP;
END $$;
