-- Notes, in the order in which they came.
CREATE TABLE p_acme_sample_notes (
  id   TEXT    PRIMARY KEY,
  text TEXT    NOT NULL,
  at   INTEGER NOT NULL -- milliseconds since 1970, UTC
) STRICT;
