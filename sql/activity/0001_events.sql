-- activity.db: what visitors did, from the first page on, because lost history cannot be had back.
-- Losing its last second harms nobody. Names are those of GA4.

-- How often each thing happened, by day (days since 1970, UTC). Says nothing about anybody, so it needs no consent.
-- The subject is the product that was seen, the category that was listed, the variant that was added; 0: none.
CREATE TABLE event_counts (
  day        INTEGER NOT NULL,
  channel_id INTEGER NOT NULL,
  name       TEXT    NOT NULL,
  subject_id INTEGER NOT NULL DEFAULT 0,
  times      INTEGER NOT NULL CHECK (times > 0),
  PRIMARY KEY (day, channel_id, name, subject_id)
) STRICT, WITHOUT ROWID;

-- One row for each event of a visitor who agreed to be known; retain: setting activity.keep_days.

CREATE TABLE events (
  id          INTEGER PRIMARY KEY,
  at          INTEGER NOT NULL,
  name        TEXT    NOT NULL CHECK (name IN ('page_view', 'view_item_list', 'select_item', 'view_item',
                'add_to_cart', 'remove_from_cart', 'view_cart', 'begin_checkout', 'add_shipping_info',
                'add_payment_info', 'purchase', 'refund', 'add_to_wishlist', 'view_promotion',
                'select_promotion', 'search', 'login', 'sign_up', 'share')),
  channel_id  INTEGER NOT NULL DEFAULT 0,
  visitor     TEXT    NOT NULL DEFAULT '', -- random, first party; personal: erase
  session     TEXT    NOT NULL DEFAULT '', -- personal: erase
  customer_id INTEGER, -- personal: erase
  consent     TEXT    NOT NULL DEFAULT 'none' CHECK (consent IN ('none', 'analytics', 'marketing')),
  locale      TEXT    NOT NULL DEFAULT '',
  country     TEXT    NOT NULL DEFAULT '',
  page        TEXT    NOT NULL DEFAULT '',
  referrer    TEXT    NOT NULL DEFAULT '', -- personal: erase
  product_id  INTEGER,
  variant_id  INTEGER,
  order_id    INTEGER,
  quantity    INTEGER,
  currency    TEXT    CHECK (length(currency) = 3),
  value_amount INTEGER,
  body        TEXT    NOT NULL DEFAULT '{}' CHECK (json_valid(body)) -- items (at most 200), search words …
) STRICT;

CREATE INDEX events_by_at ON events (at);
CREATE INDEX events_by_name ON events (name, at);
CREATE INDEX events_by_visitor ON events (visitor, at) WHERE visitor <> '';
CREATE INDEX events_by_customer ON events (customer_id, at) WHERE customer_id IS NOT NULL;
CREATE INDEX events_by_product ON events (product_id, name, at) WHERE product_id IS NOT NULL;

-- Samples of requests, for the speed that people really had. retain: 30d
CREATE TABLE request_samples (
  id         INTEGER PRIMARY KEY,
  at         INTEGER NOT NULL,
  route      TEXT    NOT NULL,
  status     INTEGER NOT NULL,
  duration_us INTEGER NOT NULL,
  lcp_ms     INTEGER,
  inp_ms     INTEGER,
  cls_ppm    INTEGER,
  ttfb_ms    INTEGER,
  device     TEXT    NOT NULL DEFAULT '' CHECK (device IN ('', 'phone', 'desktop'))
) STRICT;

CREATE INDEX request_samples_by_at ON request_samples (at);
CREATE INDEX request_samples_by_route ON request_samples (route, at);
