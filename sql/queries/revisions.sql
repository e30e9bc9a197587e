-- Counters of things that many rows make up together: rules, prices, settings, channels, generation.

-- :name revisions_all :many
-- :use  quote and order.place: the stamps of rules; five rows
SELECT name, value
  FROM revisions
 ORDER BY name;
