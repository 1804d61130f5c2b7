-- What each resource shows, as the tables of the directory hold it now. Each view has
-- (own_id, type, fhir_id, source); ``own_id`` is the key of the row it stands for.

CREATE VIEW fhir_source_organization AS
SELECT o.id AS own_id, 'Organization'::text AS type, o.fhir_id,
       jsonb_build_object(
         'organization', to_jsonb(o) - 'id' - 'part_of_id',
         'part_of', CASE WHEN p.id IS NOT NULL THEN jsonb_build_object(
           'fhir_id', p.fhir_id, 'ura', p.ura, 'kvk_number', p.kvk_number) END,
         'elements', e.elements
       ) AS source
  FROM directory_organization o
  LEFT JOIN directory_organization p ON p.id = o.part_of_id
  LEFT JOIN fhir_fedelements e ON e.type = 'Organization' AND e.fhir_id = o.fhir_id;

-- The Endpoint of a contact has an id that no other directory makes as well.
CREATE FUNCTION fhir_endpoint_id(service_fhir_id text, contact_id bigint)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT 'cp-' || md5(service_fhir_id || '/' || contact_id)
$$;

CREATE VIEW fhir_source_service AS
SELECT s.id AS own_id, 'HealthcareService'::text AS type, s.fhir_id,
       jsonb_build_object(
         'service', to_jsonb(s) - 'id' - 'organization_id',
         'organization', jsonb_build_object(
           'fhir_id', o.fhir_id, 'ura', o.ura, 'kvk_number', o.kvk_number,
           'is_active', o.is_active),
         'contacts', (
           SELECT coalesce(jsonb_agg(
                    to_jsonb(c) - 'id' - 'service_id' - 'area_id' - 'person_name'
                    || jsonb_build_object('area', a.code, 'area_kind', a.kind,
                                          'area_purpose', a.purpose)
                    || CASE WHEN c.system = 'fhir' AND btrim(c.value) <> ''
                            THEN jsonb_build_object(
                              'endpoint', fhir_endpoint_id(s.fhir_id, c.id))
                            ELSE '{}' END
                    ORDER BY c.audience, c.purpose, c.system, c.value, c.id), '[]')
             FROM directory_contactpoint c
             LEFT JOIN directory_area a ON a.id = c.area_id
            WHERE c.service_id = s.id
              AND (c.valid_until IS NULL OR c.valid_until > now())),
         'coverages', (
           SELECT coalesce(jsonb_agg(
                    to_jsonb(c) - 'id' - 'service_id' - 'area_id'
                    || jsonb_build_object('area', a.code, 'area_kind', a.kind,
                                          'area_purpose', a.purpose,
                                          'area_name', a.name, 'area_year', a.year)
                    ORDER BY a.kind, a.code, c.care, c.role, c.valid_from), '[]')
             FROM directory_coverage c JOIN directory_area a ON a.id = c.area_id
            WHERE c.service_id = s.id
              AND (c.valid_until IS NULL OR c.valid_until > now())),
         'capacity', (
           SELECT to_jsonb(r) - 'id' - 'service_id' - 'reported_by_id'
                  - 'reporter_label'
                  || (SELECT jsonb_build_object(
                               'reserved_clients', coalesce(sum(v.clients), 0),
                               'reserved_hours_per_week',
                               coalesce(sum(v.hours_per_week), 0))
                        FROM directory_capacityreservation v
                       WHERE v.service_id = s.id AND v.released_at IS NULL
                         AND v.reserved_at >= r.reported_at)
             FROM directory_capacityreport r WHERE r.service_id = s.id
            ORDER BY r.reported_at DESC, r.id DESC LIMIT 1),
         'elements', e.elements
       ) AS source
  FROM directory_healthcareservice s
  JOIN directory_organization o ON o.id = s.organization_id
  LEFT JOIN fhir_fedelements e
    ON e.type = 'HealthcareService' AND e.fhir_id = s.fhir_id;

