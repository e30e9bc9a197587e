#include "script/csv_reader.h"

#include <lauxlib.h>

#include "platform/files.h"
#include "script/bindings.h"
#include "script/state.h"
#include "text/csv.h"

#define READER_TYPE "native.text.csv"

enum { FILE_MAX = 256 * 1024 * 1024, FIELDS_MAX = 1000 };

struct reader_box {
    mx_csv *csv; // NULL once closed
};

static struct reader_box *check_reader(lua_State *L) {
    struct reader_box *box = luaL_checkudata(L, 1, READER_TYPE);
    luaL_argcheck(L, box->csv != NULL, 1, "the reader is closed");
    return box;
}

// The bytes of the first argument: a string, or what stands in the file { path= }.
static int read_source(lua_State *L, struct mx_slice *out, struct mx_error *err) {
    if (lua_type(L, 1) == LUA_TSTRING) {
        *out = mx_slice_check(L, 1);
        return MX_OK;
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    struct mx_slice path = mx_field_slice(L, 1, "path", (struct mx_slice){NULL, 0});
    luaL_argcheck(L, path.ptr != NULL, 1, "must be bytes or have a 'path'");
    mx_buf *bytes = mx_scratch_take(L);
    int rc = mx_file_read(path.ptr, FILE_MAX, bytes, err);
    *out = mx_buf_slice(bytes);
    return rc;
}

static void read_options(lua_State *L, struct mx_csv_options *options) {
    static const struct mx_slice none = {NULL, 0};
    if (lua_isnoneornil(L, 2)) {
        return;
    }
    luaL_checktype(L, 2, LUA_TTABLE);
    struct mx_slice delimiter = mx_field_slice(L, 2, "delimiter", none);
    luaL_argcheck(L, delimiter.len <= 1, 2, "'delimiter' must be one character");
    options->delimiter = delimiter.len ? delimiter.ptr[0] : 0;
    options->encoding = mx_field_slice(L, 2, "encoding", none).ptr;
}

int mx_csv_l_open(lua_State *L) {
    struct mx_csv_options options = {0, NULL};
    struct mx_slice bytes;
    struct mx_error err;
    lua_settop(L, 2);
    read_options(L, &options);
    struct reader_box *box = lua_newuserdatauv(L, sizeof(*box), 0);
    box->csv = NULL;
    luaL_setmetatable(L, READER_TYPE);
    if (read_source(L, &bytes, &err) < 0 || mx_csv_open(bytes, &options, &box->csv, &err) < 0) {
        return mx_failure_push(L, &err);
    }
    return 1;
}

// reader:next() -> { field, … }, line | nil | nil, { code, message, line, column }
static int l_next(lua_State *L) {
    struct reader_box *box = check_reader(L);
    struct mx_error err;
    int count = mx_csv_next(box->csv, &err);
    if (count == 0) {
        lua_pushnil(L);
        return 1;
    }
    if (count < 0) {
        mx_failure_push(L, &err); // nil err
        lua_pushinteger(L, mx_csv_line(box->csv));
        lua_setfield(L, -2, "line");
        lua_pushinteger(L, mx_csv_column(box->csv));
        lua_setfield(L, -2, "column");
        return 2;
    }
    lua_createtable(L, count, 0);
    for (int i = 0; i < count; i++) {
        mx_slice_push(L, mx_csv_field(box->csv, i));
        lua_rawseti(L, -2, i + 1);
    }
    lua_pushinteger(L, mx_csv_line(box->csv));
    return 2;
}

static int l_close(lua_State *L) { // also __gc and __close: safe to repeat
    struct reader_box *box = luaL_checkudata(L, 1, READER_TYPE);
    mx_csv_close(box->csv);
    box->csv = NULL;
    return 0;
}

// reader.delimiter, reader.encoding, and the methods (upvalue 1)
static int l_index(lua_State *L) {
    struct reader_box *box = luaL_checkudata(L, 1, READER_TYPE);
    struct mx_slice name = mx_slice_check(L, 2);
    if (box->csv && mx_slice_equal(name, MX_SLICE("delimiter"))) {
        char delimiter = mx_csv_delimiter(box->csv);
        lua_pushlstring(L, &delimiter, 1);
    } else if (box->csv && mx_slice_equal(name, MX_SLICE("encoding"))) {
        lua_pushstring(L, mx_csv_encoding(box->csv));
    } else {
        lua_settop(L, 2);
        lua_rawget(L, lua_upvalueindex(1));
    }
    return 1;
}

int mx_csv_l_write(lua_State *L) {
    struct mx_slice fields[FIELDS_MAX];
    luaL_checktype(L, 1, LUA_TTABLE);
    struct mx_slice delimiter = mx_slice_opt(L, 2);
    luaL_argcheck(L, delimiter.len <= 1, 2, "must be one character");
    lua_Unsigned count = lua_rawlen(L, 1);
    luaL_argcheck(L, count <= FIELDS_MAX, 1, "has too many fields");
    luaL_checkstack(L, (int)count + 4, NULL);
    for (lua_Unsigned i = 0; i < count; i++) { // the texts stay on the stack, so they stay alive
        lua_rawgeti(L, 1, (lua_Integer)i + 1);
        fields[i].ptr = luaL_tolstring(L, -1, &fields[i].len);
        lua_remove(L, -2);
    }
    mx_csv_write(mx_scratch_take(L), fields, count, delimiter.len ? delimiter.ptr[0] : ',');
    mx_scratch_push(L);
    return 1;
}

static const luaL_Reg reader_methods[] = {
    {"close", l_close},
    {"next", l_next},
    {NULL, NULL},
};

static const luaL_Reg reader_meta[] = {
    {"__close", l_close},
    {"__gc", l_close},
    {NULL, NULL},
};

void mx_csv_make_type(lua_State *L) {
    luaL_newmetatable(L, READER_TYPE); // meta
    luaL_setfuncs(L, reader_meta, 0);
    luaL_newlib(L, reader_methods); // meta methods
    lua_pushcclosure(L, l_index, 1);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}
