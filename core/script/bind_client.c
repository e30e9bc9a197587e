// Lua's view of core/client: the module `native.client`. In the jobs thread a call yields and the
// reply resumes the task; tools and tests have a loop of their own, which runs until it is there.
#include "script/bindings.h"

#include <limits.h>

#include <lauxlib.h>

#include "script/outgoing.h"
#include "script/state.h"

enum {
    CONNECT_MS = 5000,
    TOTAL_MS = 30000,
    TOTAL_MS_MAX = 600000,
    BODY_MAX = 1024 * 1024,
    BODY_MAX_MOST = 64 * 1024 * 1024,
    REDIRECTS_MAX = 10,
    AT_ONCE_MAX = 64,
    ALONE_AT_ONCE = 16,
    LIST_MAX = 1000,
};

// --- the way out --------------------------------------------------------------------------------

static bool allows_private(const mx_script *script) {
    for (size_t i = 0; i < script->options.option_count; i++) {
        const struct mx_pair *pair = &script->options.options[i];
        if (mx_slice_equal(pair->name, MX_SLICE("client_private"))) {
            return mx_slice_equal(pair->value, MX_SLICE("true"));
        }
    }
    return false;
}

static int open_alone(mx_script *script, struct mx_error *err) {
    char agent[64];
    snprintf(agent, sizeof(agent), "Merx/%.40s", script->options.version);
    struct mx_client_options options = {
        .transfer_max = ALONE_AT_ONCE,
        .waiting_max = ALONE_AT_ONCE,
        .allow_private = allows_private(script),
        .user_agent = agent,
    };
    int rc = script->loop ? MX_OK : mx_loop_create(&script->loop, err);
    return rc < 0 ? rc : mx_outgoing_open(script->loop, &options, &script->outgoing, err);
}

void mx_script_close_outgoing(mx_script *script) {
    mx_outgoing_close(script->outgoing);
    mx_loop_destroy(script->loop);
    script->outgoing = NULL;
    script->loop = NULL;
}

// The client to use from here; raises where there is none.
static mx_client *check_client(lua_State *L) {
    mx_script *script = mx_script_of(L);
    enum mx_role role = script->options.role;
    struct mx_error err;
    if (script->services.client) {
        mx_task_check(L);
        return script->services.client;
    }
    if (role != MX_ROLE_TOOL && role != MX_ROLE_TEST) {
        luaL_error(L, "nothing leaves from this thread: let a job do it");
    }
    if (!script->outgoing && open_alone(script, &err) < 0) {
        luaL_error(L, "%s", err.text);
    }
    return mx_outgoing_client(script->outgoing);
}

// --- waiting for the reply ----------------------------------------------------------------------

static int l_push_arg(lua_State *L) {
    return mx_arg_push(L, lua_touserdata(L, 1));
}

// Somebody waits: a task, or, with `L`, the caller itself.
struct waiting {
    lua_State *L;
    bool is_over;
    int status; // of Lua
};

static void on_reply_alone(
    void *ctx, const struct mx_client_reply *reply, const struct mx_error *err) {
    struct waiting *waiting = ctx;
    struct mx_arg arg = {
        .kind = reply ? MX_ARG_REPLY : MX_ARG_FAILURE, .reply = reply, .error = err};
    lua_pushcfunction(waiting->L, l_push_arg);
    lua_pushlightuserdata(waiting->L, &arg);
    waiting->status = lua_pcall(waiting->L, 1, 2, 0); // a raise must not pass through the client
    waiting->is_over = true;
}

static void on_reply(void *ctx, const struct mx_client_reply *reply, const struct mx_error *err) {
    struct mx_arg arg = {
        .kind = reply ? MX_ARG_REPLY : MX_ARG_FAILURE, .reply = reply, .error = err};
    mx_task_resume(ctx, &arg);
}

static int after_reply(lua_State *L, int status, lua_KContext ctx) {
    (void)status;
    (void)ctx;
    return mx_arg_push(L, mx_task_answer(L));
}

// Whom the client tells: the running task, or `waiting`.
struct listener {
    mx_client_fn fn;
    void *ctx;
};

