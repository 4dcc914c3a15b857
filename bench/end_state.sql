-- The end state as sums over all rows: two sides that agree on them did the same. Ids that a sequence gave are
-- left out, and so is the time of day.

SELECT 'leads', count(*), sum(hashtextextended(row(id, status, disposition_id, reason, valid_at, accepted_at, in_cap,
    is_final)::text, 0)) FROM leads_lead;

SELECT 'events', count(*), sum(hashtextextended(row(lead_id, cause, from_status, to_status, disposition_id, reason,
    actor_id, line, undoes_id, was_disposition_id, was_reason, was_valid_at, was_accepted_at, was_in_cap)::text, 0))
FROM leads_leadevent;

SELECT 'rows', count(*), sum(hashtextextended(row(line, cells, problem, key, lead_id, valid_at, outcome, checked,
    first_line, note, review)::text, 0)) FROM rejections_batchrow;

SELECT 'notices', count(*), sum(jsonb_array_length(payload->'leads')) FROM leads_delivery WHERE kind = 'rejections';
