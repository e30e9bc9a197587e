// A request as Lua sees it: the type `native.request`. The exchange belongs to the server; the box
// is emptied when it has been answered or has gone, and every use after that is a clean error.
#include "script/bindings.h"

#include <lauxlib.h>

#include "script/html.h"
#include "script/json.h"
#include "script/request.h"
#include "script/scope.h"
#include "script/state.h"

enum { HEADERS_MAX = 64 };

static const struct mx_exchange_ops *ops_of(lua_State *L) {
    return mx_script_of(L)->services.exchange_ops;
}

static mx_exchange *check_exchange(lua_State *L) {
    struct mx_request_box *box = luaL_checkudata(L, 1, MX_REQUEST_TYPE);
    luaL_argcheck(L, box->exchange != NULL, 1, "the request has been answered");
    return box->exchange;
}

// [-0, +1] nil for an absent slice.
static int push_optional(lua_State *L, struct mx_slice slice) {
    if (slice.ptr) {
        mx_slice_push(L, slice);
    } else {
        lua_pushnil(L);
    }
    return 1;
}

static void set_slice(lua_State *L, const char *name, struct mx_slice value) {
    mx_slice_push(L, value);
    lua_setfield(L, -2, name);
}

int mx_request_push(lua_State *L, mx_exchange *exchange) {
    mx_task *task = mx_script_of(L)->task;
    struct mx_request_box *box = lua_newuserdatauv(L, sizeof(*box), 0);
    box->exchange = exchange;
    box->task = task;
    luaL_setmetatable(L, MX_REQUEST_TYPE);
    if (task) {
        task->request = box;
    }
    return 1;
}

// --- reading ------------------------------------------------------------------------------------

static int l_header(lua_State *L) {
    return push_optional(L, ops_of(L)->header(check_exchange(L), mx_slice_check(L, 2)));
}

static int l_cookie(lua_State *L) {
    return push_optional(L, ops_of(L)->cookie(check_exchange(L), mx_slice_check(L, 2)));
}

// req:arg(name) -> its first value in the query | nil
static int l_arg(lua_State *L) {
    mx_exchange *exchange = check_exchange(L);
    struct mx_slice name = mx_slice_check(L, 2);
    struct mx_pair pair;
    for (size_t i = 0; ops_of(L)->arg(exchange, i, &pair); i++) {
        if (mx_slice_equal(pair.name, name)) {
            mx_slice_push(L, pair.value);
            return 1;
        }
    }
    lua_pushnil(L);
    return 1;
}

