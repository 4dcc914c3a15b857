-- What an expert writes by hand for the same end state: the same rows in the same tables with the same columns
-- filled in, under the same indexes. E-mail addresses are plain here, so that lower(btrim()) is their key.
-- Parameters: campaign, slot (of its field email), person, at, opens (of the return window), time_zone,
-- window_days, file_name.

CREATE TEMP TABLE staging (
    n serial, email text, first_name text, last_name text, postcode text, reason text
) ON COMMIT DROP;

COPY staging (email, first_name, last_name, postcode, reason) FROM STDIN WITH (FORMAT csv, HEADER);

CREATE TEMP TABLE batch ON COMMIT DROP AS
WITH made AS (
    INSERT INTO rejections_batch (kind, state, campaign_id, created_at, created_by_id, via, file, file_name, sha256,
        choices, reading, mapping, options, window_days, time_zone, rows, done, step, cursor, settled_line, held_back,
        undo_from, kept, started_at, run_started_at, ended_at, goes_through, stop_requested, failed_in, error_code,
        error, lease_owner, attempts, affiliate_events)
    SELECT 'rejection', 'finished', %(campaign)s, %(at)s, %(person)s, 'cli', '', %(file_name)s, '', '{}', '{}', '{}',
        '{}', %(window_days)s, %(time_zone)s, count(*), count(*), 'notices', 0, 1 + count(*), 0, '', '{}', %(at)s,
        %(at)s, %(at)s, true, false, '', '', '', '', 0, 0
    FROM staging RETURNING id
) SELECT id FROM made;

INSERT INTO rejections_batchrow (batch_id, line, cells)
SELECT batch.id, 1 + n, ARRAY[email, first_name, last_name, postcode, reason] FROM staging, batch;

CREATE TEMP TABLE decided ON COMMIT DROP AS
SELECT x.*, CASE
        WHEN lead_id IS NULL THEN 'not_found'
        WHEN first_line < line THEN 'duplicate_in_file'
        WHEN status = 'client_rejected' THEN 'already_rejected'
        WHEN status NOT IN ('pending', 'accepted') THEN 'not_rejectable'
        WHEN valid_at < %(opens)s THEN 'outside_window'
        ELSE 'rejected' END AS outcome
FROM (
    SELECT 1 + s.n AS line, lower(btrim(s.email)) AS key, l.id AS lead_id, l.status, l.valid_at,
        min(1 + s.n) OVER (PARTITION BY l.id) AS first_line, btrim(s.reason) AS reason,
        coalesce(p.disposition_id, other.id) AS disposition_id
    FROM staging s
    LEFT JOIN leads_leadkey k ON k.campaign_id = %(campaign)s AND k.slot = %(slot)s
        AND k.key = lower(btrim(s.email)) COLLATE "C"
    LEFT JOIN leads_lead l ON l.id = k.lead_id
    LEFT JOIN campaigns_phrase p ON p.folded = lower(btrim(s.reason))
        AND p.client_id = (SELECT client_id FROM campaigns_campaign WHERE id = %(campaign)s)
    CROSS JOIN (SELECT id FROM campaigns_disposition WHERE code = 'CLIENT_OTHER') other
) x;

ANALYZE decided;

CREATE TEMP TABLE moved ON COMMIT DROP AS
WITH updated AS (
    UPDATE leads_lead l SET status = 'client_rejected', disposition_id = d.disposition_id, reason = d.reason
    FROM decided d
    WHERE l.id = d.lead_id AND d.outcome = 'rejected' AND l.status IN ('pending', 'accepted') AND NOT l.is_final
    RETURNING l.id AS lead_id, d.line, d.disposition_id, d.reason, old.status AS from_status,
        old.disposition_id AS was_disposition_id, old.reason AS was_reason, old.valid_at AS was_valid_at,
        old.accepted_at AS was_accepted_at, old.in_cap AS was_in_cap
) SELECT * FROM updated;

INSERT INTO leads_leadevent (lead_id, line, cause, from_status, to_status, disposition_id, reason, actor_id, at,
    batch_id, was_disposition_id, was_reason, was_valid_at, was_accepted_at, was_in_cap)
SELECT lead_id, line, 'client_rejected', from_status, 'client_rejected', disposition_id, reason, %(person)s, %(at)s,
    batch.id, was_disposition_id, was_reason, was_valid_at, was_accepted_at, was_in_cap
FROM moved, batch;

UPDATE rejections_batchrow r SET outcome = d.outcome, key = d.key, lead_id = d.lead_id, valid_at = d.valid_at,
    first_line = CASE WHEN d.outcome = 'duplicate_in_file' THEN d.first_line END
FROM decided d, batch WHERE r.batch_id = batch.id AND r.line = d.line;

INSERT INTO leads_delivery (kind, channel, status, supplier_id, batch_id, payload, event_ids, created_at)
SELECT 'rejections', 'portal', 'sent', told.supplier_id, told.batch_id,
    jsonb_build_object('campaign', told.campaign, 'leads', jsonb_agg(jsonb_build_object('event', told.id, 'lead_id', told.lead_id,
        'uid', told.uid, 'code', told.code, 'label', told.label, 'reason', told.reason) ORDER BY told.id)),
    array_agg(told.id ORDER BY told.id), %(at)s
FROM (
    SELECT e.id, e.lead_id, e.batch_id, e.reason, l.uid, l.supplier_id, d.code,
        coalesce(nullif(d.supplier_text, ''), d.label) AS label, c.public_name AS campaign,
        (row_number() OVER (PARTITION BY l.supplier_id ORDER BY e.id) - 1) / 500 AS part
    FROM leads_leadevent e JOIN batch ON batch.id = e.batch_id JOIN leads_lead l ON l.id = e.lead_id
    JOIN campaigns_disposition d ON d.id = e.disposition_id JOIN campaigns_campaign c ON c.id = l.campaign_id
) told
GROUP BY told.supplier_id, told.campaign, told.batch_id, told.part;
