// What a page was made of: the module `native.cache`. Scopes belong to the running task; the
// entries to the server.
#include "script/bindings.h"

#include <string.h>

#include <lauxlib.h>

#include "script/scope.h"
#include "script/state.h"

static struct mx_scope **scopes(lua_State *L) {
    mx_script *script = mx_script_of(L);
    return script->task ? &script->task->scope : &script->scope;
}

static uint64_t slice_seq(lua_State *L) {
    const mx_script *script = mx_script_of(L);
    if (script->task) {
        return script->task->slice_seq;
    }
    const struct mx_services *services = &script->services;
    if (services->cache_holds) {
        return script->outside_seq; // a reader: its snapshot may be as old as this
    }
    return services->cache_seq ? services->cache_seq(services->ctx) : 0;
}

// read(tag): what is being made depends on it
static int l_read(lua_State *L) {
    mx_scope_read(*scopes(L), mx_slice_hash(mx_slice_check(L, 1)));
    return 0;
}

// until(ms): it holds until then at most
static int l_until(lua_State *L) {
    mx_scope_until(*scopes(L), luaL_checkinteger(L, 1));
    return 0;
}

// open(): a scope inside the present one
static int l_open(lua_State *L) {
    mx_scope_open(scopes(L), slice_seq(L));
    return 0;
}

// The bytes of a string or a native.buf.
static struct mx_slice check_bytes(lua_State *L, int index) {
    const mx_buf *buf = luaL_testudata(L, index, MX_BUF_TYPE);
    return buf ? mx_buf_slice(buf) : mx_slice_check(L, index);
}

// The scope of the task itself is not Lua's to end.
static void check_open(lua_State *L, struct mx_scope **top) {
    bool is_root = *top && !(*top)->outer && mx_script_of(L)->task && mx_script_of(L)->task->fn;
    luaL_argcheck(L, *top != NULL && !is_root, 1, "no scope is open");
}

// close([key, bytes or buf]): ends the scope and stores what was made in it
static int l_close(lua_State *L) {
    const struct mx_services *services = &mx_script_of(L)->services;
    struct mx_scope **top = scopes(L);
    check_open(L, top);
    if (!lua_isnoneornil(L, 1)) {
        struct mx_slice key = mx_slice_check(L, 1);
        struct mx_slice bytes = check_bytes(L, 2);
        if (services->cache_put) {
            services->cache_put(services->ctx, key, bytes, &(*top)->deps);
        }
    }
    mx_scope_close(top);
    return 0;
}

// --- values that are kept in Lua
// ------------------------------------------------------------------

#define DEPS_TYPE "native.cache.deps"

// What a value was made of. A reader compares with the stamps; where there are none (the writer,
// tools, tests) the touches of this state are counted.
struct deps_box {
    int64_t until_ms;
    uint64_t seq;     // of the first read
    uint64_t checked; // sequence at which it was last found to hold
    uint64_t touches; // of all tags together
    size_t count;
    uint64_t tags[];
};

static uint64_t count_touches(lua_State *L, const uint64_t *tags, size_t count) {
    const mx_script *script = mx_script_of(L);
    uint64_t sum = script->doubts;
    for (size_t i = 0; i < count; i++) {
        sum += script->touches[tags[i] % MX_TOUCH_SLOTS];
    }
    return sum;
}

// finish() -> deps: ends the scope; what was read in it can be asked again with renew()
static int l_finish(lua_State *L) {
    struct mx_scope **top = scopes(L);
    check_open(L, top);
    const struct mx_cache_deps *deps = &(*top)->deps;
    size_t size = deps->count * sizeof(uint64_t);
    struct deps_box *box = lua_newuserdatauv(L, sizeof(*box) + size, 0);
    *box = (struct deps_box){.until_ms = deps->until_ms, .seq = deps->seq, .count = deps->count};
    if (size > 0) {
        memcpy(box->tags, deps->tags, size);
    }
    box->touches = count_touches(L, box->tags, box->count);
    luaL_setmetatable(L, DEPS_TYPE);
    mx_scope_close(top);
    return 1;
}

static bool holds_still(lua_State *L, struct deps_box *box) {
    const struct mx_services *services = &mx_script_of(L)->services;
    if (!services->cache_holds) {
        return count_touches(L, box->tags, box->count) == box->touches;
    }
    uint64_t seq = slice_seq(L);
    if (box->checked == seq) {
        return true;
    }
    for (size_t i = 0; i < box->count; i++) {
        if (!services->cache_holds(services->ctx, box->tags[i], box->seq)) {
            return false;
        }
    }
    box->checked = seq;
    return true;
}

// What was found to hold is as of this moment, however long ago it was made: none of its tags was
// touched since. So it does not make the open scope older, or a page with one old part would be
// taken for stale because of whatever else on it was touched in between.
static void merge_valid(lua_State *L, struct mx_cache_deps deps) {
    deps.seq = UINT64_MAX;
    mx_scope_merge(*scopes(L), &deps);
}

// renew(deps, now) -> whether nothing of it was touched and no boundary has passed; the open scope
// then depends on it, too
static int l_renew(lua_State *L) {
    struct deps_box *box = luaL_checkudata(L, 1, DEPS_TYPE);
    bool holds = luaL_checkinteger(L, 2) < box->until_ms && holds_still(L, box);
    if (holds) {
        merge_valid(L, (struct mx_cache_deps){box->tags, box->count, box->until_ms, 0});
    }
    lua_pushboolean(L, holds);
    return 1;
}

// --- rendered bytes
// -------------------------------------------------------------------------------

