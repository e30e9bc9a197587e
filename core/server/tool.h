// Subcommands written in Lua: lua/cli/<name>.lua, with the shop's database when there is one.
#pragma once

#include "platform/buf.h"
#include "server/options.h"

// True when there is a tool `name`.
bool mx_tool_exists(const mx_options *options, const char *name);

// Runs the tool `name` and gives its exit code. With a server running on the data folder its
// commands go there and the database is open for reading; without one the tool holds the folder
// itself.
int mx_tool_run(mx_options *options, const char *name, int argc, char *const *argv, int *exit_code,
    struct mx_error *err);

// Calls `fn` with the name of each tool, sorted.
int mx_tool_list(const mx_options *options,
    void (*fn)(void *ctx, const char *name, const char *about), void *ctx, struct mx_error *err);
