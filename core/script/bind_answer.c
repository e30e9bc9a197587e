// What handlers answer: lists of records, each of a kind with its fields, and messages in them.
// Each answer of each handler passes here, so it is looked at once, without anything made. The
// module `native.answer`.
#include "script/bindings.h"

#include <stdint.h>

#include <lauxlib.h>

#include "text/unicode.h"

// Whatever is shown or kept is readable, and not for ever. In bytes, but for the parts.
enum { KEY_BYTES = 200, PARTS_MAX = 20, NAME_BYTES = 50, PART_BYTES = 500 };

enum { FIELDS_MAX = 1000, KEPT_MAX = 64 };

// --- messages
// -------------------------------------------------------------------------------------
// A key, or { key, name = value, … }.

// UTF-8 without control characters.
static bool is_readable(struct mx_slice text) {
    bool is_ascii = true;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.ptr[i];
        if (byte < ' ' || byte == 127) {
            return false;
        }
        is_ascii &= byte < 128;
    }
    return is_ascii || mx_text_valid(text);
}

static bool is_text(lua_State *L, int index, int64_t min, int64_t max) {
    if (lua_type(L, index) != LUA_TSTRING) {
        return false;
    }
    struct mx_slice text = mx_slice_check(L, index);
    return (int64_t)text.len >= min && (int64_t)text.len <= max && is_readable(text);
}

static bool is_part(lua_State *L, int index) {
    switch (lua_type(L, index)) {
    case LUA_TBOOLEAN: return true;
    case LUA_TNUMBER: {
        lua_Number number = lua_tonumber(L, index);
        return lua_isinteger(L, index) || number - number == 0; // finite
    }
    case LUA_TSTRING: return is_text(L, index, 0, PART_BYTES);
    default: return false;
    }
}

static bool has_parts(lua_State *L, int table) {
    int count = 0;
    lua_pushnil(L);
    while (lua_next(L, table)) { // key value
        bool is_named = lua_type(L, -2) == LUA_TSTRING;
        if (++count > PARTS_MAX || !is_part(L, -1) ||
            (is_named && !is_text(L, -2, 0, NAME_BYTES))) {
            lua_pop(L, 2);
            return false;
        }
        lua_pop(L, 1); // key
    }
    return true;
}

// [-0, +0] The value on top.
static bool is_message(lua_State *L) {
    if (!lua_istable(L, -1)) {
        return is_text(L, -1, 1, KEY_BYTES);
    }
    lua_geti(L, -1, 1);
    bool has_key = is_text(L, -1, 1, KEY_BYTES);
    lua_pop(L, 1);
    return has_key && has_parts(L, lua_gettop(L));
}

// is_text(value, min, max): whether it is a readable text of so many bytes
static int l_is_text(lua_State *L) {
    luaL_checkany(L, 1);
    lua_pushboolean(L, is_text(L, 1, luaL_checkinteger(L, 2), luaL_checkinteger(L, 3)));
    return 1;
}

// --- checks
// ---------------------------------------------------------------------------------------

enum test { TEST_INTEGER, TEST_BOOLEAN, TEST_TEXT, TEST_MESSAGE, TEST_MEMBER, TEST_FUNCTION };

static const char *const tests[] = {
    "integer", "boolean", "text", "message", "member", "function", NULL};

struct field {
    enum test test;
    bool is_required;
    bool is_choice; // one of those of which there must be exactly one
    int64_t min;
    int64_t max;
    int name; // place of the name among the values; behind it the function, or where members are
};

struct kind {
    int first; // of the fields
    int count;
    bool has_choice;
};

// The values that it needs are in a table, the second upvalue: the name of the field that tells the
// kind at 0, those of its fields from 1 on, and the number of each kind by its name.
struct checker {
    struct kind *kinds; // behind the fields
    int kind_count;
    int field_count;
    struct field fields[];
};

enum { CHECKER = 1, VALUES = 2 }; // upvalues
enum { LIST = 1, CONTEXT = 2 };   // arguments