// get(key [, buf]) -> bytes | nil: only what still holds, printed into `buf` (which is returned)
// when there is one; the open scope then depends on what it was made of
static int l_get(lua_State *L) {
    struct mx_slice key = mx_slice_check(L, 1);
    bool prints = !lua_isnoneornil(L, 2);
    const struct mx_services *services = &mx_script_of(L)->services;
    struct mx_cache_deps deps = {NULL, 0, INT64_MAX, UINT64_MAX};
    mx_buf *out = prints ? luaL_checkudata(L, 2, MX_BUF_TYPE) : mx_scratch_take(L);
    if (!services->cache_get || !services->cache_get(services->ctx, key, out, &deps)) {
        lua_pushnil(L);
        return 1;
    }
    merge_valid(L, deps);
    if (prints) {
        lua_settop(L, 2);
    } else {
        mx_scratch_push(L);
    }
    return 1;
}

// touch(tag): in commands; whatever depends on it is stale after the commit
static int l_touch(lua_State *L) {
    struct mx_slice tag = mx_slice_check(L, 1);
    const struct mx_services *services = &mx_script_of(L)->services;
    if (services->cache_touch) {
        services->cache_touch(services->ctx, tag);
    }
    mx_script_of(L)->touches[mx_slice_hash(tag) % MX_TOUCH_SLOTS]++;
    return 0;
}

// What a value that is loaded now and kept in Lua may be labelled with. A reader's snapshot shows
// what was committed at its sequence; the writer sees its own touches before they are committed.
static uint64_t label_of(lua_State *L, uint64_t tag) {
    const mx_script *script = mx_script_of(L);
    if (script->services.cache_holds) {
        return slice_seq(L);
    }
    return script->touches[tag % MX_TOUCH_SLOTS] + script->doubts;
}

// label(tag) -> integer to keep beside a value that is loaded now
static int l_label(lua_State *L) {
    lua_pushinteger(L, (lua_Integer)label_of(L, mx_slice_hash(mx_slice_check(L, 1))));
    return 1;
}

// holds(tag, label) -> whether a value with that label is still true
static int l_holds(lua_State *L) {
    uint64_t tag = mx_slice_hash(mx_slice_check(L, 1));
    uint64_t label = (uint64_t)luaL_checkinteger(L, 2);
    const struct mx_services *services = &mx_script_of(L)->services;
    bool holds = services->cache_holds ? services->cache_holds(services->ctx, tag, label)
                                       : label_of(L, tag) == label;
    lua_pushboolean(L, holds);
    return 1;
}

// doubt(): what this state touched or loaded may have been rolled back; nothing it kept holds
static int l_doubt(lua_State *L) {
    mx_script_of(L)->doubts++;
    return 0;
}

// seq() -> the sequence that the running slice sees
static int l_seq(lua_State *L) {
    lua_pushinteger(L, (lua_Integer)slice_seq(L));
    return 1;
}

// --- rules --------------------------------------------------------------------------------------

enum { NAMES_MAX = 64 };

// Fills `names` from the list in field `name` of the table at 1; the strings stay alive in it.
static size_t read_names(lua_State *L, const char *name, struct mx_slice *names) {
    size_t count = 0;
    if (lua_getfield(L, 1, name) != LUA_TNIL) {
        luaL_checktype(L, -1, LUA_TTABLE);
        count = (size_t)lua_rawlen(L, -1);
        if (count > NAMES_MAX) {
            luaL_error(L, "'%s' has more than %d names", name, NAMES_MAX);
        }
        for (size_t i = 0; i < count; i++) {
            if (lua_rawgeti(L, -1, (lua_Integer)i + 1) != LUA_TSTRING) {
                luaL_error(L, "'%s' must be a list of names", name);
            }
            names[i].ptr = lua_tolstring(L, -1, &names[i].len);
            lua_pop(L, 1);
        }
    }
    lua_pop(L, 1);
    return count;
}

// configure{query={…}, private_cookies={…}, key_cookies={…}} -> true | nil, err
static int l_configure(lua_State *L) {
    struct mx_slice query[NAMES_MAX];
    struct mx_slice private_cookies[NAMES_MAX];
    struct mx_slice key_cookies[NAMES_MAX];
    luaL_checktype(L, 1, LUA_TTABLE);
    struct mx_cache_rules rules = {
        .query = query,
        .query_count = read_names(L, "query", query),
        .private_cookies = private_cookies,
        .private_count = read_names(L, "private_cookies", private_cookies),
        .key_cookies = key_cookies,
        .key_count = read_names(L, "key_cookies", key_cookies),
    };
    const struct mx_services *services = &mx_script_of(L)->services;
    struct mx_error err;
    if (services->cache_configure && services->cache_configure(services->ctx, &rules, &err) < 0) {
        return mx_failure_push(L, &err);
    }
    lua_pushboolean(L, 1);
    return 1;
}

static const luaL_Reg cache_module[] = {
    {"close", l_close},
    {"configure", l_configure},
    {"doubt", l_doubt},
    {"finish", l_finish},
    {"get", l_get},
    {"holds", l_holds},
    {"label", l_label},
    {"open", l_open},
    {"read", l_read},
    {"renew", l_renew},
    {"seq", l_seq},
    {"touch", l_touch},
    {"until", l_until},
    {NULL, NULL},
};

int mx_luaopen_cache(lua_State *L) {
    luaL_newmetatable(L, DEPS_TYPE);
    lua_pop(L, 1);
    luaL_newlib(L, cache_module);
    return 1;
}
