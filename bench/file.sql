-- The client's file about the first campaign, in no order: 92 % can be rejected, the rest meet the other outcomes.
-- Parameters: campaign, rows, opens (of the return window), seed.

COPY (
WITH here AS (
    SELECT l.id, l.status, coalesce(l.valid_at, l.received_at) >= %(opens)s AS inside, k.key,
        md5(l.id::text || %(seed)s) AS shuffled
    FROM leads_lead l JOIN campaigns_field f ON f.campaign_id = l.campaign_id AND f.name = 'email'
    JOIN leads_leadkey k ON k.lead_id = l.id AND k.slot = f.id
    WHERE l.campaign_id = %(campaign)s
), returned AS (
    (SELECT key, shuffled FROM here WHERE inside AND status IN ('pending', 'accepted') ORDER BY shuffled
        LIMIT %(rows)s * 920 / 1000)
    UNION ALL (SELECT key, shuffled FROM here WHERE NOT inside AND status IN ('pending', 'accepted') ORDER BY shuffled
        LIMIT %(rows)s * 30 / 1000)
    UNION ALL (SELECT key, shuffled FROM here WHERE status = 'client_rejected' ORDER BY shuffled LIMIT %(rows)s * 20 / 1000)
    UNION ALL (SELECT key, shuffled FROM here WHERE status IN ('rejected', 'quarantined') ORDER BY shuffled
        LIMIT %(rows)s * 10 / 1000)
    UNION ALL (SELECT n || '@nowhere.example', md5(n::text) FROM generate_series(1, %(rows)s * 15 / 1000) n)
    UNION ALL (SELECT key, md5(shuffled) FROM here WHERE inside AND status IN ('pending', 'accepted') ORDER BY shuffled
        LIMIT %(rows)s * 5 / 1000)
)
SELECT CASE WHEN hashtext(key) %% 10 = 0 THEN upper(key) ELSE key END AS "Email",
    'Siân' AS "First name", 'O’Neill' AS "Last name", 'SW1A 1AA' AS "Postcode",
    (ARRAY['Duplicate Lead', 'Wrong number', 'Outside service area', 'Over 75', 'Test lead', 'Number disconnected',
        'Says they never enquired', 'Roof not suitable'])[1 + (hashtext(shuffled) & 1023) %% 8] AS "Rejection reason"
FROM returned ORDER BY md5(shuffled), key
) TO STDOUT WITH (FORMAT csv, HEADER);
