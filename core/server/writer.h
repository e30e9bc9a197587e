// Commands on their way to disk: what core/storage's writer does for bytes, done for Lua. One
// thread with a Lua state of its own runs them, many to a commit.
#pragma once

#include "loop/mailbox.h"
#include "script/host.h"
#include "server/shared.h"
#include "storage/writer.h"

// Called once, on the loop of the mailbox that was given, with an encoded { ok = … } or { err = …
// }, borrowed for the call.
typedef void (*mx_command_fn)(void *ctx, struct mx_slice answer);

// Starts the writer's thread on `db`, which is borrowed until stop and used by nobody else, and
// boots its Lua. `shared` is borrowed. `*out` is owned: give it to mx_commands_stop().
int mx_commands_start(struct mx_shared *shared, mx_db *db, mx_commands **out, struct mx_error *err);

// Finishes what is queued and ends the thread. Every answer has been posted. May be NULL.
void mx_commands_stop(mx_commands *commands);

// Queues a command (copied). Any thread. MX_E_BUSY when the queue is full: `fn` is not called.
int mx_commands_submit(mx_commands *commands, const struct mx_command *command,
    mx_mailbox *reply_to, mx_command_fn fn, void *ctx, struct mx_error *err);

// Has the writer's Lua take up what changed, and makes stale what is cached: of plugins what was
// made with them, else everything. Answered as a command is.
int mx_commands_reload(mx_commands *commands, enum mx_change change, mx_mailbox *reply_to,
    mx_command_fn fn, void *ctx, struct mx_error *err);

// Any thread.
void mx_commands_stats(mx_commands *commands, struct mx_writer_stats *out);

// False while nothing can be written: disk full, disk broken, Lua not booted. Any thread.
bool mx_commands_can_write(mx_commands *commands);
