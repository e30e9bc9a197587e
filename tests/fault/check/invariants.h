// What must be true of every database of a shop, at any moment and after any accident.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Promises that were given to somebody: one line each, as the drivers write them.
//   order TOKEN PIECES TOTAL     an order of so many pieces of goods, for so many minor units
//   cart TOKEN PIECES            a cart that holds so many pieces, or more
struct mx_promises {
    char **lines; // owned
    size_t count;
    size_t room;
};

// Copies the line. One that says nothing known ends the program: a test must not promise by
// accident.
void mx_promises_add(struct mx_promises *promises, const char *line, size_t len);

// Adds all lines of a file.
void mx_promises_read(struct mx_promises *promises, const char *path);

void mx_promises_deinit(struct mx_promises *promises);

struct mx_findings {
    char first[512]; // the first problem
    size_t count;    // of problems
    size_t orders;   // in the database
    size_t kept;     // promises that were found kept
};

// Opens the database as a server does after an accident, recovers it and looks at everything: pages
// and indexes, references, the laws of orders and stock, and the first `count` promises. True when
// all is well.
bool mx_check_database(
    const char *path, const struct mx_promises *promises, size_t count, struct mx_findings *out);