static void push_known(lua_State *L, int which) {
    lua_rawgeti(L, lua_upvalueindex(VALUES), which);
}

// [-0, +0] The value on top is a key of the table that the context has under the field's name.
static bool is_member(lua_State *L, const struct field *field) {
    push_known(L, field->name + 1);
    lua_gettable(L, CONTEXT); // value members
    lua_pushvalue(L, -2);
    bool is = lua_istable(L, -2) && lua_gettable(L, -2) != LUA_TNIL;
    lua_pop(L, 2); // value
    return is;
}

static bool passes_function(lua_State *L, const struct field *field) {
    push_known(L, field->name + 1);
    lua_pushvalue(L, -2);
    lua_pushvalue(L, CONTEXT);
    lua_call(L, 2, 1);
    bool passes = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return passes;
}

// [-0, +0] The value on top.
static bool passes(lua_State *L, const struct field *field) {
    switch (field->test) {
    case TEST_INTEGER:
        return lua_isinteger(L, -1) && lua_tointeger(L, -1) >= field->min &&
               lua_tointeger(L, -1) <= field->max;
    case TEST_BOOLEAN: return lua_isboolean(L, -1);
    case TEST_TEXT: return is_text(L, -1, field->min, field->max);
    case TEST_MESSAGE: return is_message(L);
    case TEST_MEMBER: return is_member(L, field);
    case TEST_FUNCTION: return passes_function(L, field);
    }
    return false;
}

// [-0, +0] The record on top.
static bool is_right(lua_State *L, const struct checker *checker, const struct kind *kind) {
    int chosen = 0;
    int record = lua_gettop(L);
    for (int i = kind->first; i < kind->first + kind->count; i++) {
        const struct field *field = &checker->fields[i];
        push_known(L, field->name);
        bool is_there = lua_gettable(L, record) != LUA_TNIL; // record value
        if (is_there ? !passes(L, field) : field->is_required) {
            lua_settop(L, record);
            return false;
        }
        chosen += is_there && field->is_choice;
        lua_pop(L, 1);
    }
    return !kind->has_choice || chosen == 1;
}

// [-0, +0] The number of the kind of the record on top; 0: there is no such kind, -1: it names
// none.
static lua_Integer kind_of(lua_State *L) {
    if (!lua_istable(L, -1)) {
        return -1;
    }
    push_known(L, 0);
    lua_Integer number = -1;
    if (lua_gettable(L, -2) == LUA_TSTRING) { // record name
        lua_rawget(L, lua_upvalueindex(VALUES));
        number = lua_tointeger(L, -1);
    }
    lua_pop(L, 1);
    return number;
}

// [-0, +0] What is wrong with the record on top; NULL: nothing.
static const char *find_fault(lua_State *L, const struct checker *checker) {
    lua_Integer number = kind_of(L);
    if (number <= 0) {
        return number < 0 ? "untagged" : "unknown";
    }
    return is_right(L, checker, &checker->kinds[number - 1]) ? NULL : "malformed";
}

// Keys 1 to `count` and no others: a hole would hide what comes behind it.
static bool is_list(lua_State *L, lua_Unsigned count) {
    lua_Unsigned found = 0;
    lua_pushnil(L);
    while (lua_next(L, LIST)) {
        lua_pop(L, 1);
        found++;
    }
    return found == count;
}

static int push_fault(lua_State *L, const char *fault, lua_Unsigned at) {
    lua_pushstring(L, fault);
    lua_pushinteger(L, (lua_Integer)at);
    return 2;
}

