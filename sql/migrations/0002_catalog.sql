-- What is sold: products and their variants, how they are sorted, what they cost.
-- Ids of products and variants come from one sequence ('product'), so one number names one thing.

-- Files that shoppers see, named by their digest.
CREATE TABLE media (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  digest     TEXT    NOT NULL, -- hex SHA-256 of the bytes
  kind       TEXT    NOT NULL CHECK (kind IN ('image', 'video', 'model', 'file')),
  path       TEXT    NOT NULL, -- below media/, or a full address
  type       TEXT    NOT NULL, -- media type, as image/webp
  bytes      INTEGER NOT NULL DEFAULT 0,
  width      INTEGER NOT NULL DEFAULT 0,
  height     INTEGER NOT NULL DEFAULT 0,
  color      TEXT    NOT NULL DEFAULT '', -- shown until the image arrives, as #c0ffee
  alt        TEXT    NOT NULL DEFAULT '',
  focus_x    INTEGER NOT NULL DEFAULT 50 CHECK (focus_x BETWEEN 0 AND 100),
  focus_y    INTEGER NOT NULL DEFAULT 50 CHECK (focus_y BETWEEN 0 AND 100),
  source     TEXT    NOT NULL DEFAULT '', -- where an import took it from
  version    INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE INDEX media_by_digest ON media (digest);
CREATE INDEX media_by_source ON media (source) WHERE source <> '';

CREATE TABLE brands (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  handle      TEXT    NOT NULL UNIQUE,
  title       TEXT    NOT NULL,
  description TEXT    NOT NULL DEFAULT '',
  media_id    INTEGER REFERENCES media (id) ON DELETE SET NULL,
  version     INTEGER NOT NULL DEFAULT 1,
  created_at  INTEGER NOT NULL,
  updated_at  INTEGER NOT NULL,
  deleted_at  INTEGER
) STRICT;

CREATE INDEX brands_by_media ON brands (media_id);

CREATE TABLE products (
  id                INTEGER PRIMARY KEY,
  handle            TEXT    NOT NULL UNIQUE,
  kind              TEXT    NOT NULL DEFAULT 'simple'
                            CHECK (kind = 'simple' OR kind = 'variable' OR kind = 'grouped' OR kind = 'bundle'
                              OR kind = 'external'),
  title             TEXT    NOT NULL,
  summary           TEXT    NOT NULL DEFAULT '', -- clean HTML
  description       TEXT    NOT NULL DEFAULT '', -- clean HTML
  brand_id          INTEGER REFERENCES brands (id) ON DELETE SET NULL,
  type              TEXT    NOT NULL DEFAULT '', -- what it is, in the merchant's words
  state             TEXT    NOT NULL DEFAULT 'active' CHECK (state = 'draft' OR state = 'active' OR state = 'archived'),
  is_listed         INTEGER NOT NULL DEFAULT 1 CHECK (is_listed IN (0, 1)), -- in categories
  is_searchable     INTEGER NOT NULL DEFAULT 1 CHECK (is_searchable IN (0, 1)),
  publish_at        INTEGER, -- unseen before
  unpublish_at      INTEGER, -- unseen from then on
  featured_position INTEGER NOT NULL DEFAULT 0, -- higher comes first
  is_featured       INTEGER NOT NULL DEFAULT 0 CHECK (is_featured IN (0, 1)),
  tracking          TEXT    NOT NULL DEFAULT 'none'
                            CHECK (tracking = 'none' OR tracking = 'variant' OR tracking = 'product'),
  max_per_order     INTEGER CHECK (max_per_order > 0),
  external_url      TEXT    NOT NULL DEFAULT '',
  external_label    TEXT    NOT NULL DEFAULT '',
  template          TEXT    NOT NULL DEFAULT '', -- suffix of the page template
  seo_title         TEXT    NOT NULL DEFAULT '',
  seo_description   TEXT    NOT NULL DEFAULT '',
  details           TEXT    NOT NULL DEFAULT '{}' CHECK (json_valid(details)), -- maker, importer, guarantee …
  created_at        INTEGER NOT NULL,
  updated_at        INTEGER NOT NULL,
  deleted_at        INTEGER, -- in the bin
  version           INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE INDEX products_by_brand ON products (brand_id);
CREATE INDEX products_by_updated_at ON products (updated_at, id);
CREATE INDEX products_by_publish_at ON products (publish_at) WHERE publish_at IS NOT NULL;
CREATE INDEX products_by_unpublish_at ON products (unpublish_at) WHERE unpublish_at IS NOT NULL;

-- What goes into a cart. Every product has at least one.
CREATE TABLE variants (
  id               INTEGER PRIMARY KEY, -- from the sequence 'product'
  product_id       INTEGER NOT NULL REFERENCES products (id) ON DELETE CASCADE,
  position         INTEGER NOT NULL,
  title            TEXT    NOT NULL DEFAULT '', -- values of its options joined, '' for a single one
  sku              TEXT,
  sku_key          TEXT    UNIQUE, -- folded, so that two spellings meet
  gtin             TEXT    NOT NULL DEFAULT '',
  media_id         INTEGER REFERENCES media (id) ON DELETE SET NULL,
  is_enabled       INTEGER NOT NULL DEFAULT 1 CHECK (is_enabled IN (0, 1)),
  ships            INTEGER NOT NULL DEFAULT 1 CHECK (ships IN (0, 1)),
  is_downloadable  INTEGER NOT NULL DEFAULT 0 CHECK (is_downloadable IN (0, 1)),
  is_gift_card     INTEGER NOT NULL DEFAULT 0 CHECK (is_gift_card IN (0, 1)),
  is_taxable       INTEGER NOT NULL DEFAULT 1 CHECK (is_taxable IN (0, 1)),
  tax_class        TEXT    NOT NULL DEFAULT 'standard',
  cost_amount      INTEGER,
  cost_currency    TEXT CHECK (length(cost_currency) = 3),
  weight_mg        INTEGER NOT NULL DEFAULT 0 CHECK (weight_mg >= 0), -- a tenth of an ounce is whole here
  length_um        INTEGER NOT NULL DEFAULT 0 CHECK (length_um >= 0),
  width_um         INTEGER NOT NULL DEFAULT 0 CHECK (width_um >= 0),
  height_um        INTEGER NOT NULL DEFAULT 0 CHECK (height_um >= 0),
  min_quantity     INTEGER NOT NULL DEFAULT 1 CHECK (min_quantity > 0),
  max_quantity     INTEGER CHECK (max_quantity > 0),
  step_quantity    INTEGER NOT NULL DEFAULT 1 CHECK (step_quantity > 0),
  measure_quantity INTEGER CHECK (measure_quantity > 0), -- content, in thousandths of measure_unit
  measure_unit     TEXT    NOT NULL DEFAULT '',          -- g, kg, ml, l, m, m2, pc
  measure_base     INTEGER NOT NULL DEFAULT 1000,        -- the unit price is for this many thousandths
  hs_code          TEXT    NOT NULL DEFAULT '',
  origin_country   TEXT    NOT NULL DEFAULT '',
  created_at       INTEGER NOT NULL,
  updated_at       INTEGER NOT NULL,
  deleted_at       INTEGER,
  version          INTEGER NOT NULL DEFAULT 1 -- rises with every change of its prices, too
) STRICT;

CREATE INDEX variants_by_product ON variants (product_id, position);
CREATE INDEX variants_by_media ON variants (media_id);
CREATE INDEX variants_by_updated_at ON variants (updated_at, id);
CREATE INDEX variants_by_gtin ON variants (gtin) WHERE gtin <> '';

-- Properties that several products share: material, colour. Their terms make the filters.
CREATE TABLE attributes (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  handle     TEXT    NOT NULL UNIQUE,
  title      TEXT    NOT NULL,
  display    TEXT    NOT NULL DEFAULT 'text' CHECK (display IN ('text', 'color', 'image')),
  is_filter  INTEGER NOT NULL DEFAULT 1 CHECK (is_filter IN (0, 1)),
  position   INTEGER NOT NULL DEFAULT 0,
  version    INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE attribute_terms (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  attribute_id INTEGER NOT NULL REFERENCES attributes (id) ON DELETE CASCADE,
  handle       TEXT    NOT NULL,
  title        TEXT    NOT NULL,
  color        TEXT    NOT NULL DEFAULT '',
  media_id     INTEGER REFERENCES media (id) ON DELETE SET NULL,
  position     INTEGER NOT NULL DEFAULT 0,
  UNIQUE (attribute_id, handle)
) STRICT;

CREATE INDEX attribute_terms_by_media ON attribute_terms (media_id);

-- What a product says about itself. With attribute_id the words are terms, else they stand here.
CREATE TABLE product_attributes (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  product_id   INTEGER NOT NULL REFERENCES products (id) ON DELETE CASCADE,
  attribute_id INTEGER REFERENCES attributes (id) ON DELETE CASCADE,
  title        TEXT    NOT NULL,
  words        TEXT    NOT NULL DEFAULT '[]' CHECK (json_valid(words)), -- of a local attribute
  is_visible   INTEGER NOT NULL DEFAULT 1 CHECK (is_visible IN (0, 1)),
  position     INTEGER NOT NULL DEFAULT 0,
  UNIQUE (product_id, title)
) STRICT;

CREATE INDEX product_attributes_by_attribute ON product_attributes (attribute_id);

CREATE TABLE product_terms (
  product_id INTEGER NOT NULL REFERENCES products (id) ON DELETE CASCADE,
  term_id    INTEGER NOT NULL REFERENCES attribute_terms (id) ON DELETE CASCADE,
  PRIMARY KEY (product_id, term_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX product_terms_by_term ON product_terms (term_id, product_id);

-- What the buyer chooses.
CREATE TABLE options (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  product_id   INTEGER NOT NULL REFERENCES products (id) ON DELETE CASCADE,
  attribute_id INTEGER REFERENCES attributes (id) ON DELETE SET NULL,
  title        TEXT    NOT NULL,
  position     INTEGER NOT NULL,
  UNIQUE (product_id, title)
) STRICT;

CREATE INDEX options_by_attribute ON options (attribute_id);

CREATE TABLE option_values (
  id        INTEGER PRIMARY KEY AUTOINCREMENT,
  option_id INTEGER NOT NULL REFERENCES options (id) ON DELETE CASCADE,
  term_id   INTEGER REFERENCES attribute_terms (id) ON DELETE SET NULL,
  title     TEXT    NOT NULL,
  position  INTEGER NOT NULL,
  UNIQUE (option_id, title)
) STRICT;

CREATE INDEX option_values_by_term ON option_values (term_id);

-- Which values a variant has. No row for an option means "any": the line keeps what the buyer chose.
CREATE TABLE variant_values (
  variant_id INTEGER NOT NULL REFERENCES variants (id) ON DELETE CASCADE,
  option_id  INTEGER NOT NULL REFERENCES options (id) ON DELETE CASCADE,
  value_id   INTEGER NOT NULL REFERENCES option_values (id) ON DELETE CASCADE,
  PRIMARY KEY (variant_id, option_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX variant_values_by_option ON variant_values (option_id);
CREATE INDEX variant_values_by_value ON variant_values (value_id);

-- A theme calls these collections.
CREATE TABLE categories (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  handle          TEXT    NOT NULL UNIQUE,
  kind            TEXT    NOT NULL DEFAULT 'tree' CHECK (kind IN ('tree', 'manual', 'rule')),
  parent_id       INTEGER REFERENCES categories (id) ON DELETE SET NULL,
  title           TEXT    NOT NULL,
  description     TEXT    NOT NULL DEFAULT '', -- clean HTML
  media_id        INTEGER REFERENCES media (id) ON DELETE SET NULL,
  position        INTEGER NOT NULL DEFAULT 0,
  sort            TEXT    NOT NULL DEFAULT 'manual'
                          CHECK (sort IN ('manual', 'title', 'title_desc', 'price', 'price_desc', 'created', 'created_desc', 'featured')),
  rules           TEXT    NOT NULL DEFAULT '{}' CHECK (json_valid(rules)), -- {match, rules: [{field, is, value}]}
  state           TEXT    NOT NULL DEFAULT 'active' CHECK (state IN ('draft', 'active')),
  template        TEXT    NOT NULL DEFAULT '',
  seo_title       TEXT    NOT NULL DEFAULT '',
  seo_description TEXT    NOT NULL DEFAULT '',
  version         INTEGER NOT NULL DEFAULT 1,
  created_at      INTEGER NOT NULL,
  updated_at      INTEGER NOT NULL,
  deleted_at      INTEGER
) STRICT;

CREATE INDEX categories_by_parent ON categories (parent_id, position);
CREATE INDEX categories_by_media ON categories (media_id);
CREATE INDEX categories_by_position ON categories (position, id);
CREATE INDEX categories_by_rule ON categories (id) WHERE kind = 'rule';

-- Membership as the merchant, or the rule, decided it; ancestors are worked out in listings.
CREATE TABLE product_categories (
  category_id INTEGER NOT NULL REFERENCES categories (id) ON DELETE CASCADE,
  product_id  INTEGER NOT NULL REFERENCES products (id) ON DELETE CASCADE,
  position    INTEGER NOT NULL DEFAULT 0,
  is_primary  INTEGER NOT NULL DEFAULT 0 CHECK (is_primary IN (0, 1)),
  PRIMARY KEY (category_id, product_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX product_categories_by_product ON product_categories (product_id);

CREATE TABLE tags (
  id     INTEGER PRIMARY KEY AUTOINCREMENT,
  handle TEXT NOT NULL UNIQUE,
  title  TEXT NOT NULL
) STRICT;

CREATE TABLE product_tags (
  product_id INTEGER NOT NULL REFERENCES products (id) ON DELETE CASCADE,
  tag_id     INTEGER NOT NULL REFERENCES tags (id) ON DELETE CASCADE,
  PRIMARY KEY (product_id, tag_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX product_tags_by_tag ON product_tags (tag_id, product_id);

CREATE TABLE product_media (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  product_id INTEGER NOT NULL REFERENCES products (id) ON DELETE CASCADE,
  media_id   INTEGER NOT NULL REFERENCES media (id) ON DELETE CASCADE,
  role       TEXT    NOT NULL DEFAULT 'gallery' CHECK (role IN ('gallery', 'manual', 'size_chart')),
  alt        TEXT    NOT NULL DEFAULT '', -- '' takes that of the file
  position   INTEGER NOT NULL,
  UNIQUE (product_id, media_id, role)
) STRICT;

CREATE INDEX product_media_by_media ON product_media (media_id);
CREATE INDEX product_media_by_position ON product_media (product_id, position);

-- Files that a buyer may fetch. Each purchase gets its own expiring, counted right.
CREATE TABLE downloads (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  variant_id  INTEGER NOT NULL REFERENCES variants (id) ON DELETE CASCADE,
  media_id    INTEGER REFERENCES media (id) ON DELETE CASCADE,
  title       TEXT    NOT NULL,
  source      TEXT    NOT NULL DEFAULT '',
  max_count   INTEGER CHECK (max_count > 0),
  expiry_days INTEGER CHECK (expiry_days > 0),
  position    INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX downloads_by_variant ON downloads (variant_id, position);
CREATE INDEX downloads_by_media ON downloads (media_id);

CREATE TABLE product_relations (
  product_id INTEGER NOT NULL REFERENCES products (id) ON DELETE CASCADE,
  kind       TEXT    NOT NULL CHECK (kind IN ('related', 'up_sell', 'cross_sell', 'member')),
  target_id  INTEGER NOT NULL REFERENCES products (id) ON DELETE CASCADE,
  quantity   INTEGER NOT NULL DEFAULT 1 CHECK (quantity > 0), -- of a member of a bundle
  position   INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (product_id, kind, target_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX product_relations_by_target ON product_relations (target_id);

-- No row: seen wherever it is published.
CREATE TABLE product_channels (
  product_id INTEGER NOT NULL REFERENCES products (id) ON DELETE CASCADE,
  channel_id INTEGER NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
  is_visible INTEGER NOT NULL CHECK (is_visible IN (0, 1)),
  PRIMARY KEY (product_id, channel_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX product_channels_by_channel ON product_channels (channel_id);

CREATE TABLE price_lists (
  id                INTEGER PRIMARY KEY AUTOINCREMENT,
  handle            TEXT    NOT NULL UNIQUE,
  title             TEXT    NOT NULL,
  currency          TEXT    NOT NULL CHECK (length(currency) = 3),
  customer_group_id INTEGER REFERENCES customer_groups (id) ON DELETE CASCADE, -- NULL: for everybody
  parent_id         INTEGER REFERENCES price_lists (id) ON DELETE SET NULL,    -- where a missing price is looked for
  is_tax_included   INTEGER NOT NULL DEFAULT 1 CHECK (is_tax_included IN (0, 1)),
  is_enabled        INTEGER NOT NULL DEFAULT 1 CHECK (is_enabled IN (0, 1)),
  version           INTEGER NOT NULL DEFAULT 1,
  created_at        INTEGER NOT NULL,
  updated_at        INTEGER NOT NULL
) STRICT;

CREATE INDEX price_lists_by_customer_group ON price_lists (customer_group_id, currency);
CREATE INDEX price_lists_by_currency ON price_lists (currency);
CREATE INDEX price_lists_by_parent ON price_lists (parent_id);

-- A row without a window is the price; one with a window takes its place while the window is open.
CREATE TABLE prices (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  variant_id     INTEGER NOT NULL REFERENCES variants (id) ON DELETE CASCADE,
  price_list_id  INTEGER NOT NULL REFERENCES price_lists (id) ON DELETE CASCADE,
  min_quantity   INTEGER NOT NULL DEFAULT 1 CHECK (min_quantity > 0), -- tier: from so many pieces on
  amount         INTEGER NOT NULL CHECK (amount >= 0),
  pieces         INTEGER NOT NULL DEFAULT 1 CHECK (pieces > 0),       -- amount is for so many pieces
  compare_amount INTEGER CHECK (compare_amount >= 0),                 -- struck through beside it
  starts_at      INTEGER,
  ends_at        INTEGER,
  CHECK (starts_at IS NULL OR ends_at IS NULL OR starts_at < ends_at)
) STRICT;

CREATE INDEX prices_by_variant ON prices (variant_id, price_list_id, min_quantity);
CREATE INDEX prices_by_price_list ON prices (price_list_id);
CREATE INDEX prices_by_starts_at ON prices (starts_at) WHERE starts_at IS NOT NULL;
CREATE INDEX prices_by_ends_at ON prices (ends_at) WHERE ends_at IS NOT NULL;

-- What was publicly asked, from the first day: the lowest of 30 days is shown beside a reduction.
CREATE TABLE price_history (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  variant_id INTEGER NOT NULL REFERENCES variants (id) ON DELETE CASCADE,
  channel_id INTEGER NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
  currency   TEXT    NOT NULL CHECK (length(currency) = 3),
  amount     INTEGER NOT NULL,
  from_at    INTEGER NOT NULL,
  until_at   INTEGER, -- NULL: still so
  cause      TEXT    NOT NULL CHECK (cause = 'first' OR cause = 'edit' OR cause = 'import' OR cause = 'schedule')
) STRICT;

CREATE INDEX price_history_by_variant ON price_history (variant_id, channel_id, currency, from_at);
CREATE INDEX price_history_by_channel ON price_history (channel_id);
CREATE UNIQUE INDEX price_history_by_open ON price_history (variant_id, channel_id, currency) WHERE until_at IS NULL;

-- 1 unit of base = mantissa * 10^exponent units of quote.
CREATE TABLE exchange_rates (
  base     TEXT    NOT NULL CHECK (length(base) = 3),
  quote    TEXT    NOT NULL CHECK (length(quote) = 3),
  mantissa INTEGER NOT NULL CHECK (mantissa > 0),
  exponent INTEGER NOT NULL,
  source   TEXT    NOT NULL,
  at       INTEGER NOT NULL,
  PRIMARY KEY (base, quote, at)
) STRICT, WITHOUT ROWID;

-- Derived: what a list page sorts and filters on. Kept by the commands that change what it is made
-- of; `merx fsck` recomputes it. category_id 0 is "all products"; ancestors of a category have rows, too.
CREATE TABLE listings (
  channel_id      INTEGER NOT NULL,
  price_list_id   INTEGER NOT NULL,
  category_id     INTEGER NOT NULL,
  product_id      INTEGER NOT NULL REFERENCES products (id) ON DELETE CASCADE,
  position        INTEGER NOT NULL, -- as the merchant dragged it, then newest first
  featured        INTEGER NOT NULL, -- negative featured_position, so that all keys ascend
  price_amount    INTEGER NOT NULL, -- lowest of its variants
  price_max       INTEGER NOT NULL,
  is_on_sale      INTEGER NOT NULL,
  is_available    INTEGER NOT NULL,
  created_at      INTEGER NOT NULL,
  valid_from      INTEGER NOT NULL, -- publish window
  valid_until     INTEGER NOT NULL,
  PRIMARY KEY (channel_id, price_list_id, category_id, product_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX listings_by_product ON listings (product_id);
CREATE INDEX listings_by_position ON listings (channel_id, price_list_id, category_id, position, product_id);
CREATE INDEX listings_by_featured ON listings (channel_id, price_list_id, category_id, featured, product_id);
CREATE INDEX listings_by_price ON listings (channel_id, price_list_id, category_id, price_amount, product_id);
CREATE INDEX listings_by_created_at ON listings (channel_id, price_list_id, category_id, created_at, product_id);

-- Derived: what a card prints, one row for each product and language, so that a page of cards is one
-- query. Prices are those of the lead variant, the cheapest one; rules of plugins see it.
CREATE TABLE listing_cards (
  channel_id      INTEGER NOT NULL,
  locale          TEXT    NOT NULL,
  product_id      INTEGER NOT NULL REFERENCES products (id) ON DELETE CASCADE,
  variant_id      INTEGER NOT NULL, -- the lead variant
  kind            TEXT    NOT NULL,
  handle          TEXT    NOT NULL,
  title           TEXT    NOT NULL,
  brand           TEXT    NOT NULL DEFAULT '',
  choices         INTEGER NOT NULL DEFAULT 1, -- variants that can be chosen
  tax_class       TEXT    NOT NULL DEFAULT 'standard',
  list_amount     INTEGER NOT NULL, -- of the lead variant, for list_pieces
  list_pieces     INTEGER NOT NULL DEFAULT 1,
  offers          TEXT    NOT NULL DEFAULT '[]' CHECK (json_valid(offers)), -- its other price rows
  lowest_amount   INTEGER, -- of the last 30 days, when it is reduced
  image_path      TEXT    NOT NULL DEFAULT '',
  image_width     INTEGER NOT NULL DEFAULT 0,
  image_height    INTEGER NOT NULL DEFAULT 0,
  image_alt       TEXT    NOT NULL DEFAULT '',
  image_color     TEXT    NOT NULL DEFAULT '',
  second_path     TEXT    NOT NULL DEFAULT '',
  PRIMARY KEY (channel_id, locale, product_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX listing_cards_by_product ON listing_cards (product_id);

-- Derived: the order of titles, which differs by language.
CREATE TABLE listing_titles (
  channel_id  INTEGER NOT NULL,
  locale      TEXT    NOT NULL,
  category_id INTEGER NOT NULL,
  title_key   TEXT    NOT NULL, -- folded
  product_id  INTEGER NOT NULL REFERENCES products (id) ON DELETE CASCADE,
  PRIMARY KEY (channel_id, locale, category_id, title_key, product_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX listing_titles_by_product ON listing_titles (product_id);

-- Derived: how many products of a list have a term: the counts beside filters.
CREATE TABLE listing_facets (
  channel_id  INTEGER NOT NULL,
  category_id INTEGER NOT NULL,
  term_id     INTEGER NOT NULL REFERENCES attribute_terms (id) ON DELETE CASCADE,
  total       INTEGER NOT NULL,
  PRIMARY KEY (channel_id, category_id, term_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX listing_facets_by_term ON listing_facets (term_id);

-- Derived: how many products a list has, so that nothing is counted by scanning.
CREATE TABLE listing_counts (
  channel_id    INTEGER NOT NULL,
  price_list_id INTEGER NOT NULL,
  category_id   INTEGER NOT NULL,
  total         INTEGER NOT NULL,
  PRIMARY KEY (channel_id, price_list_id, category_id)
) STRICT, WITHOUT ROWID;

-- Derived: one row for each product and language, and the index over it. The index keeps no text of
-- its own; the tokenizer cuts words of any script (storage/tokenizer.h).
CREATE TABLE search_documents (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  product_id INTEGER NOT NULL REFERENCES products (id) ON DELETE CASCADE,
  locale     TEXT    NOT NULL,
  title      TEXT    NOT NULL, -- as shown; the words behind the index are made again from rows
  digest     TEXT    NOT NULL, -- of all indexed words: unchanged ones are not written again
  UNIQUE (product_id, locale)
) STRICT;

CREATE VIRTUAL TABLE search_index USING fts5 (
  title, codes, words, body,
  content = '', contentless_delete = 1, tokenize = 'merx', prefix = '2 3', detail = full
);

-- Derived: words with how many documents have them, for corrections of spelling.
CREATE VIRTUAL TABLE search_vocabulary USING fts5vocab ('search_index', 'row');
