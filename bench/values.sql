-- Values for the leads of dataset.sql: names, places, and a failure where a lead is Rejected.

INSERT INTO leads_leadvalues (lead_id, received, judged, failures, version, kept_rejected)
SELECT v.id, v.judged, v.judged, CASE WHEN v.status = 'rejected' THEN jsonb_build_array(jsonb_build_object(
    'field', 'email', 'value', 'n/a', 'code', 'REJECT_LEAD_INVALID_EMAIL', 'sentence', 'Email: “n/a” is not an e-mail address'
    )) ELSE '[]' END, 1, false
FROM (
    SELECT id, status, jsonb_build_object(
        'email', substr(md5(id::text), 1, 12) || '@postbox.example',
        'phone', '+44' || (7400000000 + id),
        'first_name', (ARRAY['Ann', 'Bob', 'Chloë', 'Dmitri', 'Eve', 'Fátima', 'Gus', 'Helena', 'Iván', 'José'])
            [1 + (hashint8(id) & 65535) %% 10],
        'last_name', initcap(substr(md5((id %% 50000)::text), 1, 6)),
        'company', 'Company ' || id %% 100000,
        'country', (ARRAY['Germany', 'France', 'Spain', 'Italy', 'Japan'])[1 + (hashint8(id + 3) & 65535) %% 5]
    ) AS judged FROM leads_lead
) v ORDER BY v.id;
