// A helping hand at the start: a thread that compiles the files below SHARE/lua, the last folder
// first, while the thread that boots first compiles what it needs. What fails here is told by
// whoever needs it.
#pragma once

#include "script/chunks.h"

typedef struct mx_ahead mx_ahead;

// `share` and `chunks` are borrowed until mx_ahead_stop(), which the result is for. NULL when there
// is no thread to be had.
mx_ahead *mx_ahead_start(const char *share, mx_chunks *chunks);

// Stops after the file that is being compiled. `ahead` may be NULL.
void mx_ahead_stop(mx_ahead *ahead);
