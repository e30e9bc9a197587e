// Tasks run on coroutines of the trusted state. A coroutine that ended well goes back to a pool;
// one that ended in an error, or was cancelled, is dropped: hooks may no longer fire on it, and
// closing it would run its <close> handlers.
#include "script/task.h"

#include <assert.h>
#include <string.h>

#include <lauxlib.h>

#include "platform/alloc.h"
#include "platform/log.h"
#include "script/bindings.h"
#include "script/scope.h"
#include "script/state.h"
#include "script/value.h"

enum { SLICE_MEMORY = 64 * 1024 * 1024 }; // growth of the state in one slice

// --- values in --------------------------------------------------------------------------------

static int push_value(lua_State *L, struct mx_slice bytes) {
    struct mx_error err;
    if (mx_value_decode(L, bytes, &err) < 0) {
        return mx_failure_push(L, &err);
    }
    return 1;
}

// [-0, +1] Fields that came more than once are one, their values joined by ", ".
static void push_fields(lua_State *L, const struct mx_client_reply *reply) {
    lua_createtable(L, 0, (int)reply->field_count); // {}
    for (size_t i = 0; i < reply->field_count; i++) {
        mx_slice_push(L, reply->fields[i].name); // {} name
        lua_pushvalue(L, -1);                    // {} name name
        if (lua_rawget(L, -3) == LUA_TNIL) {     // {} name before
            lua_pop(L, 1);
            mx_slice_push(L, reply->fields[i].value); // {} name value
        } else {
            lua_pushliteral(L, ", ");
            mx_slice_push(L, reply->fields[i].value);
            lua_concat(L, 3); // {} name values
        }
        lua_rawset(L, -3); // {}
    }
}

static int push_reply(lua_State *L, const struct mx_client_reply *reply) {
    lua_createtable(L, 0, 4); // {}
    lua_pushinteger(L, reply->status);
    lua_setfield(L, -2, "status");
    push_fields(L, reply);
    lua_setfield(L, -2, "headers");
    mx_slice_push(L, reply->body);
    lua_setfield(L, -2, "body");
    lua_pushinteger(L, reply->elapsed_ms);
    lua_setfield(L, -2, "elapsed_ms");
    return 1;
}

int mx_arg_push(lua_State *L, const struct mx_arg *arg) {
    switch (arg->kind) {
    case MX_ARG_NIL: lua_pushnil(L); return 1;
    case MX_ARG_BOOLEAN: lua_pushboolean(L, arg->integer != 0); return 1;
    case MX_ARG_INTEGER: lua_pushinteger(L, arg->integer); return 1;
    case MX_ARG_BYTES:
        lua_pushlstring(L, arg->bytes.len ? arg->bytes.ptr : "", arg->bytes.len);
        return 1;
    case MX_ARG_VALUE: return push_value(L, arg->bytes);
    case MX_ARG_FAILURE: return mx_failure_push(L, arg->error);
    case MX_ARG_EXCHANGE: return mx_request_push(L, arg->exchange);
    case MX_ARG_REPLY: return push_reply(L, arg->reply);
    }
    assert(!"no such kind of argument");
    return 0;
}

// --- coroutines -------------------------------------------------------------------------------

static int l_new_coroutine(lua_State *L) {
    struct mx_coroutine *co = lua_touserdata(L, 1);
    co->L = lua_newthread(L); // co thread
    co->ref = luaL_ref(L, LUA_REGISTRYINDEX);
    return 0;
}

static int take_coroutine(mx_script *script, struct mx_coroutine *out) {
    if (script->pool_count > 0) {
        *out = script->pool[--script->pool_count];
        return MX_OK;
    }
    lua_State *L = script->state.L;
    *out = (struct mx_coroutine){NULL, LUA_NOREF};
    lua_pushcfunction(L, l_new_coroutine);
    lua_pushlightuserdata(L, out);
    if (lua_pcall(L, 1, 0, 0) != LUA_OK) {
        lua_pop(L, 1);
        return MX_E_LIMIT;
    }
    return MX_OK;
}

