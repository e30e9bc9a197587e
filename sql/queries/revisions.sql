-- Counters of things that many rows make up together: rules, tax, delivery, payment, generation.

-- :name revision_bump :value
-- :use  whoever changes rules: a quote made before is stale
INSERT INTO revisions (name, value)
VALUES (:name, 2)
    ON CONFLICT (name) DO UPDATE SET value = value + 1
RETURNING value;

-- :name revisions_all :many
-- :use  quote and order.place: the stamps of rules; a handful of rows
SELECT name, value
  FROM revisions
 ORDER BY name;