// check(list, context, most) -> nil | "list" | fault, number: of the first record that is wrong, or
// with "many" how many there are
static int l_check(lua_State *L) {
    const struct checker *checker = lua_touserdata(L, lua_upvalueindex(CHECKER));
    luaL_checktype(L, LIST, LUA_TTABLE);
    luaL_checktype(L, CONTEXT, LUA_TTABLE);
    lua_Integer most = luaL_checkinteger(L, 3);
    lua_Unsigned count = lua_rawlen(L, LIST);
    if (!is_list(L, count)) {
        return push_fault(L, "list", 0);
    }
    if (count > (lua_Unsigned)most) {
        return push_fault(L, "many", count);
    }
    for (lua_Unsigned i = 1; i <= count; i++) {
        lua_rawgeti(L, LIST, (lua_Integer)i);
        const char *fault = find_fault(L, checker);
        if (fault) {
            return push_fault(L, fault, i);
        }
        lua_pop(L, 1);
    }
    return 0;
}

// --- making a checker
// -----------------------------------------------------------------------------

// [-0, +0] The field on top: { name=, test=, required=, choice=, min=, max=, of= }
static void add_field(lua_State *L, int values, struct checker *checker) {
    int about = lua_gettop(L);
    luaL_checktype(L, about, LUA_TTABLE);
    struct field *field = &checker->fields[checker->field_count++];
    field->name = 2 * checker->field_count;
    field->is_required = mx_field_bool(L, about, "required", false);
    field->is_choice = mx_field_bool(L, about, "choice", false);
    field->min = mx_field_int(L, about, "min", INT64_MIN);
    field->max = mx_field_int(L, about, "max", INT64_MAX);
    lua_getfield(L, about, "name");
    luaL_argcheck(L, lua_type(L, -1) == LUA_TSTRING, 2, "has a field without a name");
    lua_rawseti(L, values, field->name);
    lua_getfield(L, about, "test");
    field->test = (enum test)luaL_checkoption(L, -1, NULL, tests);
    lua_pop(L, 1);
    int needed = field->test == TEST_FUNCTION ? LUA_TFUNCTION
                 : field->test == TEST_MEMBER ? LUA_TSTRING
                                              : LUA_TNIL;
    luaL_argcheck(L, lua_getfield(L, about, "of") == needed, 2,
        "has a field with another `of` than its test needs");
    lua_rawseti(L, values, field->name + 1);
}

// [-0, +0] The list of fields on top, those of the kind whose name is below it.
static void add_kind(lua_State *L, int values, struct checker *checker) {
    int fields = lua_gettop(L);
    struct kind *kind = &checker->kinds[checker->kind_count++];
    *kind = (struct kind){.first = checker->field_count, .count = (int)lua_rawlen(L, fields)};
    for (int i = 1; i <= kind->count; i++) {
        lua_rawgeti(L, fields, i);
        add_field(L, values, checker);
        lua_pop(L, 1);
        kind->has_choice |= checker->fields[checker->field_count - 1].is_choice;
    }
    lua_pushvalue(L, fields - 1);
    lua_pushinteger(L, checker->kind_count);
    lua_rawset(L, values);
}

// [-0, +1] A checker with room for the kinds of argument 2 and all their fields.
static struct checker *push_empty(lua_State *L) {
    size_t kinds = 0;
    size_t fields = 0;
    lua_pushnil(L);
    while (lua_next(L, 2)) { // name fields
        luaL_argcheck(L, lua_type(L, -2) == LUA_TSTRING && lua_istable(L, -1), 2,
            "must be lists of fields by the name of their kind");
        kinds++;
        fields += (size_t)lua_rawlen(L, -1);
        lua_pop(L, 1);
    }
    luaL_argcheck(L, kinds + fields <= FIELDS_MAX, 2, "has too many fields");
    struct checker *checker = lua_newuserdatauv(
        L, sizeof(*checker) + fields * sizeof(struct field) + kinds * sizeof(struct kind), 0);
    *checker = (struct checker){.kinds = (struct kind *)&checker->fields[fields]};
    return checker;
}

// checker(tag, kinds) -> check: `tag` is the field that names the kind
static int l_checker(lua_State *L) {
    luaL_checktype(L, 1, LUA_TSTRING);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    struct checker *checker = push_empty(L); // tag kinds checker
    lua_newtable(L);                         // tag kinds checker values
    lua_pushvalue(L, 1);
    lua_rawseti(L, 4, 0);
    lua_pushnil(L);
    while (lua_next(L, 2)) { // tag kinds checker values name fields
        add_kind(L, 4, checker);
        lua_pop(L, 1);
    }
    lua_pushcclosure(L, l_check, 2);
    return 1;
}