static void drop_coroutine(mx_script *script, struct mx_coroutine *co) {
    luaL_unref(script->state.L, LUA_REGISTRYINDEX, co->ref);
    *co = (struct mx_coroutine){NULL, LUA_NOREF};
}

static void give_back_coroutine(mx_script *script, struct mx_coroutine *co) {
    if (script->pool_count == MX_POOL_MAX) {
        drop_coroutine(script, co);
        return;
    }
    lua_settop(co->L, 0);
    script->pool[script->pool_count++] = *co;
    *co = (struct mx_coroutine){NULL, LUA_NOREF};
}

// --- life of a task ---------------------------------------------------------------------------

static mx_task *create(mx_script *script) {
    mx_task *task = mx_alloc(sizeof(*task));
    task->script = script;
    task->id = ++script->last_task_id;
    task->co.ref = LUA_NOREF;
    task->next = script->tasks;
    if (script->tasks) {
        script->tasks->previous = task;
    }
    script->tasks = task;
    script->stats.tasks++;
    return task;
}

static void release_request(mx_task *task) {
    if (task->request) {
        task->request->exchange = NULL;
        task->request = NULL;
    }
}

static void destroy(mx_task *task) {
    mx_script *script = task->script;
    release_request(task);
    mx_scope_close_all(&task->scope);
    if (task->previous) {
        task->previous->next = task->next;
    } else {
        script->tasks = task->next;
    }
    if (task->next) {
        task->next->previous = task->previous;
    }
    script->stats.tasks--;
    mx_free(task);
}

void mx_task_drop_all(mx_script *script) {
    while (script->tasks) {
        destroy(script->tasks); // coroutines go with the state
    }
    script->spawned = NULL;
    script->spawned_end = &script->spawned;
}

// --- ends -------------------------------------------------------------------------------------

struct trace_request {
    lua_State *co;
    const char *message; // NULL: the error on the coroutine's stack
    char *text;          // owned
};

static int l_trace(lua_State *L) {
    struct trace_request *request = lua_touserdata(L, 1);
    lua_State *co = request->co;
    const char *message = "no message";
    if (request->message) {
        message = request->message;
    } else if (lua_type(co, -1) == LUA_TSTRING) {
        message = lua_tostring(co, -1);
    } else if (lua_checkstack(co, 1) && lua_checkstack(L, 2)) {
        lua_pushvalue(co, -1);
        lua_xmove(co, L, 1);                   // request error
        message = luaL_tolstring(L, -1, NULL); // request error text
    }
    luaL_traceback(L, co, message, 0); // ... trace
    request->text = mx_strdup(lua_tostring(L, -1));
    return 0;
}

// The error's text with the stack of the dead coroutine. Owned: mx_free().
static char *trace_of(mx_script *script, lua_State *co, const char *message) {
    struct trace_request request = {co, message, NULL};
    lua_State *L = script->state.L;
    lua_pushcfunction(L, l_trace);
    lua_pushlightuserdata(L, &request);
    if (lua_pcall(L, 1, 0, 0) != LUA_OK) {
        lua_pop(L, 1);
    }
    return request.text ? request.text : mx_strdup("no memory for a trace");
}

static void finish(mx_task *task, const struct mx_task_result *result) {
    mx_task_fn fn = task->fn;
    void *ctx = task->ctx;
    destroy(task);
    if (fn) {
        fn(ctx, result);
    }
}

static void finish_well(mx_task *task, int nresults) {
    struct mx_task_result result = {.code = MX_OK};
    lua_State *co = task->co.L;
    if (nresults > 0 && lua_isinteger(co, -nresults)) {
        result.integer = lua_tointeger(co, -nresults);
    }
    give_back_coroutine(task->script, &task->co);
    finish(task, &result);
}