static struct listener listener_of(lua_State *L, struct waiting *waiting) {
    const mx_script *script = mx_script_of(L);
    return script->services.client ? (struct listener){on_reply, script->task}
                                   : (struct listener){on_reply_alone, waiting};
}

// After the start, which gave `rc`: yields, or runs the script's own loop until it is over.
static int wait_for(lua_State *L, int rc, struct waiting *waiting, const struct mx_error *err) {
    if (rc < 0) {
        return mx_failure_push(L, err);
    }
    if (mx_script_of(L)->services.client) {
        return mx_task_wait(L, 0, after_reply);
    }
    while (!waiting->is_over) {
        mx_loop_turn(mx_script_of(L)->loop, true);
    }
    return waiting->status == LUA_OK ? 2 : lua_error(L);
}

// --- arguments ----------------------------------------------------------------------------------

// The field `name` as a number from `min` to `max`, or raises.
static unsigned check_number(
    lua_State *L, int index, const char *name, int64_t otherwise, int64_t min, int64_t max) {
    int64_t value = mx_field_int(L, index, name, otherwise);
    if (value < min || value > max) {
        luaL_error(L, "'%s' must be from %I to %I", name, (LUAI_UACINT)min, (LUAI_UACINT)max);
    }
    return (unsigned)value;
}

// [-0, +1] The table in field `name`, an empty one for nil; its index.
static int push_table(lua_State *L, int index, const char *name) {
    int type = lua_getfield(L, index, name);
    if (type == LUA_TNIL) {
        lua_pop(L, 1);
        lua_newtable(L);
    } else if (type != LUA_TTABLE) {
        luaL_error(L, "'%s' must be a table, not a %s", name, lua_typename(L, type));
    }
    return lua_gettop(L);
}

static void *push_array(lua_State *L, size_t count, size_t size) {
    if (count > LIST_MAX) {
        luaL_error(L, "a list of %d entries is too long", (int)count);
    }
    return lua_newuserdatauv(L, (count + 1) * size, 0);
}

// [-0, +2] The header fields, in an array that lives on the stack.
static void read_fields(lua_State *L, struct mx_client_request *request) {
    size_t count = 0;
    int table = push_table(L, 1, "headers"); // … headers
    for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
        count++;
    }
    struct mx_client_field *fields = push_array(L, count, sizeof(*fields)); // … headers array
    for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {               // … name value
        if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING) {
            luaL_error(L, "'headers' must have names and values that are strings");
        }
        struct mx_client_field *field = &fields[request->field_count++];
        field->name = mx_slice_check(L, -2);
        field->value = mx_slice_check(L, -1);
    }
    request->fields = fields;
}

// [-0, +2] The allow-list, likewise.
static void read_places(lua_State *L, struct mx_client_request *request) {
    int table = push_table(L, 1, "places"); // … places
    size_t count = lua_rawlen(L, table);
    struct mx_client_place *places = push_array(L, count, sizeof(*places)); // … places array
    for (size_t i = 0; i < count; i++) {
        if (lua_rawgeti(L, table, (lua_Integer)i + 1) != LUA_TTABLE) { // … place
            luaL_error(L, "'places' must be a list of { host = …, plain = … }");
        }
        places[i].host = mx_field_slice(L, -1, "host", (struct mx_slice){"", 0});
        places[i].plain = mx_field_bool(L, -1, "plain", false);
        lua_pop(L, 1);
    }
    request->places = places;
    request->place_count = count;
}

// [-0, +1]
static void read_pool(lua_State *L, struct mx_client_request *request) {
    int table = push_table(L, 1, "pool"); // … pool
    request->pool.name = mx_field_slice(L, table, "name", (struct mx_slice){"", 0});
    request->pool.at_once = check_number(L, table, "at_once", 0, 0, AT_ONCE_MAX);
    request->pool.per_host = check_number(L, table, "per_host", 0, 0, AT_ONCE_MAX);
}

