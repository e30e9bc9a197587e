-- How people of the shop come in, and what the back office looks up.

-- Roles that every shop has. "*" is every permission, also of those to come.
INSERT INTO staff_roles (title, permissions, created_at, updated_at)
VALUES ('owner', '["*"]', unixepoch() * 1000, unixepoch() * 1000),
       ('staff', '["overview.view","orders.view","orders.change","products.view","stock.change"]',
        unixepoch() * 1000, unixepoch() * 1000),
       ('viewer', '["overview.view","orders.view","products.view"]', unixepoch() * 1000, unixepoch() * 1000);

-- Links that let whoever holds them choose a password, once. Only a digest of the token is here, and
-- a link that was used, replaced or is over is deleted.
CREATE TABLE staff_links (
  token_hash    TEXT    NOT NULL PRIMARY KEY,
  staff_user_id INTEGER REFERENCES staff_users (id) ON DELETE CASCADE, -- NULL: for the first owner, whoever that will be
  created_at    INTEGER NOT NULL,
  expires_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX staff_links_by_staff_user ON staff_links (staff_user_id);
CREATE INDEX staff_links_by_expires_at ON staff_links (expires_at);

-- How often somebody tried something that can be guessed, as one time for each key: the moment when all
-- tries are forgotten. Each try moves it on; a try that would move it too far is refused.
CREATE TABLE attempts (
  scope   TEXT    NOT NULL, -- "sign_in.account" …
  key     TEXT    NOT NULL, -- digest of who or where; personal: erase
  free_at INTEGER NOT NULL,
  PRIMARY KEY (scope, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX attempts_by_free_at ON attempts (free_at);

-- Orders that wait for a parcel, and stock that runs out: two short lists of long tables. What is the same in
-- all rows comes first, so that these are chosen before the indexes of the whole tables.
CREATE INDEX orders_to_ship ON orders (state, deleted_at, id)
 WHERE state = 'confirmed' AND delivery_state IN ('unfulfilled', 'partly_shipped') AND deleted_at IS NULL;
CREATE INDEX accounts_low ON accounts (kind, balance - held, owner_id)
 WHERE kind = 'stock' AND floor IS NOT NULL AND balance - held <= coalesce(low_at, 3);