static void finish_badly(mx_task *task, int status, const char *message, const struct mx_run *run) {
    struct mx_task_result result;
    mx_script *script = task->script;
    bool is_memory = status == LUA_ERRMEM || run->over == MX_OVER_MEMORY;
    char *trace =
        is_memory ? mx_strdup("the task ran out of memory") : trace_of(script, task->co.L, message);
    script->stats.failures++;
    mx_log_error("%s", trace);
    enum mx_code code = run->over || is_memory ? MX_E_LIMIT : MX_E_SYSTEM;
    result.integer = 0;
    result.code = mx_fail(&result.err, code, "%.*s", (int)strcspn(trace, "\n"), trace);
    mx_free(trace);
    drop_coroutine(script, &task->co);
    if (is_memory) {
        lua_gc(script->state.L, LUA_GCCOLLECT); // what it hoarded hung on the coroutine
    }
    finish(task, &result);
}

// --- slices -----------------------------------------------------------------------------------

static uint64_t cache_seq(const mx_script *script) {
    const struct mx_services *services = &script->services;
    return services->cache_seq ? services->cache_seq(services->ctx) : 0;
}

// Runs from the top of the coroutine's stack to the next wait or the end.
static void run_slice(mx_task *task, int nargs) {
    mx_script *script = task->script;
    mx_task *outer = script->task;
    struct mx_budget budget = {.ms = script->options.slice_ms, .memory = SLICE_MEMORY};
    struct mx_run run;
    int nresults = 0;

    script->task = task;
    script->stats.slices++;
    task->state = MX_TASK_RUNNING;
    task->slice_seq = cache_seq(script);
    mx_run_enter(&run, task->co.L, &budget);
    int status = lua_resume(task->co.L, NULL, nargs, &nresults);
    mx_run_leave(&run);
    script->task = outer;
    if (script->options.db) {
        mx_db_slice_end(script->options.db);
    }

    if (status == LUA_YIELD && task->state == MX_TASK_WAITING) {
        lua_pop(task->co.L, nresults);
    } else if (status == LUA_OK) {
        finish_well(task, nresults);
    } else if (status == LUA_YIELD) { // a bare coroutine.yield: nobody would ever answer
        finish_badly(task, status, "a task may wait only inside a native function", &run);
    } else {
        finish_badly(task, status, NULL, &run);
    }
}

static void run_spawned(mx_script *script) {
    while (script->spawned && !script->task) {
        mx_task *task = script->spawned;
        script->spawned = task->next_spawned;
        if (!script->spawned) {
            script->spawned_end = &script->spawned;
        }
        run_slice(task, task->nargs);
    }
}

// --- starting ---------------------------------------------------------------------------------

static int after_entry(lua_State *L, int status, lua_KContext ctx) {
    (void)status;
    (void)ctx;
    return lua_gettop(L);
}

// The body of a task: [1] its argument, as a light userdata that is valid in the first slice.
static int l_enter(lua_State *L) {
    const struct mx_arg *arg = lua_touserdata(L, 1);
    int entry = (int)(intptr_t)lua_touserdata(L, 2);
    lua_settop(L, 0);
    lua_rawgeti(L, LUA_REGISTRYINDEX, entry); // fn
    int nargs = 0;
    if (arg->kind == MX_ARG_EXCHANGE && arg->integer != 0) { // of MX_ENTRY_ERROR
        lua_pushinteger(L, arg->integer);                    // fn status
        nargs++;
    }
    nargs += mx_arg_push(L, arg); // fn args
    lua_callk(L, nargs, LUA_MULTRET, 0, after_entry);
    return after_entry(L, LUA_OK, 0);
}

static void refuse(enum mx_code code, const char *text, mx_task_fn fn, void *ctx) {
    struct mx_task_result result = {.integer = 0};
    result.code = mx_fail(&result.err, code, "%s", text);
    if (fn) {
        fn(ctx, &result);
    }
}