// --- keys of their own
// ----------------------------------------------------------------------------

enum { PREFIX = 1 }; // upvalue; the names of the fields are behind it

// [-0, +0] Puts the prefix in front of the key of the message on top, if it is one. Returns whether
// that is another value now.
static bool own_message(lua_State *L) {
    if (lua_type(L, -1) == LUA_TSTRING) {
        lua_pushvalue(L, lua_upvalueindex(PREFIX));
        lua_insert(L, -2);
        lua_concat(L, 2);
        return true;
    }
    if (lua_istable(L, -1)) {
        lua_pushvalue(L, lua_upvalueindex(PREFIX));
        if (lua_rawgeti(L, -2, 1) == LUA_TSTRING) { // message prefix key
            lua_concat(L, 2);
            lua_rawseti(L, -2, 1);
        } else {
            lua_pop(L, 2);
        }
    }
    return false;
}

// [-0, +0] The messages of the record on top.
static void own_messages(lua_State *L) {
    int record = lua_gettop(L);
    for (int field = PREFIX + 1; !lua_isnone(L, lua_upvalueindex(field)); field++) {
        lua_pushvalue(L, lua_upvalueindex(field));
        lua_pushvalue(L, -1);
        lua_rawget(L, record); // record name message
        if (own_message(L)) {
            lua_rawset(L, record);
        }
        lua_settop(L, record);
    }
}

// own(list) -> list: its records' messages are the prefix's own now; what is no list stays as it is
static int l_own(lua_State *L) {
    lua_settop(L, 1);
    for (lua_Integer i = 1; lua_istable(L, 1) && lua_rawgeti(L, 1, i) != LUA_TNIL; i++) {
        if (lua_istable(L, 2)) {
            own_messages(L);
        }
        lua_settop(L, 1);
    }
    lua_settop(L, 1);
    return 1;
}

// owner(prefix, name…) -> own: `name` is that of a field with a message
static int l_owner(lua_State *L) {
    int count = lua_gettop(L);
    luaL_argcheck(L, count <= 16, 17, "has too many fields");
    for (int i = 1; i <= count; i++) {
        luaL_checktype(L, i, LUA_TSTRING);
    }
    luaL_checktype(L, PREFIX, LUA_TSTRING);
    lua_pushcclosure(L, l_own, count);
    return 1;
}

// --- messages as data
// -----------------------------------------------------------------------------

enum { KEPT = 1, KEPT_COUNT, KEY, ARGS, PLUGIN, UPVALUES = PLUGIN }; // the names from KEY on

// [-0, +1] The field of the table at `index` whose name is an upvalue.
static void push_named(lua_State *L, int index, int name) {
    lua_pushvalue(L, lua_upvalueindex(name));
    lua_rawget(L, index);
}

// Whether the two on top show alike: 1 and 1.0 are equal and do not.
static bool are_alike(lua_State *L) {
    if (lua_type(L, -1) == LUA_TNUMBER && !(lua_isinteger(L, -1) && lua_isinteger(L, -2))) {
        return false;
    }
    return lua_rawequal(L, -1, -2);
}

// Whether the pair on top is one that a text can name.
static bool is_argument(lua_State *L) {
    return lua_type(L, -2) == LUA_TSTRING && !lua_istable(L, -1);
}

// How many arguments the message at `index` has.
static int count_arguments(lua_State *L, int index) {
    int count = 0;
    lua_pushnil(L);
    while (lua_next(L, index)) {
        count += is_argument(L);
        lua_pop(L, 1);
    }
    return count;
}