// req:args() -> { {name=, value=}, … } in their order
static int l_args(lua_State *L) {
    mx_exchange *exchange = check_exchange(L);
    struct mx_pair pair;
    lua_newtable(L);
    for (size_t i = 0; ops_of(L)->arg(exchange, i, &pair); i++) {
        lua_createtable(L, 0, 2);
        set_slice(L, "name", pair.name);
        set_slice(L, "value", pair.value);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

// [-0, +1]
static void push_form_item(lua_State *L, const struct mx_form_item *item) {
    lua_createtable(L, 0, 2);
    set_slice(L, "name", item->name);
    if (!item->path.ptr) {
        set_slice(L, "value", item->value);
        return;
    }
    lua_createtable(L, 0, 4); // item file
    set_slice(L, "path", item->path);
    set_slice(L, "filename", item->filename);
    set_slice(L, "type", item->type);
    lua_pushinteger(L, (lua_Integer)item->size);
    lua_setfield(L, -2, "size");
    lua_setfield(L, -2, "file"); // item
}

// req:form() -> { {name=, value=} or {name=, file=}, … } | nil, err
static int l_form(lua_State *L) {
    mx_exchange *exchange = check_exchange(L);
    struct mx_form_item item;
    struct mx_error err;
    if (ops_of(L)->form(exchange, &err) < 0) {
        return mx_failure_push(L, &err);
    }
    lua_newtable(L);
    for (size_t i = 0; ops_of(L)->form_item(exchange, i, &item); i++) {
        push_form_item(L, &item);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

static int l_body(lua_State *L) {
    mx_slice_push(L, ops_of(L)->body(check_exchange(L)));
    return 1;
}

// req:json() -> v | nil, err
static int l_json(lua_State *L) {
    struct mx_slice body = ops_of(L)->body(check_exchange(L));
    struct mx_error err;
    size_t offset;
    if (mx_json_decode(L, body, MX_JSON_DEPTH, &offset, &err) < 0) {
        mx_failure_push(L, &err);
        lua_pushinteger(L, (lua_Integer)offset);
        lua_setfield(L, -2, "offset");
        return 2;
    }
    return 1;
}

// --- answering ----------------------------------------------------------------------------------

struct header_list {
    struct mx_pair pairs[HEADERS_MAX];
    size_t count;
};

static bool has_control(struct mx_slice text) {
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            return true;
        }
    }
    return false;
}

// The value on top; it stays alive in the table of headers, or on the stack.
static void add_header(lua_State *L, struct header_list *list, struct mx_slice name) {
    struct mx_slice value;
    if (list->count == HEADERS_MAX) {
        luaL_error(L, "more than %d header fields", HEADERS_MAX);
    }
    value.ptr = lua_tolstring(L, -1, &value.len);
    if (!value.ptr) {
        luaL_error(L, "header '%s' must be a string or a list of strings", name.ptr);
    }
    if (has_control(name) || has_control(value)) {
        luaL_error(L, "header '%s' holds a control character", name.ptr);
    }
    list->pairs[list->count++] = (struct mx_pair){name, value};
}

static void add_header_list(lua_State *L, struct header_list *list, struct mx_slice name) {
    lua_Unsigned count = lua_rawlen(L, -1);
    for (lua_Unsigned i = 1; i <= count; i++) {
        if (lua_rawgeti(L, -1, (lua_Integer)i) != LUA_TSTRING) {
            luaL_error(L, "header '%s' must be a string or a list of strings", name.ptr);
        }
        add_header(L, list, name);
        lua_pop(L, 1);
    }
}

// The table at 3. Numbers are turned into strings that stay on the stack.
static void read_headers(lua_State *L, struct header_list *list) {
    if (lua_isnoneornil(L, 3)) {
        return;
    }
    luaL_checktype(L, 3, LUA_TTABLE);
    luaL_checkstack(L, HEADERS_MAX + 8, NULL);
    lua_pushnil(L);
    while (lua_next(L, 3)) { // … key value
        luaL_argcheck(L, lua_type(L, -2) == LUA_TSTRING, 3, "must have names as keys");
        struct mx_slice name;
        name.ptr = lua_tolstring(L, -2, &name.len);
        if (lua_type(L, -1) == LUA_TTABLE) {
            add_header_list(L, list, name);
            lua_pop(L, 1); // … key
        } else if (lua_type(L, -1) == LUA_TNUMBER) {
            add_header(L, list, name); // makes it a string in place
            lua_insert(L, -2);         // … text key
        } else {
            add_header(L, list, name);
            lua_pop(L, 1); // … key
        }
    }
}

static void read_body(lua_State *L, struct mx_reply_spec *reply) {
    if (lua_isnoneornil(L, 4)) {
        reply->body = (struct mx_slice){"", 0};
        return;
    }
    reply->body_buf = luaL_testudata(L, 4, MX_BUF_TYPE);
    if (reply->body_buf) {
        reply->body = mx_buf_slice(reply->body_buf);
    } else if (!mx_html_get(L, 4, &reply->body)) {
        reply->body = mx_slice_check(L, 4);
    }
}

// What the whole task has read so far, whichever scopes are open.
static void read_deps(lua_State *L, struct mx_reply_spec *reply) {
    mx_task *task = mx_script_of(L)->task;
    if (!task || !task->scope) {
        reply->shared = false;
        return;
    }
    if (task->scope->outer) {
        luaL_error(L, "a cache scope is still open: close it before the reply");
    }
    reply->deps = task->scope->deps;
}

// req:reply(status, headers, body [, {shared=bool, note=integer}]) -> true | nil, err
static int l_reply(lua_State *L) {
    mx_exchange *exchange = check_exchange(L);
    struct header_list headers = {.count = 0};
    struct mx_reply_spec reply = {.status = (int)luaL_checkinteger(L, 2)};
    struct mx_error err;
    luaL_argcheck(L, reply.status >= 200 && reply.status <= 599, 2, "must be 200 to 599");
    lua_settop(L, 5);
    if (!lua_isnil(L, 5)) {
        luaL_checktype(L, 5, LUA_TTABLE);
        reply.shared = mx_field_bool(L, 5, "shared", false);
        reply.note = (uint64_t)mx_field_int(L, 5, "note", 0);
    }
    read_body(L, &reply);
    read_headers(L, &headers);
    reply.headers = headers.pairs;
    reply.header_count = headers.count;
    if (reply.shared) {
        read_deps(L, &reply);
    }
    if (ops_of(L)->reply(exchange, &reply, &err) < 0) {
        return mx_failure_push(L, &err);
    }
    struct mx_request_box *box = lua_touserdata(L, 1);
    if (box->task && box->task->request == box) {
        box->task->request = NULL;
    }
    box->exchange = NULL;
    lua_pushboolean(L, 1);
    return 1;
}

static enum mx_same_site read_same_site(lua_State *L) {
    struct mx_slice name = mx_field_slice(L, 4, "same_site", MX_SLICE("Lax"));
    if (mx_slice_equal_nocase(name, MX_SLICE("Lax"))) {
        return MX_SAME_SITE_LAX;
    }
    if (mx_slice_equal_nocase(name, MX_SLICE("Strict"))) {
        return MX_SAME_SITE_STRICT;
    }
    if (!mx_slice_equal_nocase(name, MX_SLICE("None"))) {
        luaL_argerror(L, 4, "'same_site' must be Lax, Strict or None");
    }
    return MX_SAME_SITE_NONE;
}

// req:set_cookie(name, value [, {max_age=, http_only=true, same_site="Lax", path="/"}])
static int l_set_cookie(lua_State *L) {
    mx_exchange *exchange = check_exchange(L);
    lua_settop(L, 4);
    if (lua_isnil(L, 4)) {
        lua_newtable(L);
        lua_replace(L, 4);
    }
    luaL_checktype(L, 4, LUA_TTABLE);
    struct mx_cookie_spec cookie = {
        .name = mx_slice_check(L, 2),
        .value = mx_slice_check(L, 3),
        .path = mx_field_slice(L, 4, "path", MX_SLICE("/")),
        .max_age = mx_field_int(L, 4, "max_age", -1),
        .http_only = mx_field_bool(L, 4, "http_only", true),
        .same_site = read_same_site(L),
    };
    struct mx_error err;
    if (ops_of(L)->set_cookie(exchange, &cookie, &err) < 0) {
        return mx_failure_push(L, &err);
    }
    lua_pushboolean(L, 1);
    return 1;
}

// --- the type -----------------------------------------------------------------------------------

static const char *const field_names[] = {
    [MX_REQUEST_METHOD] = "method",
    [MX_REQUEST_PATH] = "path",
    [MX_REQUEST_TARGET] = "target",
    [MX_REQUEST_QUERY] = "query",
    [MX_REQUEST_HOST] = "host",
    [MX_REQUEST_SCHEME] = "scheme",
    [MX_REQUEST_REMOTE] = "remote",
    [MX_REQUEST_ID] = "id",
};

enum { FIELD_SECURE = MX_REQUEST_ID + 1 };

// Whether argument 1 is a request, without a look into the registry: fields are read often.
static bool has_meta(lua_State *L, int meta) {
    bool has = lua_touserdata(L, 1) != NULL && lua_getmetatable(L, 1); // … meta?
    if (has) {
        has = lua_rawequal(L, -1, meta);
        lua_pop(L, 1);
    }
    return has;
}

// Methods are in upvalue 1; fields, by name to number, in upvalue 2; the metatable is in 3.
static int l_index(lua_State *L) {
    lua_settop(L, 2);
    if (!has_meta(L, lua_upvalueindex(3))) {
        return luaL_typeerror(L, 1, MX_REQUEST_TYPE);
    }
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) {
        return 1;
    }
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(2)) == LUA_TNIL) {
        return 1;
    }
    int field = (int)lua_tointeger(L, -1);
    mx_exchange *exchange = ((struct mx_request_box *)lua_touserdata(L, 1))->exchange;
    luaL_argcheck(L, exchange != NULL, 1, "the request has been answered");
    if (field == FIELD_SECURE) {
        lua_pushboolean(L, ops_of(L)->is_secure(exchange));
        return 1;
    }
    return push_optional(L, ops_of(L)->field(exchange, (enum mx_request_field)field));
}

static const luaL_Reg request_methods[] = {
    {"arg", l_arg},
    {"args", l_args},
    {"body", l_body},
    {"cookie", l_cookie},
    {"form", l_form},
    {"header", l_header},
    {"json", l_json},
    {"reply", l_reply},
    {"set_cookie", l_set_cookie},
    {NULL, NULL},
};

int mx_luaopen_request(lua_State *L) {
    luaL_newmetatable(L, MX_REQUEST_TYPE); // meta
    luaL_newlib(L, request_methods);       // meta methods
    lua_newtable(L);                       // meta methods fields
    for (int i = 0; i < FIELD_SECURE; i++) {
        lua_pushinteger(L, i);
        lua_setfield(L, -2, field_names[i]);
    }
    lua_pushinteger(L, FIELD_SECURE);
    lua_setfield(L, -2, "secure");
    lua_pushvalue(L, -3);
    lua_pushcclosure(L, l_index, 3); // meta index
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
    lua_newtable(L); // a type without functions of its own
    return 1;
}
