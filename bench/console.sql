-- Years of visits, 200 a day, one every 150 seconds, a tenth of the days still to come.
-- AT[x] is the time x seconds from now, NUMBERS[n] the numbers 1 to n, FIRST[x] and LAST[x] one of ten names;
-- DAYS is the day of booking n (0 is today), START its second from now, PEOPLE and COUNT are numbers.

INSERT INTO clients (id, name, email, phone, zone, language, created_at)
SELECT n + 10, FIRST[n] || ' ' || LAST[n / 10], 'c' || n || '@example.org', '+1555' || n, '', 'en', AT[0]
FROM NUMBERS[PEOPLE];

INSERT INTO contact_points (id, kind, value, created_at)
SELECT n + 10, 'email', 'c' || n || '@example.org', AT[0] FROM NUMBERS[PEOPLE];

INSERT INTO client_words (client_id, word)
SELECT id, lower(FIRST[id - 10]) FROM clients WHERE id > 10
UNION SELECT id, lower(LAST[(id - 10) / 10]) FROM clients WHERE id > 10
UNION SELECT id, email FROM clients WHERE id > 10;

INSERT INTO bookings (id, connection, client_id, status, start_at, end_at, zone, service, service_name,
                      practitioner, place, remote, language, earlier, first_seen_at, updated_at)
SELECT n + 10, 'main', n % PEOPLE + 11, CASE n % 20 WHEN 7 THEN 'cancelled' ELSE 'confirmed' END, AT[START],
       AT[START + 3600], '', 'deep', 'Deep tissue massage', 'Mara Field', '', false, 'en', false,
       AT[START - 300000], AT[START - 300000]
FROM NUMBERS[COUNT];

INSERT INTO intakes (id, booking_id, client_id, questionnaire, version, language, status, sealed_answers,
                     created_at, started_at, submitted_at, reviewed_by)
SELECT n + 10, n + 10, n % PEOPLE + 11, 'first_visit', '1', 'en', 'done',
       CASE WHEN abs(DAYS) <= 30 THEN :answered END, AT[START - 300000], AT[START - 90000], AT[START - 90000], ''
FROM NUMBERS[COUNT] WHERE n % 7 <> 0;

INSERT INTO attendances (booking_id, client_id, email_id, intake_id, since, unsure)
SELECT n + 10, n % PEOPLE + 11, n % PEOPLE + 11, CASE WHEN n % 7 <> 0 THEN n + 10 END, AT[START - 300000], ''
FROM NUMBERS[COUNT];

INSERT INTO plans (id, booking_id, client_id, version, status, sealed_protocol, sealed_plan, created_at,
                   released_by, sent_at)
SELECT n + 10, n + 10, n % PEOPLE + 11, 1, CASE WHEN DAYS < 0 THEN 'sent' ELSE 'draft' END, :protocol,
       :planned, AT[START], '', CASE WHEN DAYS < 0 THEN AT[START + 5400] END
FROM NUMBERS[COUNT] WHERE abs(DAYS) <= 30 AND n % 7 <> 0;

INSERT INTO checkins (booking_id, plan_id, kind, asked_at, answered_at, sealed_reply, sealed_action)
SELECT n + 10, n + 10, 'w1', AT[START + 600000], AT[START + 610000], :reply, :action
FROM NUMBERS[COUNT] WHERE abs(DAYS) <= 30 AND DAYS < -8 AND n % 7 <> 0;

INSERT INTO flags (booking_id, sealed_flag, raised_at, cleared_by)
SELECT n + 10, :flagged, AT[START], '' FROM NUMBERS[COUNT] WHERE n % 33 = 0;

INSERT INTO deliveries (key, booking_id, purpose, channel, status, due_at, reason, created_at, settled_at)
SELECT (n + 10) || ':intake:0:email:' || (n % PEOPLE + 11) || '.' || (n % PEOPLE + 11), n + 10, 'intake', 'email',
       CASE WHEN n % 5000 = 3 THEN 'dead' WHEN DAYS >= 3 THEN 'scheduled' WHEN n % 9 = 1 THEN 'skipped' ELSE 'sent' END,
       AT[START - 259000], '', AT[START], AT[START]
FROM NUMBERS[COUNT];

INSERT INTO deliveries (key, booking_id, purpose, channel, status, due_at, reason, created_at, settled_at)
SELECT (n + 10) || ':intake_reminder:1:email:' || (n % PEOPLE + 11) || '.' || (n % PEOPLE + 11), n + 10, 'intake_reminder', 'email',
       CASE WHEN DAYS >= 1 THEN 'scheduled' WHEN n % 2 = 1 THEN 'skipped' ELSE 'sent' END,
       AT[START - 86400], '', AT[START], AT[START]
FROM NUMBERS[COUNT];

INSERT INTO deliveries (key, booking_id, purpose, channel, status, due_at, reason, created_at, settled_at)
SELECT (n + 10) || ':plan:0:email:' || (n % PEOPLE + 11) || '.' || (n % PEOPLE + 11), n + 10, 'plan', 'email',
       CASE WHEN DAYS >= 0 THEN 'scheduled' WHEN n % 9 = 1 THEN 'skipped' ELSE 'sent' END,
       AT[START + 5400], '', AT[START], AT[START]
FROM NUMBERS[COUNT];

INSERT INTO audit (at, actor, action, subject, detail)
SELECT AT[-n * 60], 'Mara Field', 'view', 'booking-' || n, '' FROM NUMBERS[PEOPLE];

INSERT INTO receipts (public_id, connection, url, received_at, status, due_at, note)
SELECT 'b' || n, 'main', '', AT[-n * 60], 'done', AT[-n * 60], '' FROM NUMBERS[PEOPLE];

ANALYZE;
