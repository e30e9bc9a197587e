// What visitors did: the module `native.activity`. Workers record; the jobs thread takes.
#include "script/bindings.h"

#include <lauxlib.h>

#include "script/state.h"

enum { TEXT_MAX = 4096 };

static struct mx_slice check_text(lua_State *L, int index) {
    struct mx_slice text = mx_slice_opt(L, index);
    luaL_argcheck(L, text.len <= TEXT_MAX, index, "is too long to be noted");
    return text;
}

// record(note [, visitor [, page [, body]]]): counted; kept as a row when there is a visitor. Does
// nothing where nobody listens: in tools and tests.
static int l_record(lua_State *L) {
    const struct mx_services *services = &mx_script_of(L)->services;
    struct mx_activity_record record = {
        .note = (uint64_t)luaL_checkinteger(L, 1),
        .visitor = check_text(L, 2),
        .page = check_text(L, 3),
        .body = check_text(L, 4),
    };
    luaL_argcheck(L, record.note != 0, 1, "0 is no note");
    if (services->record_activity) {
        services->record_activity(services->ctx, &record);
    }
    return 0;
}

// [-0, +1] { note, times, note, times, … }
static void push_counts(lua_State *L, const struct mx_activity_book *book) {
    lua_createtable(L, (int)book->count * 2, 0);
    for (size_t i = 0; i < book->count; i++) {
        lua_pushinteger(L, (lua_Integer)book->counts[i].note);
        lua_rawseti(L, -2, (lua_Integer)i * 2 + 1);
        lua_pushinteger(L, (lua_Integer)book->counts[i].times);
        lua_rawseti(L, -2, (lua_Integer)i * 2 + 2);
    }
}

static void set_text(lua_State *L, const char *name, struct mx_slice text) {
    mx_slice_push(L, text);
    lua_setfield(L, -2, name);
}

static void set_integer(lua_State *L, const char *name, int64_t value) {
    lua_pushinteger(L, value);
    lua_setfield(L, -2, name);
}

// [-0, +1] { { note, at, visitor, page, body, status, us }, … }
static void push_rows(lua_State *L, const struct mx_activity_book *book) {
    lua_createtable(L, (int)book->row_count, 0);
    for (size_t i = 0; i < book->row_count; i++) {
        const struct mx_activity_record *row = &book->rows[i];
        lua_createtable(L, 0, 7);
        set_integer(L, "note", (int64_t)row->note);
        set_integer(L, "at", row->at_ms);
        set_text(L, "visitor", row->visitor);
        set_text(L, "page", row->page);
        set_text(L, "body", row->body);
        set_integer(L, "status", row->status);
        set_integer(L, "us", (int64_t)row->us);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

// take() -> counts, rows | nil when nothing is left
static int l_take(lua_State *L) {
    const struct mx_services *services = &mx_script_of(L)->services;
    struct mx_activity_book book;
    if (!services->take_activity || !services->take_activity(services->ctx, &book)) {
        return 0;
    }
    push_counts(L, &book);
    push_rows(L, &book);
    return 2;
}

static const luaL_Reg activity_module[] = {
    {"record", l_record},
    {"take", l_take},
    {NULL, NULL},
};

int mx_luaopen_activity(lua_State *L) {
    luaL_newlib(L, activity_module);
    return 1;
}
