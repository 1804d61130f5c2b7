-- Tasks: the facts of a request and of each question to a team, and nothing that says
-- who it is about or that people typed. One Task per request (the coordination) and one
-- per team that is asked. What is closed keeps its facts, whatever the request does
-- later: it then reads only rows that do not change any more.

CREATE VIEW fhir_source_request_task AS
SELECT r.id AS own_id, 'Task'::text AS type, r.number::text AS fhir_id,
       jsonb_strip_nulls(jsonb_build_object(
         'kind', 'request',
         'number', r.number,
         'status', r.status,
         'urgency', r.urgency,
         'region', a.code,
         'requester', q.fhir_id,
         'service', s.fhir_id,
         'submitted_at', r.submitted_at,
         'placed_at', r.placed_at,
         'closed_at', r.closed_at,
         'reason', nullif(r.close_reason, '')
       )) AS source
  FROM referrals_servicerequest r
  JOIN directory_area a ON a.id = r.region_id
  LEFT JOIN directory_organization q ON q.id = r.requester_organization_id
  LEFT JOIN directory_healthcareservice s ON s.id = r.placed_service_id
 WHERE r.submitted_at IS NOT NULL;

-- ``requester`` only from the moment that a team has the client: before it a team does
-- not know whose request it is. ``ending`` is what ended the question or the care.
CREATE VIEW fhir_source_offer_task AS
SELECT o.id AS own_id, 'Task'::text AS type,
       (r.number || '.' || o.id)::text AS fhir_id,
       jsonb_strip_nulls(jsonb_build_object(
         'kind', 'offer',
         'number', r.number,
         'offer', o.id,
         'service', s.fhir_id,
         'organization', g.fhir_id,
         'status', o.status,
         'origin', o.origin,
         'urgency', r.urgency,
         'offered_at', o.offered_at,
         'answer_by', o.answer_by,
         'answered_at', o.answered_at,
         'reason', nullif(o.decline_reason, ''),
         'room_again_on', o.room_again_on,
         'request', CASE WHEN o.status = 'accepted' THEN jsonb_build_object(
           'status', r.status,
           'requester', q.fhir_id,
           'placed_at', r.placed_at,
           'closed_at', r.closed_at,
           'reason', nullif(r.close_reason, ''),
           'hours', r.hours_set,
           'hours_expected', r.hours_expected,
           'review_on', r.review_on
         ) END,
         'ending', CASE WHEN o.status IN ('withdrawn', 'returned') THEN (
           SELECT jsonb_build_object('kind', e.kind, 'at', e.at, 'had_client', h.it,
                                     'reason', nullif(e.detail->>'reason', ''))
             FROM referrals_requestevent e, LATERAL (
               SELECT o.status = 'returned' OR EXISTS (
                 SELECT 1 FROM referrals_requestevent b
                  WHERE b.request_id = o.request_id AND b.kind = 'accepted'
                    AND b.service_id = o.service_id AND b.at = o.answered_at) AS it) h
            WHERE e.request_id = o.request_id AND e.at >= o.answered_at
              AND (e.kind IN ('withdrawn', 'cancelled', 'died', 'ended', 'reopened',
                              'room-released')
                   OR (e.kind IN ('temporary-stay', 'need-changed', 'paused')
                       AND NOT h.it)
                   OR (e.kind = 'accepted' AND e.service_id <> o.service_id))
            ORDER BY e.at, e.id LIMIT 1
         ) END
       )) AS source
  FROM referrals_offer o
  JOIN referrals_servicerequest r ON r.id = o.request_id
  JOIN directory_healthcareservice s ON s.id = o.service_id
  JOIN directory_organization g ON g.id = s.organization_id
  LEFT JOIN directory_organization q ON q.id = r.requester_organization_id
 WHERE r.submitted_at IS NOT NULL;

CREATE FUNCTION fhir_on_request() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM fhir_publish('fhir_source_request_task', ARRAY(SELECT id FROM new_rows));
  PERFORM fhir_publish('fhir_source_offer_task', ARRAY(
    SELECT o.id FROM referrals_offer o JOIN new_rows n ON n.id = o.request_id
     WHERE o.status = 'accepted'));
  RETURN NULL;
END $$;

-- An event is written after what it tells of.
CREATE FUNCTION fhir_on_request_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM fhir_publish('fhir_source_offer_task', ARRAY(
    SELECT o.id FROM referrals_offer o JOIN new_rows n ON n.request_id = o.request_id
     WHERE o.status IN ('withdrawn', 'returned') AND n.at >= o.answered_at));
  RETURN NULL;
END $$;
