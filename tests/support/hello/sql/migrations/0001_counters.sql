CREATE TABLE counters (
  name       TEXT    PRIMARY KEY,
  value      INTEGER NOT NULL,
  changed_at INTEGER NOT NULL -- milliseconds since 1970, UTC
) STRICT;
