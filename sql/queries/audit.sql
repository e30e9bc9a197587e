-- Queries of lua/domain/audit: who changed what.

-- :name audit_last_hash :value
-- :use  the end of the chain
SELECT hash
  FROM audit_entries
 WHERE seq = (SELECT max(seq) FROM audit_entries);

-- :name audit_newest_at :value
-- :use  merx doctor: when the last link was made
SELECT at
  FROM audit_entries
 WHERE seq = (SELECT max(seq) FROM audit_entries);

-- :name audit_entry_insert :run
-- :use  one link
INSERT INTO audit_entries (at, actor, action, entity, entity_id, digest, hash)
VALUES (:at, :actor, :action, :entity, :entity_id, :digest, :hash);

-- :name audit_payload_insert :run
-- :use  what was before and after, beside the chain
INSERT INTO audit_payloads (seq, salt, payload)
VALUES (:seq, :salt, :payload);

-- :name audit_entries_after :many
-- :use  audit.verify: the chain from a link on
SELECT e.seq, e.at, e.actor, e.action, e.entity, e.entity_id, e.digest, e.hash, p.salt, p.payload
  FROM audit_entries AS e
  LEFT JOIN audit_payloads AS p ON p.seq = e.seq
 WHERE e.seq > :after
 ORDER BY e.seq
 LIMIT :limit;

-- :name audit_of_entity :many
-- :use  the history of one thing, newest first
SELECT e.seq, e.at, e.actor, e.action, p.payload
  FROM audit_entries AS e
  LEFT JOIN audit_payloads AS p ON p.seq = e.seq
 WHERE e.entity = :entity
   AND e.entity_id = :entity_id
   AND e.seq < :before
 ORDER BY e.seq DESC
 LIMIT :limit;

-- :name audit_recent :many
-- :use  the journal, newest first
SELECT e.seq, e.at, e.actor, e.action, e.entity, e.entity_id, p.payload
  FROM audit_entries AS e
  LEFT JOIN audit_payloads AS p ON p.seq = e.seq
 WHERE e.seq < :before
 ORDER BY e.seq DESC
 LIMIT :limit;

-- :name audit_erase :run
-- :use  audit.erase: the words go, the chain stays whole
DELETE FROM audit_payloads
 WHERE seq IN (SELECT seq FROM audit_entries WHERE entity = :entity AND entity_id = :entity_id);
