-- Queries of lua/domain/promotion: reductions, their codes, prepaid cards.

-- :name promotions_enabled :many
-- :use  every reduction that may apply, in the merchant's order; a few dozen rows
SELECT id, handle, title, lane, position, combine, level, conditions, action, has_codes, on_error, starts_at, ends_at
  FROM promotions
 WHERE is_enabled = 1
   AND deleted_at IS NULL
 ORDER BY position, id;

-- :name promotion_find :one
-- :use  promotions.id -> the row, for changes
SELECT id, handle, title, lane, position, combine, level, conditions, action, has_codes, on_error, is_enabled, starts_at,
       ends_at, version
  FROM promotions
 WHERE id = :id
   AND deleted_at IS NULL;

-- :name promotion_insert :run
-- :use  promotion.create
INSERT INTO promotions (handle, title, lane, position, combine, level, conditions, action, has_codes, on_error, is_enabled,
       starts_at, ends_at, created_at, updated_at)
VALUES (:handle, :title, :lane, :position, :combine, :level, :conditions, :action, :has_codes, :on_error, :is_enabled,
       :starts_at, :ends_at, :at, :at);

-- :name promotion_update :run
-- :use  promotion.update: only while nobody else changed it
UPDATE promotions
   SET title = :title, lane = :lane, position = :position, combine = :combine, level = :level, conditions = :conditions,
       action = :action, has_codes = :has_codes, on_error = :on_error, is_enabled = :is_enabled, starts_at = :starts_at,
       ends_at = :ends_at, updated_at = :at, version = version + 1
 WHERE id = :id
   AND version = :version;

-- :name promotion_delete :run
-- :use  promotion.delete: into the bin
UPDATE promotions
   SET deleted_at = :at, is_enabled = 0, updated_at = :at, version = version + 1
 WHERE id = :id
   AND deleted_at IS NULL;

-- :name coupon_by_key :one
-- :use  a code as typed (folded) -> its coupon and promotion
SELECT c.id, c.code, c.promotion_id, c.max_uses, c.max_uses_each, c.starts_at, c.ends_at, c.is_enabled,
       p.starts_at AS promotion_starts_at, p.ends_at AS promotion_ends_at, p.is_enabled AS promotion_is_enabled
  FROM coupons AS c
  JOIN promotions AS p ON p.id = c.promotion_id
 WHERE c.code_key = :code_key
   AND c.deleted_at IS NULL
   AND p.deleted_at IS NULL;

-- :name coupon_insert :run
-- :use  coupon.create
INSERT INTO coupons (promotion_id, code, code_key, max_uses, max_uses_each, starts_at, ends_at, created_at, updated_at)
VALUES (:promotion_id, :code, :code_key, :max_uses, :max_uses_each, :starts_at, :ends_at, :at, :at);

-- :name coupon_set_enabled :run
-- :use  coupon.set_enabled
UPDATE coupons
   SET is_enabled = :is_enabled, updated_at = :at, version = version + 1
 WHERE id = :id
   AND deleted_at IS NULL;
