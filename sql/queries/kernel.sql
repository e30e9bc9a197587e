-- Queries of lua/kernel: settings, commands, the outbox, jobs.

-- :name sequence_step :run
-- :use  tx.id: a number that is never given twice; RETURNING would fill a table of its own for it
UPDATE sequences
   SET next = next + 1
 WHERE name = :name;

-- :name sequence_last :value
-- :use  tx.id, after the step
SELECT next - 1
  FROM sequences
 WHERE name = :name;

-- :name settings_all :many
-- :use  kernel.settings: all values that somebody set
SELECT key, value
  FROM settings
 ORDER BY key;

-- :name settings_revision :value
-- :use  kernel.settings: whether any changed
SELECT value
  FROM revisions
 WHERE name = 'settings';

-- :name settings_set :run
-- :use  settings.set
INSERT INTO settings (key, value, updated_at)
VALUES (:key, :value, :at)
ON CONFLICT (key) DO UPDATE
   SET value = excluded.value, version = version + 1, updated_at = excluded.updated_at;

-- :name command_result_find :one
-- :use  actor, command, key -> what an earlier run answered
SELECT fingerprint, result
  FROM command_results
 WHERE actor = :actor AND command = :command AND key = :key;

-- :name command_result_store :run
-- :use  the answer of a command that had a key
INSERT INTO command_results (actor, command, key, fingerprint, result, created_at)
VALUES (:actor, :command, :key, :fingerprint, :result, :at);

-- :name command_results_prune :run
-- :use  answers older than 30 days are forgotten
DELETE FROM command_results
 WHERE created_at < :before;

-- :name outbox_append :run
-- :use  tx.emit
INSERT INTO outbox (key, event, body, at)
VALUES (:key, :event, :body, :at);

-- :name outbox_after :many
-- :use  what happened of one kind behind a cursor, in order
SELECT seq, key, event, body, at
  FROM outbox
 WHERE seq > :seq
   AND event = :event
 ORDER BY seq
 LIMIT :limit;

-- :name outbox_kinds_after :many
-- :use  of which kinds there is anything new
SELECT DISTINCT event
  FROM outbox
 WHERE seq > :seq;

-- :name outbox_cursor :value
-- :use  how far a subscriber has come
SELECT seq
  FROM outbox_cursors
 WHERE subscriber = :subscriber;

-- :name outbox_cursor_set :run
-- :use  moves a cursor on, never back
INSERT INTO outbox_cursors (subscriber, seq, updated_at)
VALUES (:subscriber, :seq, :at)
ON CONFLICT (subscriber) DO UPDATE
   SET seq = max(seq, excluded.seq), updated_at = excluded.updated_at;

-- :name outbox_exception_keys :many
-- :use  keys of a subscriber that wait for a failed event
SELECT DISTINCT key
  FROM outbox_exceptions
 WHERE subscriber = :subscriber;

-- :name outbox_exceptions_due :many
-- :use  failed deliveries to try again: of each key the oldest
SELECT e.seq, e.key, e.attempts, o.event, o.body, o.at
  FROM outbox_exceptions AS e
  JOIN outbox AS o ON o.seq = e.seq
 WHERE e.subscriber = :subscriber AND e.state = 'waiting' AND e.next_at <= :now
   AND NOT EXISTS (SELECT 1
                     FROM outbox_exceptions AS older
                    WHERE older.subscriber = e.subscriber AND older.key = e.key AND older.seq < e.seq
                      AND older.state = 'waiting')
 ORDER BY e.seq
 LIMIT :limit;

-- :name outbox_exception_put :run
-- :use  a delivery that failed, or waits behind one
INSERT INTO outbox_exceptions (subscriber, seq, key, state, attempts, next_at, error)
VALUES (:subscriber, :seq, :key, :state, :attempts, :next_at, :error)
ON CONFLICT (subscriber, seq) DO UPDATE
   SET state = excluded.state, attempts = excluded.attempts, next_at = excluded.next_at, error = excluded.error;