-- A service has one place of its own, unless it was fed with places. What was fed of
-- that place itself is kept beside it.
CREATE VIEW fhir_source_location AS
SELECT s.id AS own_id, 'Location'::text AS type, s.fhir_id,
       jsonb_build_object(
         'service', jsonb_build_object(
           'name', s.name, 'care', s.care, 'postcode', s.postcode, 'lon', s.lon,
           'lat', s.lat, 'is_active', s.is_active, 'is_fictional', s.is_fictional),
         'organization', jsonb_build_object(
           'fhir_id', o.fhir_id, 'ura', o.ura, 'kvk_number', o.kvk_number,
           'is_active', o.is_active),
         'elements', l.elements
       ) AS source
  FROM directory_healthcareservice s
  JOIN directory_organization o ON o.id = s.organization_id
  LEFT JOIN fhir_fedelements l ON l.type = 'Location' AND l.fhir_id = s.fhir_id
 WHERE (s.postcode <> '' OR s.lat IS NOT NULL)
   AND NOT EXISTS (SELECT 1 FROM fhir_fedelements e
                    WHERE e.type = 'HealthcareService' AND e.fhir_id = s.fhir_id
                      AND e.elements ? 'location');

-- Where systems reach a service; as a contact it is no telecom.
CREATE VIEW fhir_source_endpoint AS
SELECT c.id AS own_id, 'Endpoint'::text AS type,
       fhir_endpoint_id(s.fhir_id, c.id) AS fhir_id,
       jsonb_build_object(
         'contact', jsonb_build_object(
           'value', c.value, 'valid_from', c.valid_from, 'valid_until', c.valid_until),
         'service', jsonb_build_object(
           'name', s.name, 'is_active', s.is_active, 'is_fictional', s.is_fictional),
         'organization', jsonb_build_object(
           'fhir_id', o.fhir_id, 'ura', o.ura, 'kvk_number', o.kvk_number,
           'is_active', o.is_active)
       ) AS source
  FROM directory_contactpoint c
  JOIN directory_healthcareservice s ON s.id = c.service_id
  JOIN directory_organization o ON o.id = s.organization_id
 WHERE c.system = 'fhir' AND btrim(c.value) <> '';

CREATE VIEW fhir_source_careteam AS
SELECT t.id AS own_id, 'CareTeam'::text AS type, t.fhir_id,
       jsonb_build_object(
         'team', to_jsonb(t) - 'id' - 'service_id',
         'service', jsonb_build_object(
           'fhir_id', s.fhir_id, 'is_active', s.is_active,
           'is_fictional', s.is_fictional),
         'organization', jsonb_build_object(
           'fhir_id', o.fhir_id, 'ura', o.ura, 'kvk_number', o.kvk_number,
           'is_active', o.is_active),
         'elements', e.elements
       ) AS source
  FROM directory_careteam t
  JOIN directory_healthcareservice s ON s.id = t.service_id
  JOIN directory_organization o ON o.id = s.organization_id
  LEFT JOIN fhir_fedelements e ON e.type = 'CareTeam' AND e.fhir_id = t.fhir_id;

-- A neighborhood alliance is shown as an organization its members are affiliated with.
CREATE VIEW fhir_source_alliance AS
SELECT l.id AS own_id, 'Organization'::text AS type, l.fhir_id,
       jsonb_build_object(
         'alliance', to_jsonb(l) - 'id' - 'area_id'
                     - 'complex_care_name' - 'complex_care_phone',
         'area', jsonb_build_object('area', a.code, 'area_kind', a.kind,
                                    'area_purpose', a.purpose)
       ) AS source
  FROM directory_alliance l JOIN directory_area a ON a.id = l.area_id;

CREATE VIEW fhir_source_affiliation AS
SELECT m.id AS own_id, 'OrganizationAffiliation'::text AS type, m.fhir_id,
       jsonb_build_object(
         'role', m.role,
         'alliance', jsonb_build_object('fhir_id', l.fhir_id, 'is_active', l.is_active,
                                        'is_fictional', l.is_fictional),
         'service', jsonb_build_object('fhir_id', s.fhir_id, 'is_active', s.is_active),
         'organization', jsonb_build_object(
           'fhir_id', o.fhir_id, 'ura', o.ura, 'kvk_number', o.kvk_number,
           'is_active', o.is_active)
       ) AS source
  FROM directory_alliancemember m
  JOIN directory_alliance l ON l.id = m.alliance_id
  JOIN directory_healthcareservice s ON s.id = m.service_id
  JOIN directory_organization o ON o.id = s.organization_id;

