// Values on their way: encoded, decoded, copied; and JSON as fast as promised to be right.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include <lauxlib.h>
#include <lualib.h>

#include "script/bindings.h"
#include "script/html.h"
#include "script/json.h"
#include "script/state.h"
#include "script/value.h"

static struct mx_state from;
static struct mx_state to;

static void open_one(struct mx_state *state) {
    struct mx_error err;
    memset(state, 0, sizeof(*state));
    state->limit = 64 << 20;
    assert_int_equal(mx_state_open(state, &err), MX_OK);
    luaL_requiref(state->L, "_G", luaopen_base, 1);
    luaL_requiref(state->L, "json", mx_luaopen_json, 1);
    luaL_requiref(state->L, "template", mx_luaopen_template, 1);
    luaL_requiref(state->L, "string", luaopen_string, 1);
    lua_settop(state->L, 0);
}

static int open_states(void **state) {
    (void)state;
    open_one(&from);
    open_one(&to);
    return 0;
}

static int close_states(void **state) {
    (void)state;
    mx_state_close(&from);
    mx_state_close(&to);
    return 0;
}

// [+1] The value of an expression.
static void push(struct mx_state *state, const char *expression) {
    lua_State *L = state->L;
    lua_pushfstring(L, "local json, template = json, template return %s", expression);
    if (luaL_dostring(L, lua_tostring(L, -1))) {
        fail_msg("%s", lua_tostring(L, -1));
    }
    lua_remove(L, -2);
}

// The value on top of `state` as JSON.
static const char *json_of(struct mx_state *state) {
    static mx_buf out;
    struct mx_error err;
    mx_buf_clear(&out);
    if (mx_json_encode(state->L, -1, &out, false, &err) < 0) {
        return err.text[0] ? "(refused)" : "";
    }
    static char text[4096];
    snprintf(text, sizeof(text), "%.*s", (int)out.len, out.ptr);
    mx_buf_deinit(&out);
    return text;
}

static const struct {
    const char *expression;
    const char *json;
} values[] = {
    {"nil", "null"},
    {"json.null", "null"},
    {"true", "true"},
    {"-9223372036854775807 - 1", "-9223372036854775808"},
    {"9223372036854775807", "9223372036854775807"},
    {"0.1", "0.1"},
    {"1.0", "1.0"},
    {"1e300", "1e+300"},
    {"''", "\"\""},
    {"'a\\0b'", "\"a\\u0000b\""},
    {"{}", "{}"},
    {"json.array()", "[]"},
    {"{ 1, 2, { x = 'y' } }", "[1,2,{\"x\":\"y\"}]"},
    {"{ b = 1, a = { c = json.array() } }", "{\"a\":{\"c\":[]},\"b\":1}"},
};

static void values_survive_encoding(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        mx_buf bytes = {0};
        struct mx_error err;
        push(&from, values[i].expression);
        assert_int_equal(mx_value_encode(from.L, -1, &bytes, NULL, &err), MX_OK);
        assert_int_equal(mx_value_decode(to.L, mx_buf_slice(&bytes), &err), MX_OK);
        assert_string_equal(json_of(&to), values[i].json);
        assert_int_equal(lua_type(from.L, -1) == LUA_TNUMBER ? lua_isinteger(from.L, -1) : 0,
            lua_type(to.L, -1) == LUA_TNUMBER ? lua_isinteger(to.L, -1) : 0);
        mx_buf_deinit(&bytes);
        lua_settop(from.L, 0);
        lua_settop(to.L, 0);
    }
}

static void values_survive_copying(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        struct mx_error err;
        push(&from, values[i].expression);
        assert_int_equal(mx_value_copy(from.L, -1, to.L, NULL, &err), MX_OK);
        assert_string_equal(json_of(&to), values[i].json);
        assert_int_equal(lua_gettop(from.L), 1);
        lua_settop(from.L, 0);
        lua_settop(to.L, 0);
    }
}