mx_task *mx_task_start(
    mx_script *script, enum mx_entry entry, const struct mx_arg *arg, mx_task_fn fn, void *ctx) {
    static const char *const missing[] = {
        "boot.lua gives no function 'request'",
        "boot.lua gives no function 'error'",
        "boot.lua gives no function 'tick'",
    };
    if (script->entry_refs[entry] == LUA_NOREF) {
        refuse(MX_E_MISSING, missing[entry], fn, ctx);
        return NULL;
    }
    struct mx_coroutine co;
    if (take_coroutine(script, &co) < 0) {
        refuse(MX_E_LIMIT, "no memory for another task", fn, ctx);
        return NULL;
    }
    mx_task *task = create(script);
    uint64_t id = task->id;
    task->co = co;
    task->fn = fn;
    task->ctx = ctx;
    mx_scope_open(&task->scope, cache_seq(script));
    lua_pushcfunction(co.L, l_enter);
    lua_pushlightuserdata(co.L, (void *)(uintptr_t)arg);
    lua_pushlightuserdata(co.L, (void *)(intptr_t)script->entry_refs[entry]);
    run_slice(task, 2);
    run_spawned(script);
    for (task = script->tasks; task && task->id > id; task = task->next) {
    }
    return task && task->id == id ? task : NULL; // ids fall along the list
}

mx_task *mx_task_spawn(lua_State *L, int nargs) {
    mx_script *script = mx_script_of(L);
    struct mx_coroutine co;
    if (script->pool_count > 0) {
        co = script->pool[--script->pool_count];
    } else {
        co.L = lua_newthread(L);
        co.ref = luaL_ref(L, LUA_REGISTRYINDEX);
    }
    mx_task *task = create(script);
    task->co = co;
    if (!lua_checkstack(co.L, nargs + 1)) {
        drop_coroutine(script, &task->co);
        destroy(task);
        luaL_error(L, "too many arguments for a task");
    }
    lua_xmove(L, co.L, nargs + 1);
    task->nargs = nargs;
    task->generation = script->task ? script->task->generation : 0;
    *script->spawned_end = task;
    script->spawned_end = &task->next_spawned;
    return task;
}

// --- waiting ----------------------------------------------------------------------------------

mx_task *mx_task_find(lua_State *L) {
    mx_task *task = mx_script_of(L)->task;
    return task && task->co.L == L && lua_isyieldable(L) ? task : NULL;
}

mx_task *mx_task_check(lua_State *L) {
    mx_task *task = mx_task_find(L);
    if (!task) {
        luaL_error(L, "this waits, so it can only be called inside a task and not from a callback");
    }
    return task;
}

int mx_task_wait(lua_State *L, lua_KContext ctx, lua_KFunction then) {
    mx_script_of(L)->task->state = MX_TASK_WAITING;
    return lua_yieldk(L, 0, ctx, then);
}

const struct mx_arg *mx_task_answer(lua_State *L) {
    const struct mx_arg *answer = lua_touserdata(L, -1);
    lua_pop(L, 1);
    return answer;
}

void mx_task_resume(mx_task *task, const struct mx_arg *answer) {
    if (task->state == MX_TASK_CANCELLED) {
        destroy(task);
        return;
    }
    assert(task->state == MX_TASK_WAITING); // each wait is answered once, never inside the call
    mx_script *script = task->script;
    lua_pushlightuserdata(task->co.L, (void *)(uintptr_t)answer);
    run_slice(task, 1);
    run_spawned(script);
}

void mx_task_cancel(mx_task *task) {
    if (!task) {
        return;
    }
    assert(task->state == MX_TASK_WAITING);
    release_request(task);
    drop_coroutine(task->script, &task->co);
    mx_scope_close_all(&task->scope);
    task->state = MX_TASK_CANCELLED;
}

uint64_t mx_task_generation(const mx_task *task) {
    return task->generation;
}