-- A regional partnership (RESV) is a region of that purpose. It has no row of its own:
-- its id is made of what identifies the region.
CREATE FUNCTION fhir_partnership_id(code text, year int)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN code ~ '^[A-Za-z0-9.-]{1,50}$' THEN 'resv-' || code || '-' || year
              ELSE 'resv-' || md5(code) || '-' || year END
$$;

CREATE FUNCTION fhir_partner_id(partnership_id text, organization_id text)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT 'resv-' || md5(partnership_id || '/' || organization_id)
$$;

CREATE VIEW fhir_source_partnership AS
SELECT a.id AS own_id, 'Organization'::text AS type,
       fhir_partnership_id(a.code, a.year) AS fhir_id,
       jsonb_build_object(
         'region', jsonb_build_object('name', a.name, 'is_fictional', a.is_fictional),
         'area', jsonb_build_object('area', a.code, 'area_kind', a.kind,
                                    'area_purpose', a.purpose)
       ) AS source
  FROM directory_area a WHERE a.kind = 'region' AND a.purpose = 'resv';

-- Who takes part in it: every organization with an active service that covers a part of
-- the region. ``own_id`` is the organization.
CREATE VIEW fhir_source_partner AS
SELECT m.organization_id AS own_id, 'OrganizationAffiliation'::text AS type,
       fhir_partner_id(r.fhir_id, o.fhir_id) AS fhir_id,
       jsonb_build_object(
         'partnership', jsonb_build_object('fhir_id', r.fhir_id,
                                           'is_fictional', o.is_fictional),
         'organization', jsonb_build_object(
           'fhir_id', o.fhir_id, 'ura', o.ura, 'kvk_number', o.kvk_number,
           'is_active', o.is_active)
       ) AS source
  FROM (SELECT DISTINCT s.organization_id, g.id AS region_id
          FROM directory_healthcareservice s
          JOIN directory_coverage c ON c.service_id = s.id
          JOIN directory_area a ON a.id = c.area_id
          JOIN directory_area g
            ON g.kind = 'region' AND g.purpose = 'resv' AND g.id = ANY(a.within)
         WHERE s.is_active
           AND (c.valid_until IS NULL OR c.valid_until > now())) m
  JOIN directory_organization o ON o.id = m.organization_id
  JOIN (SELECT id, fhir_partnership_id(code, year) AS fhir_id FROM directory_area) r
    ON r.id = m.region_id;

-- Fed resources without a row in the directory.
CREATE VIEW fhir_source_fed AS
SELECT e.id AS own_id, e.type::text AS type, e.fhir_id,
       jsonb_build_object('elements', e.elements) AS source
  FROM fhir_fedelements e
 WHERE NOT (e.type = 'Organization' AND EXISTS (
              SELECT 1 FROM directory_organization o WHERE o.fhir_id = e.fhir_id))
   AND NOT (e.type = 'HealthcareService' AND EXISTS (
              SELECT 1 FROM directory_healthcareservice s WHERE s.fhir_id = e.fhir_id))
   AND NOT (e.type = 'CareTeam' AND EXISTS (
              SELECT 1 FROM directory_careteam t WHERE t.fhir_id = e.fhir_id))
   AND NOT (e.type = 'Location' AND EXISTS (
              SELECT 1 FROM fhir_source_location l WHERE l.fhir_id = e.fhir_id));

-- Everything that is shown now.
CREATE VIEW fhir_known AS
SELECT type, fhir_id FROM fhir_source_organization
UNION ALL SELECT type, fhir_id FROM fhir_source_alliance
UNION ALL SELECT type, fhir_id FROM fhir_source_partnership
UNION ALL SELECT type, fhir_id FROM fhir_source_service
UNION ALL SELECT type, fhir_id FROM fhir_source_location
UNION ALL SELECT type, fhir_id FROM fhir_source_endpoint
UNION ALL SELECT type, fhir_id FROM fhir_source_careteam
UNION ALL SELECT type, fhir_id FROM fhir_source_affiliation
UNION ALL SELECT type, fhir_id FROM fhir_source_partner
UNION ALL SELECT type, fhir_id FROM fhir_source_fed;