static void html_stays_html(void **state) {
    (void)state;
    mx_buf bytes = {0};
    struct mx_error err;
    struct mx_slice html;
    push(&from, "{ x = template.html('<b>') }");
    assert_int_equal(mx_value_encode(from.L, -1, &bytes, NULL, &err), MX_OK);
    assert_int_equal(mx_value_decode(to.L, mx_buf_slice(&bytes), &err), MX_OK);
    assert_int_equal(mx_value_copy(from.L, -1, to.L, NULL, &err), MX_OK);
    for (int i = 1; i <= 2; i++) {
        lua_getfield(to.L, i, "x");
        assert_true(mx_html_get(to.L, lua_gettop(to.L), &html));
        assert_true(mx_slice_equal(html, MX_SLICE("<b>")));
        lua_pop(to.L, 1);
    }
    mx_buf_deinit(&bytes);
}

static void what_cannot_travel_is_named(void **state) {
    (void)state;
    static const struct {
        const char *expression;
        const char *told;
    } cases[] = {
        {"print", "the value is a function"},
        {"{ lines = { {}, {}, { fn = print } } }", "'lines.3.fn' is a function"},
        {"{ [1.5] = 1 }", "has a key that is neither"},
        {"{ a = { [true] = 1 } }", "'a' has a key that is neither"},
        {"(function() local t = {} t.t = t return t end)()", "is it a cycle?"},
        {"{ string.rep('x', 9000000) }", "too large"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        mx_buf bytes = {0};
        struct mx_error err;
        push(&from, cases[i].expression);
        assert_true(mx_value_encode(from.L, -1, &bytes, NULL, &err) < 0);
        if (!strstr(err.text, cases[i].told)) {
            fail_msg("expected \"%s\" in \"%s\"", cases[i].told, err.text);
        }
        assert_int_equal(bytes.len, 0);
        assert_true(mx_value_copy(from.L, -1, to.L, NULL, &err) < 0);
        if (!strstr(err.text, cases[i].told)) {
            fail_msg("expected \"%s\" in \"%s\"", cases[i].told, err.text);
        }
        assert_int_equal(lua_gettop(from.L), 1);
        assert_int_equal(lua_gettop(to.L), 0);
        mx_buf_deinit(&bytes);
        lua_settop(from.L, 0);
    }
}

static void limits_are_kept(void **state) {
    (void)state;
    static const struct mx_value_limits small = {.depth = 2, .bytes = 200};
    mx_buf bytes = {0};
    struct mx_error err;
    push(&from, "{ { {} } }");
    assert_int_equal(mx_value_encode(from.L, -1, &bytes, &small, &err), MX_E_LIMIT);
    assert_int_equal(mx_value_copy(from.L, -1, to.L, &small, &err), MX_E_LIMIT);
    push(&from, "{ string.rep('x', 300) }");
    assert_int_equal(mx_value_encode(from.L, -1, &bytes, &small, &err), MX_E_LIMIT);
    assert_int_equal(mx_value_copy(from.L, -1, to.L, &small, &err), MX_E_LIMIT);
    mx_buf_deinit(&bytes);
}

static void a_false_count_asks_for_no_memory(void **state) {
    (void)state;
    struct mx_error err;
    size_t before = to.used;
    struct mx_slice bytes = {"\x07\xff\xff\xff\xff\x07", 6};
    assert_int_equal(mx_value_decode(to.L, bytes, &err), MX_E_INVALID);
    assert_true(to.used < before + 10000);
    assert_int_equal(lua_gettop(to.L), 0);
}

static void a_failure_decodes_as_a_table(void **state) {
    (void)state;
    mx_buf bytes = {0};
    struct mx_error err;
    mx_fail(&err, MX_E_BUSY, "try again");
    mx_script_encode_failure(&bytes, &err);
    assert_int_equal(mx_value_decode(to.L, mx_buf_slice(&bytes), &err), MX_OK);
    assert_string_equal(json_of(&to), "{\"err\":{\"code\":\"busy\",\"message\":\"try again\"}}");
    mx_buf_deinit(&bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_failure_decodes_as_a_table, open_states, close_states),
        cmocka_unit_test_setup_teardown(
            a_false_count_asks_for_no_memory, open_states, close_states),
        cmocka_unit_test_setup_teardown(html_stays_html, open_states, close_states),
        cmocka_unit_test_setup_teardown(limits_are_kept, open_states, close_states),
        cmocka_unit_test_setup_teardown(values_survive_copying, open_states, close_states),
        cmocka_unit_test_setup_teardown(values_survive_encoding, open_states, close_states),
        cmocka_unit_test_setup_teardown(what_cannot_travel_is_named, open_states, close_states),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
