-- Fills a community in the database itself; names in braces are put in by community_load.py. Words are made up.
CREATE OR REPLACE FUNCTION pg_temp.words(seed bigint, k int) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(substr(md5(((seed * 31 + i * 7919) % 5000)::text), 1, 3 + ((seed * 31 + i * 7919) % 5000 % 6)::int), ' ')
  FROM generate_series(1, k) i $$;
CREATE TEMP TABLE pool AS SELECT n AS id, pg_temp.words(n * 13, 40) AS body FROM generate_series(0, 20010) n;
ANALYZE pool;
INSERT INTO texts_text (id, public_id, kind, author_id, title, body, language, state, screened, key, version,
                        locked, created_at)
SELECT n, translate(lpad(to_hex(n), 14, 'z'), '01', 'gh'), 'post', {person} + n % {people}, substr(pool.body, 1, 20),
       pool.body, '', 'shown', true, n::text, 1, false, now() - n * interval '7 seconds'
FROM generate_series(1, {posts}) n JOIN pool ON pool.id = n::bigint * 7919 % 20011;
INSERT INTO texts_text (id, public_id, kind, author_id, title, body, language, state, screened, key, version,
                        locked, created_at)
SELECT n, translate(lpad(to_hex(n), 14, 'z'), '01', 'gh'), 'reply', {person} + n::bigint * 3 % {people}, '',
       pool.body, '', 'shown', true, n::text, 1, false,
       now() - (n % {posts} + 1) * interval '7 seconds' + interval '1 hour'
FROM generate_series({posts} + 1, {posts} * (1 + {each})) n JOIN pool ON pool.id = n::bigint * 7907 % 20011;
INSERT INTO support_post (text_id, group_id, anonymous, mood_before, mood_after, wanted, warnings, n_replies,
                          answered_at, active_at)
SELECT n, {group} + n % {groups}, n % 4 = 0, '', '', 'heard', '[]', {each}, now(), now() - n * interval '7 seconds'
FROM generate_series(1, {posts}) n;
INSERT INTO support_reply (text_id, post_id, parent_id, anonymous, coached, warnings, at)
SELECT n, n % {posts} + 1, NULL, false, false, '[]', now() - (n % {posts} + 1) * interval '7 seconds' + interval '1 hour'
FROM generate_series({posts} + 1, {posts} * (1 + {each})) n;
SELECT setval(pg_get_serial_sequence('texts_text', 'id'), {posts} * (1 + {each}) + 1);
