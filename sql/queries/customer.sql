-- Queries of lua/domain/customer: people who buy.

-- :name customer_by_id :one
-- :use  customers.id -> the person, with the group
SELECT c.id, c.email, c.email_verified_at, c.name, c.given_name, c.family_name, c.phone, c.locale, c.customer_group_id,
       g.handle AS group_handle, c.is_enabled, c.is_tax_exempt, c.tax_number, c.version, c.created_at
  FROM customers AS c
  LEFT JOIN customer_groups AS g ON g.id = c.customer_group_id
 WHERE c.id = :id
   AND c.deleted_at IS NULL;

-- :name customer_by_email :one
-- :use  a folded e-mail -> who it is and the password's hash
SELECT id, email, password_hash, is_enabled, email_verified_at
  FROM customers
 WHERE email_key = :email_key
   AND deleted_at IS NULL;

-- :name customer_insert :run
-- :use  customer.register
INSERT INTO customers (email, email_key, password_hash, name, given_name, family_name, phone, locale, created_at, updated_at)
VALUES (:email, :email_key, :password_hash, :name, :given_name, :family_name, :phone, :locale, :at, :at);

-- :name customer_update :run
-- :use  customer.update: what is NULL stays; only while nobody else changed it
UPDATE customers
   SET name = coalesce(:name, name), given_name = coalesce(:given_name, given_name), family_name = coalesce(:family_name, family_name),
       phone = coalesce(:phone, phone), locale = coalesce(:locale, locale), updated_at = :at, version = version + 1
 WHERE id = :id
   AND version = coalesce(:version, version)
   AND deleted_at IS NULL;

-- :name customer_verify :run
-- :use  customer.verify: the e-mail is theirs
UPDATE customers
   SET email_verified_at = coalesce(email_verified_at, :at), updated_at = :at, version = version + 1
 WHERE id = :id;

-- :name customer_orders_attach :run
-- :use  customer.verify: earlier orders of a guest with this e-mail
UPDATE orders
   SET customer_id = :customer_id, updated_at = :at
 WHERE email_key = :email_key
   AND email_key <> ''
   AND customer_id IS NULL;

-- :name addresses_of_customer :many
-- :use  the address book
SELECT id, name, given_name, family_name, company, line1, line2, district, city, province, postal_code, country, phone,
       tax_number, is_delivery, is_billing, version
  FROM addresses
 WHERE customer_id = :customer_id
 ORDER BY id;

-- :name address_insert :run
-- :use  customer.add_address
INSERT INTO addresses (customer_id, name, given_name, family_name, company, line1, line2, district, city, province, postal_code,
       country, phone, tax_number, is_delivery, is_billing, created_at, updated_at)
VALUES (:customer_id, :name, :given_name, :family_name, :company, :line1, :line2, :district, :city, :province, :postal_code,
       :country, :phone, :tax_number, :is_delivery, :is_billing, :at, :at);

-- :name addresses_undefault :run
-- :use  customer.add_address: one of each kind is offered first
UPDATE addresses
   SET is_delivery = is_delivery AND NOT :is_delivery, is_billing = is_billing AND NOT :is_billing
 WHERE customer_id = :customer_id;

-- :name address_delete :run
-- :use  customer.remove_address
DELETE FROM addresses
 WHERE id = :id
   AND customer_id = :customer_id;

-- :name guest_put :run
-- :use  a guest ordered
INSERT INTO guests (email_digest, first_at, last_at)
VALUES (:email_digest, :at, :at)
    ON CONFLICT (email_digest) DO UPDATE SET last_at = excluded.last_at;

-- :name consent_insert :run
-- :use  consent.record
INSERT INTO consents (customer_id, email_key, visitor, purpose, is_given, text_digest, source, at)
VALUES (:customer_id, :email_key, :visitor, :purpose, :is_given, :text_digest, :source, :at);

-- :name consent_of_email :value
-- :use  what an e-mail agreed to last
SELECT is_given
  FROM consents
 WHERE email_key = :email_key
   AND purpose = :purpose
 ORDER BY id DESC
 LIMIT 1;
