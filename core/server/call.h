// The other end of merx.sock, for tools: asks the running server and waits for its answer.
#pragma once

#include "server/frame.h"

// Sends `words` to the server of the data folder `data` and appends its answer to `out`; `frame`,
// without the "ok", points into it. MX_E_MISSING when no server runs there; what the server answers
// as an error comes back as one.
int mx_call_server(const char *data, const struct mx_slice *words, size_t count, mx_buf *out,
    struct mx_frame *frame, struct mx_error *err);
