-- Leads over 20 campaigns, of which the first has a fifth; the last 90 days. Ids follow time; campaigns,
-- statuses and keys do not. Parameters: leads, campaign (the first; the others follow it), now.

CREATE TEMP TABLE drawn AS
SELECT n AS id, md5(n::text) AS hash,
    CASE WHEN n %% 5 = 0 THEN 0 ELSE 1 + (hashint8(n) & 65535) %% 19 END AS number,
    (hashint8(n + 7) & 65535) / 65536.0 AS chance,
    %(now)s::timestamptz - make_interval(secs => 90 * 86400.0 * (%(leads)s - n) / %(leads)s) AS received_at
FROM generate_series(1, %(leads)s::bigint) n;

INSERT INTO leads_lead (id, uid, status, campaign_id, source_id, supplier_id, disposition_id, reason, received_at,
    valid_at, accepted_at, in_cap, is_final, decided_for_supplier, price, payout)
SELECT d.id, d.hash::uuid::text, s.status, c.id, o.id, o.supplier_id,
    CASE WHEN s.status = 'rejected' THEN (SELECT id FROM campaigns_disposition WHERE code = 'REJECT_LEAD_INVALID_EMAIL')
    END, '', d.received_at,
    CASE WHEN s.status IN ('pending', 'accepted', 'client_rejected') THEN d.received_at END,
    CASE WHEN s.status = 'accepted' THEN d.received_at + interval '1 day' END,
    s.status IN ('pending', 'accepted', 'client_rejected'), false, false, 18.00, 11.00
FROM drawn d
CROSS JOIN LATERAL (SELECT CASE WHEN chance < 0.70 THEN 'pending' WHEN chance < 0.85 THEN 'accepted'
    WHEN chance < 0.93 THEN 'rejected' WHEN chance < 0.98 THEN 'client_rejected' ELSE 'quarantined' END AS status) s
JOIN campaigns_campaign c ON c.id = %(campaign)s + d.number
JOIN LATERAL (SELECT id, supplier_id FROM campaigns_source WHERE campaign_id = c.id
    ORDER BY id OFFSET d.id %% 4 LIMIT 1) o ON true
ORDER BY d.id;

INSERT INTO leads_leadkey (lead_id, slot, campaign_id, key, held)
SELECT l.id, k.slot, l.campaign_id, k.key, k.slot <> 0 AND l.status <> 'rejected'
FROM leads_lead l
JOIN campaigns_field e ON e.campaign_id = l.campaign_id AND e.name = 'email'
JOIN campaigns_field p ON p.campaign_id = l.campaign_id AND p.name = 'phone'
CROSS JOIN LATERAL (VALUES (0, replace(l.uid, '-', '')),
    (e.id::int, substr(md5(l.id::text), 1, 12) || '@postbox.example'),
    (p.id::int, '+44' || (7400000000 + l.id))) k(slot, key)
ORDER BY l.id, k.slot;

INSERT INTO leads_leadevent (lead_id, cause, from_status, to_status, disposition_id, reason, at, was_reason, was_in_cap)
SELECT id, 'judged', 'processing', CASE WHEN status = 'client_rejected' THEN 'pending' ELSE status END, NULL, '',
    received_at, '', false
FROM leads_lead ORDER BY id;

SELECT setval(pg_get_serial_sequence('leads_lead', 'id'), %(leads)s);
DROP TABLE drawn;
