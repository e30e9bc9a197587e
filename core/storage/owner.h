// Whose SQL a connection runs, and what that one may do. The guard asks it at every prepare.
//
// Ours may do everything. A plugin's may use its own tables, read the published views it was
// granted, and call functions from a fixed list; never ATTACH, PRAGMA, BEGIN, SAVEPOINT, temporary
// things, triggers, virtual tables or the schema tables.
//
// A published view must be flat: no WITH inside, and views that it reads must be granted, too.
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum mx_db_grant {
    MX_DB_GRANT_VIEW,    // reads
    MX_DB_GRANT_COMMAND, // reads, and changes rows of its own tables
    MX_DB_GRANT_MIGRATE, // also creates its own tables and indexes
};

struct mx_db_owner {
    const char *prefix;       // "p_acme_points_": its own tables begin with it; not empty
    const char *const *views; // published views it may read, NULL at the end; may be NULL
    enum mx_db_grant grant;
};