-- :name outbox_exception_delete :run
-- :use  a retry that worked
DELETE FROM outbox_exceptions
 WHERE subscriber = :subscriber AND seq = :seq;

-- :name outbox_next_retries :many
-- :use  when the next failed delivery to each subscriber is due
SELECT subscriber, min(next_at) AS at
  FROM outbox_exceptions
 WHERE state = 'waiting'
 GROUP BY subscriber;

-- :name outbox_prune :run
-- :use  facts that every subscriber has, or that are older than 30 days
DELETE FROM outbox
 WHERE seq <= :lowest
   AND seq NOT IN (SELECT seq FROM outbox_exceptions);

-- :name outbox_last_before :value
-- :use  the last fact that is older than `at`
SELECT seq
  FROM outbox
 WHERE at < :at
 ORDER BY seq DESC
 LIMIT 1;

-- :name outbox_newest :value
-- :use  the number of the newest fact
SELECT max(seq)
  FROM outbox;

-- :name job_add :run
-- :use  tx.job: at most one job of a key waits
INSERT INTO jobs (name, key, args, run_at, created_at, updated_at)
VALUES (:name, :key, :args, :run_at, :created_at, :created_at)
ON CONFLICT (key) DO NOTHING;

-- :name jobs_due :many
-- :use  waiting jobs whose time has come
SELECT id, name, args, attempts, run_at
  FROM jobs
 WHERE state = 'waiting' AND run_at <= :now
 ORDER BY run_at, id
 LIMIT :limit;

-- :name jobs_follow_clock :run
-- :use  after the clock went back: what was due so long after it was written is due so long after now
UPDATE jobs
   SET run_at = :now + CASE WHEN run_at > updated_at THEN run_at - updated_at ELSE 0 END, updated_at = :now
 WHERE state = 'waiting' AND updated_at > :ahead;

-- :name outbox_exceptions_follow_clock :run
-- :use  after the clock went back: no retry waits longer than the longest pause
UPDATE outbox_exceptions
   SET next_at = :latest
 WHERE state = 'waiting' AND next_at > :latest;

-- :name job_next_at :value
-- :use  when the next job is due
SELECT run_at
  FROM jobs
 WHERE state = 'waiting'
 ORDER BY run_at
 LIMIT 1;

-- :name job_again :run
-- :use  a job that failed, or comes again on its schedule
UPDATE jobs
   SET run_at = :run_at, attempts = :attempts, error = :error, updated_at = :at
 WHERE id = :id;

-- :name job_dead :run
-- :use  a job that never worked waits for a person
UPDATE jobs
   SET state = 'dead', attempts = :attempts, error = :error, updated_at = :at
 WHERE id = :id;

-- :name job_revive :run
-- :use  a person wants a dead job tried again
UPDATE jobs
   SET state = 'waiting', attempts = 0, run_at = :at, updated_at = :at
 WHERE id = :id AND state = 'dead';

-- :name jobs_all :many
-- :use  merx jobs: what waits, then what is dead
SELECT id, name, state, run_at, attempts, error
  FROM jobs
 ORDER BY state DESC, run_at, id
 LIMIT :limit;

-- :name outbox_exceptions_all :many
-- :use  merx jobs: deliveries that failed or wait behind one
SELECT e.subscriber, e.seq, e.key, e.state, e.attempts, e.next_at, e.error, o.event
  FROM outbox_exceptions AS e
  JOIN outbox AS o ON o.seq = e.seq
 ORDER BY e.subscriber, e.seq
 LIMIT :limit;

-- :name outbox_exception_revive :run
-- :use  a person wants a dead delivery tried again
UPDATE outbox_exceptions
   SET state = 'waiting', attempts = 0, next_at = :at
 WHERE subscriber = :subscriber AND seq = :seq AND state = 'dead';

-- :name job_delete :run
-- :use  a job that is done
DELETE FROM jobs
 WHERE id = :id;
