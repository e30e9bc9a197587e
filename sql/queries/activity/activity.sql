-- Queries of lua/domain/activity, on activity.db.

-- :name count_add :run
-- :use  what the workers counted since the last time
INSERT INTO event_counts (day, channel_id, name, subject_id, times)
VALUES (:day, :channel_id, :name, :subject_id, :times)
ON CONFLICT (day, channel_id, name, subject_id) DO UPDATE SET times = times + excluded.times;

-- :name event_add :run
-- :use  one event of a visitor who agreed
INSERT INTO events (at, name, channel_id, visitor, customer_id, consent, locale, page, product_id, variant_id, order_id,
                    quantity, currency, value_amount, body)
VALUES (:at, :name, :channel_id, :visitor, :customer_id, :consent, :locale, :page, :product_id, :variant_id, :order_id,
        :quantity, :currency, :value_amount, :body);

-- :name sample_add :run
-- :use  one request of some hundred
INSERT INTO request_samples (at, route, status, duration_us)
VALUES (:at, :route, :status, :duration_us);

-- :name counts_by_day :many
-- :use  merx activity: what happened how often, newest day first
SELECT day, name, sum(times) AS times
  FROM event_counts
 WHERE day >= :day
 GROUP BY day, name
 ORDER BY day DESC, name;

-- :name counts_by_subject :many
-- :use  merx activity --by=view_item: what was looked at most
SELECT subject_id, sum(times) AS times
  FROM event_counts
 WHERE day >= :day
   AND name = :name
   AND subject_id <> 0
 GROUP BY subject_id
 ORDER BY times DESC, subject_id
 LIMIT :limit;

-- :name events_prune :run
-- :use  what is too old, some of it
DELETE FROM events
 WHERE id IN (SELECT id FROM events WHERE at < :before ORDER BY at LIMIT :limit);

-- :name samples_prune :run
-- :use  what is too old, some of it
DELETE FROM request_samples
 WHERE id IN (SELECT id FROM request_samples WHERE at < :before ORDER BY at LIMIT :limit);

-- :name counts_fold :run
-- :use  of old days only the sum of all subjects is kept
INSERT INTO event_counts (day, channel_id, name, subject_id, times)
SELECT day, channel_id, name, 0, sum(times)
  FROM event_counts
 WHERE day < :day
   AND subject_id <> 0
 GROUP BY day, channel_id, name
ON CONFLICT (day, channel_id, name, subject_id) DO UPDATE SET times = times + excluded.times;

-- :name counts_prune :run
-- :use  after counts_fold, in the same transaction
DELETE FROM event_counts
 WHERE day < :day
   AND subject_id <> 0;
