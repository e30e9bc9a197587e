// merx.sock: how the command line talks to the running server. Only the user it runs as (and root)
// may. A request is a verb and its arguments, the answer "ok" and results, or "error", a code's
// name and a sentence:
//
//   ping                                     ok VERSION PID
//   status                                   ok JSON
//   metrics                                  ok TEXT
//   command NAME ARGS [KEY [ACTOR]]          ok ANSWER      (ARGS, ANSWER: encoded values)
//   reload                                   ok
//   backup PATH                              ok             (the database)
//   clock [MS]                               ok MS          (moves it, where that is permitted)
//   stop                                     ok             (drains, then ends)
#pragma once

#include <stdbool.h>

#include "loop/mailbox.h"
#include "server/shared.h"

typedef struct mx_control mx_control;

// What the server does for it; all on the main thread.
struct mx_control_host {
    void (*reload)(void *ctx);
    void (*stop)(void *ctx);
    void *ctx; // borrowed
};

// Listens on data/merx.sock. `*out` is owned: give it to mx_control_close().
int mx_control_open(mx_loop *loop, mx_mailbox *mailbox, struct mx_shared *shared,
    const struct mx_control_host *host, mx_control **out, struct mx_error *err);

// Accepts nobody any more, removes the socket and drops its connections. True when no answer is on
// its way any more and mx_control_destroy() may follow; else turn the loop and ask again.
bool mx_control_close(mx_control *control);

// `control` may be NULL.
void mx_control_destroy(mx_control *control);
