// The way out: a client (core/client) on a loop (core/loop), for whoever has both.
#pragma once

#include "client/client.h"
#include "loop/loop.h"

typedef struct mx_outgoing mx_outgoing;

// `options->loop` is set here. `*out` is owned: give it to mx_outgoing_close() before the loop
// goes.
int mx_outgoing_open(mx_loop *loop, const struct mx_client_options *options, mx_outgoing **out,
    struct mx_error *err);

// Cancels what is under way, without calling back. `outgoing` may be NULL.
void mx_outgoing_close(mx_outgoing *outgoing);

// Borrowed.
mx_client *mx_outgoing_client(mx_outgoing *outgoing);