// [-0, +0] Whether the arguments on top are those of the message at 1.
static bool has_arguments(lua_State *L) {
    int args = lua_gettop(L);
    int count = 0;
    lua_pushnil(L);
    while (lua_next(L, args)) { // args name value
        if (!lua_istable(L, 1)) {
            lua_settop(L, args);
            return false;
        }
        lua_pushvalue(L, -2);
        lua_rawget(L, 1);
        if (!are_alike(L)) {
            lua_settop(L, args);
            return false;
        }
        lua_pop(L, 2);
        count++;
    }
    return !lua_istable(L, 1) || count == count_arguments(L, 1);
}

// [-0, +0] Whether the data on top are what is to be made of the message at 1 and the plugin at 2.
static bool is_same(lua_State *L) {
    int data = lua_gettop(L);
    if (!lua_istable(L, data)) {
        return false;
    }
    push_named(L, data, PLUGIN);
    push_named(L, data, ARGS);
    bool is = lua_rawequal(L, -2, 2) && has_arguments(L);
    lua_settop(L, data);
    return is;
}

// [-0, +1] The arguments of the message at 1.
static void push_arguments(lua_State *L) {
    if (!lua_istable(L, 1)) {
        lua_newtable(L);
        return;
    }
    lua_createtable(L, 0, count_arguments(L, 1)); // args
    lua_pushnil(L);
    while (lua_next(L, 1)) { // args name value
        if (is_argument(L)) {
            lua_pushvalue(L, -2);
            lua_insert(L, -2);
            lua_rawset(L, -4);
        } else {
            lua_pop(L, 1);
        }
    }
}

// [-1, +0] The value on top becomes a field of the table below it.
static void set_named(lua_State *L, int name) {
    lua_pushvalue(L, lua_upvalueindex(name));
    lua_insert(L, -2);
    lua_rawset(L, -3);
}

// [-0, +0] Keeps the data on top for the next message with the key at `key`.
static void keep_message(lua_State *L, int key) {
    lua_Integer count = lua_tointeger(L, lua_upvalueindex(KEPT_COUNT));
    if (count >= KEPT_MAX) {
        lua_newtable(L);
        lua_replace(L, lua_upvalueindex(KEPT));
        count = 0;
    }
    lua_pushinteger(L, count + 1);
    lua_replace(L, lua_upvalueindex(KEPT_COUNT));
    lua_pushvalue(L, key);
    lua_pushvalue(L, -2);
    lua_rawset(L, lua_upvalueindex(KEPT));
}

// message(message, plugin) -> { key, args, plugin } | nil: the same table while a key is used in
// the same way, so for readers only
static int l_message(lua_State *L) {
    lua_settop(L, 2);
    if (lua_isnil(L, 1)) {
        lua_settop(L, 1);
        return 1;
    }
    if (lua_istable(L, 1)) {
        lua_rawgeti(L, 1, 1);
    } else {
        lua_pushvalue(L, 1);
    }
    lua_pushvalue(L, 3);
    lua_rawget(L, lua_upvalueindex(KEPT)); // message plugin key data
    if (is_same(L)) {
        return 1;
    }
    lua_createtable(L, 0, 3);
    lua_pushvalue(L, 3);
    set_named(L, KEY);
    push_arguments(L);
    set_named(L, ARGS);
    lua_pushvalue(L, 2);
    set_named(L, PLUGIN);
    if (lua_type(L, 3) == LUA_TSTRING) {
        keep_message(L, 3);
    }
    return 1;
}

// messages() -> message
static int l_messages(lua_State *L) {
    lua_newtable(L);
    lua_pushinteger(L, 0);
    lua_pushliteral(L, "key");
    lua_pushliteral(L, "args");
    lua_pushliteral(L, "plugin");
    lua_pushcclosure(L, l_message, UPVALUES);
    return 1;
}

static const luaL_Reg answer_module[] = {
    {"checker", l_checker},
    {"is_text", l_is_text},
    {"messages", l_messages},
    {"owner", l_owner},
    {NULL, NULL},
};

int mx_luaopen_answer(lua_State *L) {
    luaL_newlib(L, answer_module);
    return 1;
}
