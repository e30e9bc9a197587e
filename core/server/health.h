// Whether the server is well, for those who may ask.
#pragma once

#include "script/host.h"
#include "server/shared.h"

// Appends everything of /metrics. `script` (of the calling thread) adds Lua's own lines; may be
// NULL.
void mx_health_write_metrics(struct mx_shared *shared, mx_script *script, mx_buf *out);

// Appends one JSON object: phase, version, connections, queue, cache, disk.
void mx_health_write_status(struct mx_shared *shared, mx_buf *out);

// True when requests that write can be served.
bool mx_health_is_ready(struct mx_shared *shared);
