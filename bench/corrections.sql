-- What an expert writes by hand to take over a file of corrected countries: no value is judged, no key or place under
-- a cap is asked for, no row is kept. Parameters: at. The file stands in the table `corrected`.

UPDATE leads_leadvalues v
SET received = v.received || c.changed, judged = v.judged || c.changed, failures = '[]', version = v.version + 1
FROM (SELECT "LeadID"::bigint AS id, jsonb_build_object('country', country) AS changed FROM corrected) c
WHERE v.lead_id = c.id AND v.received->>'country' <> c.changed->>'country';

WITH moved AS (
    UPDATE leads_lead l
    SET status = 'pending', disposition_id = NULL, reason = '', valid_at = %(at)s, in_cap = true
    FROM corrected c JOIN leads_leadvalues v ON v.lead_id = c."LeadID"::bigint
    WHERE l.id = v.lead_id AND l.status = 'rejected' AND NOT l.is_final AND v.failures = '[]'
    RETURNING l.id, old.disposition_id AS was_disposition_id, old.reason AS was_reason
)
INSERT INTO leads_leadevent (lead_id, cause, from_status, to_status, reason, at, was_disposition_id, was_reason, was_in_cap)
SELECT id, 'corrected', 'rejected', 'pending', '', %(at)s, was_disposition_id, was_reason, false FROM moved;
