// What all bindings share, and the list of them. Each bind_<room>.c exports one mx_luaopen_<room>.
#pragma once

#include <lua.h>

#include "platform/error.h"
#include "platform/slice.h"
#include "script/services.h"

#define MX_BUF_TYPE "native.buf"         // a userdata that is a struct mx_buf
#define MX_REQUEST_TYPE "native.request" // a struct mx_request_box

struct mx_request_box {
    mx_exchange *exchange; // NULL: answered, or gone
    mx_task *task;         // whose request it is
};

int mx_luaopen_activity(lua_State *L);
int mx_luaopen_answer(lua_State *L);
int mx_luaopen_archive(lua_State *L);
int mx_luaopen_buf(lua_State *L);
int mx_luaopen_cache(lua_State *L);
int mx_luaopen_client(lua_State *L);
int mx_luaopen_clock(lua_State *L);
int mx_luaopen_crypto(lua_State *L);
int mx_luaopen_db(lua_State *L);
int mx_luaopen_fs(lua_State *L);
int mx_luaopen_fsck(lua_State *L);
int mx_luaopen_int(lua_State *L);
int mx_luaopen_json(lua_State *L);
int mx_luaopen_log(lua_State *L);
int mx_luaopen_machine(lua_State *L);
int mx_luaopen_minisign(lua_State *L);
int mx_luaopen_plugin(lua_State *L);
int mx_luaopen_projection(lua_State *L);
int mx_luaopen_random(lua_State *L);
int mx_luaopen_request(lua_State *L);
int mx_luaopen_table(lua_State *L);
int mx_luaopen_task(lua_State *L);
int mx_luaopen_template(lua_State *L);
int mx_luaopen_test(lua_State *L);
int mx_luaopen_text(lua_State *L);
int mx_luaopen_thread(lua_State *L);
int mx_luaopen_value(lua_State *L);

// [-0, +2] Pushes nil and the error as a table { code, message }.
int mx_failure_push(lua_State *L, const struct mx_error *err);

// [-0, +1] Pushes the bytes as a string.
void mx_slice_push(lua_State *L, struct mx_slice slice);

// The string argument `index`, or raises. Numbers are refused. Borrowed from the stack.
struct mx_slice mx_slice_check(lua_State *L, int index);
// As above, empty for nil.
struct mx_slice mx_slice_opt(lua_State *L, int index);

// The string field `name` of the table at `index`, `otherwise` when it is nil; raises for any other
// type. Borrowed while the table keeps it.
struct mx_slice mx_field_slice(
    lua_State *L, int index, const char *name, struct mx_slice otherwise);
int64_t mx_field_int(lua_State *L, int index, const char *name, int64_t otherwise);
bool mx_field_bool(lua_State *L, int index, const char *name, bool otherwise);

// [-0, +1] Pushes an empty native.buf. Borrowed while it is on the stack.
struct mx_buf *mx_buf_push(lua_State *L);

// Does `work` on the pool when called inside a task, else at once; `then` (NULL: bytes | nil, err)
// finds the answer by mx_task_answer(). Takes `work`. Return what it returns.
int mx_work_run(lua_State *L, struct mx_work *work, lua_KContext ctx, lua_KFunction then);

// [-0, +1] Pushes the exchange of the running task as a request. Returns 1.
int mx_request_push(lua_State *L, mx_exchange *exchange);
