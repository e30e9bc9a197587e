-- Queries of lua/domain/staff: people of the shop, their links and sessions.

-- :name staff_list :many
-- :use  merx staff list; a handful of rows
SELECT u.id, u.email, u.name, u.locale, u.is_enabled, u.password_hash IS NOT NULL AS has_password, u.created_at, r.title AS role
  FROM staff_users AS u
  LEFT JOIN staff_roles AS r ON r.id = u.role_id
 WHERE u.deleted_at IS NULL
 ORDER BY u.id;

-- :name staff_by_email :one
-- :use  who signs in
SELECT u.id, u.email, u.name, u.password_hash, u.is_enabled, u.locale, u.role_id, r.title AS role
  FROM staff_users AS u
  LEFT JOIN staff_roles AS r ON r.id = u.role_id
 WHERE u.email_key = :email_key
   AND u.deleted_at IS NULL;

-- :name staff_by_id :one
-- :use  staff_users.id -> the person
SELECT u.id, u.email, u.name, u.password_hash, u.is_enabled, u.locale, u.role_id, r.title AS role
  FROM staff_users AS u
  LEFT JOIN staff_roles AS r ON r.id = u.role_id
 WHERE u.id = :id
   AND u.deleted_at IS NULL;

-- :name staff_role_by_title :value
-- :use  what a role is called -> its id
SELECT id
  FROM staff_roles
 WHERE title = :title;

-- :name staff_exist :value
-- :use  whether anybody can sign in yet
SELECT 1
  FROM staff_users
 WHERE password_hash IS NOT NULL
 LIMIT 1;

-- :name staff_owners_left :value
-- :use  the last owner is not shut out
SELECT count(*)
  FROM staff_roles AS r
  JOIN staff_users AS u ON u.role_id = r.id
 WHERE r.title = 'owner'
   AND u.is_enabled = 1
   AND u.password_hash IS NOT NULL
   AND u.deleted_at IS NULL
   AND u.id <> :id;

-- :name staff_insert :run
-- :use  staff.invite, staff.accept
INSERT INTO staff_users (email, email_key, name, role_id, locale, created_at, updated_at)
VALUES (:email, :email_key, :name, :role_id, :locale, :at, :at);

-- :name staff_set_password :run
-- :use  staff.accept, staff.change_password
UPDATE staff_users
   SET password_hash = :password_hash, updated_at = :at, version = version + 1
 WHERE id = :id;

-- :name staff_set_person :run
-- :use  staff.accept, staff.set_person
UPDATE staff_users
   SET name = :name, locale = :locale, updated_at = :at, version = version + 1
 WHERE id = :id;

-- :name staff_set_role :run
-- :use  staff.accept
UPDATE staff_users
   SET role_id = :role_id, updated_at = :at, version = version + 1
 WHERE id = :id;

-- :name staff_set_enabled :run
-- :use  staff.disable, staff.enable
UPDATE staff_users
   SET is_enabled = :is_enabled, updated_at = :at, version = version + 1
 WHERE id = :id;

-- :name staff_link_insert :run
-- :use  staff.invite, staff.reset, staff.open_setup
INSERT INTO staff_links (token_hash, staff_user_id, created_at, expires_at)
VALUES (:token_hash, :staff_user_id, :at, :expires_at);

-- :name staff_link_find :one
-- :use  whom a link is for
SELECT l.staff_user_id, l.expires_at, u.email, u.name
  FROM staff_links AS l
  LEFT JOIN staff_users AS u ON u.id = l.staff_user_id
 WHERE l.token_hash = :token_hash
   AND l.expires_at > :now
   AND coalesce(u.is_enabled, 1) = 1;

-- :name staff_links_delete :run
-- :use  a newer link, or none any more
DELETE FROM staff_links
 WHERE staff_user_id = :staff_user_id;

-- :name staff_setup_links_delete :run
-- :use  a newer link for the first owner, or none any more
DELETE FROM staff_links
 WHERE staff_user_id IS NULL;

-- :name session_insert :run
-- :use  staff.sign_in
INSERT INTO sessions (token_hash, kind, staff_user_id, csrf, address, agent, created_at, seen_at, expires_at)
VALUES (:token_hash, 'staff', :staff_user_id, :csrf, :address, :agent, :at, :at, :expires_at);

-- :name staff_session_find :one
-- :use  every page of the back office: who asks, and what they may
SELECT s.id, s.csrf, s.seen_at, s.created_at, u.id AS staff_user_id, u.email, u.name, u.locale, r.title AS role, r.permissions
  FROM sessions AS s
  JOIN staff_users AS u ON u.id = s.staff_user_id
  LEFT JOIN staff_roles AS r ON r.id = u.role_id
 WHERE s.token_hash = :token_hash
   AND s.kind = 'staff'
   AND s.expires_at > :now
   AND s.seen_at > :idle_since
   AND u.is_enabled = 1
   AND u.deleted_at IS NULL;

-- :name staff_sessions_of :many
-- :use  where somebody is signed in, newest first
SELECT id, address, agent, created_at, seen_at
  FROM sessions
 WHERE staff_user_id = :staff_user_id
   AND expires_at > :now
   AND seen_at > :idle_since
 ORDER BY id DESC
 LIMIT 50;

-- :name session_see :run
-- :use  staff.see
UPDATE sessions
   SET seen_at = :at
 WHERE id = :id;

-- :name session_delete_token :run
-- :use  staff.sign_out, staff.sign_in
DELETE FROM sessions
 WHERE token_hash = :token_hash;

-- :name staff_sessions_delete :run
-- :use  a new password, a person who may no longer come in
DELETE FROM sessions
 WHERE staff_user_id = :staff_user_id
   AND id <> :except_id;

-- :name sessions_prune :run
-- :use  staff.prune
DELETE FROM sessions
 WHERE expires_at <= :now;

-- :name staff_links_prune :run
-- :use  staff.prune
DELETE FROM staff_links
 WHERE expires_at <= :now;

-- :name attempts_prune :run
-- :use  staff.prune
DELETE FROM attempts
 WHERE free_at <= :now;

-- :name attempt_find :value
-- :use  staff.attempt
SELECT free_at
  FROM attempts
 WHERE scope = :scope
   AND key = :key;

-- :name attempt_put :run
-- :use  staff.attempt
INSERT INTO attempts (scope, key, free_at)
VALUES (:scope, :key, :free_at)
    ON CONFLICT (scope, key) DO UPDATE SET free_at = excluded.free_at;

-- :name attempt_delete :run
-- :use  staff.sign_in: a right password forgives the wrong ones before
DELETE FROM attempts
 WHERE scope = :scope
   AND key = :key;