// request { method, url, headers, body, places, connect_ms, total_ms, body_max, redirects, pin,
// pool } -> { status, headers, body, elapsed_ms } | nil, err
static int l_request(lua_State *L) {
    static const struct mx_slice none = {"", 0};
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    mx_client *client = check_client(L);
    struct mx_client_request request = {
        .method = mx_field_slice(L, 1, "method", MX_SLICE("GET")),
        .url = mx_field_slice(L, 1, "url", none),
        .body = mx_field_slice(L, 1, "body", none),
        .pin = mx_field_slice(L, 1, "pin", none),
        .connect_ms = check_number(L, 1, "connect_ms", CONNECT_MS, 0, TOTAL_MS_MAX),
        .total_ms = check_number(L, 1, "total_ms", TOTAL_MS, 1, TOTAL_MS_MAX),
        .body_max = check_number(L, 1, "body_max", BODY_MAX, 0, BODY_MAX_MOST),
        .redirect_max = check_number(L, 1, "redirects", 0, 0, REDIRECTS_MAX),
    };
    read_fields(L, &request);
    read_places(L, &request);
    read_pool(L, &request);
    struct waiting waiting = {.L = L};
    struct listener listener = listener_of(L, &waiting);
    mx_transfer *transfer;
    struct mx_error err;
    int rc = mx_client_send(client, &request, listener.fn, listener.ctx, &transfer, &err);
    return wait_for(L, rc, &waiting, &err);
}

// --- mail ---------------------------------------------------------------------------------------

static enum mx_mail_security read_security(lua_State *L, int index) {
    struct mx_slice word = mx_field_slice(L, index, "security", MX_SLICE("tls"));
    static const char *const words[] = {"tls", "starttls", "plain"};
    static const enum mx_mail_security kinds[] = {MX_MAIL_TLS, MX_MAIL_STARTTLS, MX_MAIL_PLAIN};
    for (int i = 0; i < 3; i++) {
        if (mx_slice_equal(word, mx_slice_of(words[i]))) {
            return kinds[i];
        }
    }
    luaL_error(L, "'security' must be tls, starttls or plain");
    return MX_MAIL_TLS;
}

// [-0, +1]
static struct mx_mail_server read_server(lua_State *L) {
    static const struct mx_slice none = {"", 0};
    int table = push_table(L, 1, "server"); // … server
    return (struct mx_mail_server){
        .host = mx_field_slice(L, table, "host", none),
        .port = check_number(L, table, "port", 465, 1, 65535),
        .security = read_security(L, table),
        .user = mx_field_slice(L, table, "user", none),
        .password = mx_field_slice(L, table, "password", none),
        .name = mx_field_slice(L, table, "name", none),
        .total_ms = check_number(L, table, "total_ms", TOTAL_MS, 1, TOTAL_MS_MAX),
    };
}

// [-0, +2] The envelope's addresses, in an array that lives on the stack.
static void read_recipients(lua_State *L, struct mx_mail *mail) {
    int table = push_table(L, 1, "to"); // … to
    size_t count = lua_rawlen(L, table);
    struct mx_slice *to = push_array(L, count, sizeof(*to)); // … to array
    for (size_t i = 0; i < count; i++) {
        if (lua_rawgeti(L, table, (lua_Integer)i + 1) != LUA_TSTRING) {
            luaL_error(L, "'to' must be a list of addresses");
        }
        to[i] = mx_slice_check(L, -1);
        lua_pop(L, 1);
    }
    mail->to = to;
    mail->to_count = count;
}

// mail { server = { host, port, security, user, password, name, total_ms }, from, to, message }
// -> { status, headers, body, elapsed_ms } | nil, err
static int l_mail(lua_State *L) {
    static const struct mx_slice none = {"", 0};
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    mx_client *client = check_client(L);
    struct mx_mail mail = {
        .from = mx_field_slice(L, 1, "from", none),
        .message = mx_field_slice(L, 1, "message", none),
    };
    struct mx_mail_server server = read_server(L);
    read_recipients(L, &mail);
    struct waiting waiting = {.L = L};
    struct listener listener = listener_of(L, &waiting);
    mx_transfer *transfer;
    struct mx_error err;
    int rc = mx_client_mail(client, &server, &mail, listener.fn, listener.ctx, &transfer, &err);
    return wait_for(L, rc, &waiting, &err);
}

static const luaL_Reg client_module[] = {
    {"mail", l_mail},
    {"request", l_request},
    {NULL, NULL},
};

int mx_luaopen_client(lua_State *L) {
    luaL_newlib(L, client_module);
    return 1;
}
