// Lua's view of core/text and of text encodings: the module `native.text`.
#include "script/bindings.h"

#include <lauxlib.h>

#include "crypto/encode.h"
#include "http/url.h"
#include "platform/arena.h"
#include "script/csv_reader.h"
#include "script/html.h"
#include "script/state.h"
#include "text/csv.h"
#include "text/markup.h"
#include "text/stem.h"
#include "text/unicode.h"

// Text, or the bytes of HTML.
static struct mx_slice check_text(lua_State *L, int index) {
    struct mx_slice text;
    return mx_html_get(L, index, &text) ? text : mx_slice_check(L, index);
}

// [-0, +1] What `change` appends for the argument.
static int push_changed(lua_State *L, void (*change)(struct mx_slice, mx_buf *)) {
    struct mx_slice text = check_text(L, 1);
    change(text, mx_scratch_take(L));
    mx_scratch_push(L);
    return 1;
}

// The scratch buffer as a string, or nil and the error.
static int push_outcome(lua_State *L, int rc, const struct mx_error *err) {
    if (rc < 0) {
        return mx_failure_push(L, err);
    }
    mx_scratch_push(L);
    return 1;
}

// --- code points ------------------------------------------------------------------------------

static int l_upper(lua_State *L) {
    return push_changed(L, mx_text_upper);
}

static int l_lower(lua_State *L) {
    return push_changed(L, mx_text_lower);
}

// fold(s): what two spellings of one word have in common
static int l_fold(lua_State *L) {
    return push_changed(L, mx_text_fold);
}

static int l_nfkc(lua_State *L) {
    return push_changed(L, mx_text_nfkc);
}

// tidy(s): as it would be printed on one line
static int l_tidy(lua_State *L) {
    return push_changed(L, mx_text_tidy);
}

// slug(s): a handle for addresses
static int l_slug(lua_State *L) {
    return push_changed(L, mx_text_slug);
}

// len(s) -> code points
static int l_len(lua_State *L) {
    lua_pushinteger(L, (lua_Integer)mx_text_len(check_text(L, 1)));
    return 1;
}

// sub(s, first [, last]) by code points, as string.sub by bytes
static int l_sub(lua_State *L) {
    struct mx_slice text = check_text(L, 1);
    mx_slice_push(L, mx_text_sub(text, luaL_checkinteger(L, 2), luaL_optinteger(L, 3, -1)));
    return 1;
}

// valid(s) -> whether it is UTF-8
static int l_valid(lua_State *L) {
    lua_pushboolean(L, mx_text_valid(check_text(L, 1)));
    return 1;
}

// stem(language, word) -> stem | nil, err
static int l_stem(lua_State *L) {
    struct mx_slice language = mx_slice_check(L, 1);
    struct mx_slice word = mx_slice_check(L, 2);
    struct mx_error err;
    return push_outcome(L, mx_stem(language, word, mx_scratch_take(L), &err), &err);
}

// --- rich text ----------------------------------------------------------------------------------

// markdown(s) -> html | nil, err
static int l_markdown(lua_State *L) {
    struct mx_slice text = check_text(L, 1);
    struct mx_error err;
    return push_outcome(L, mx_markup_from_markdown(text, mx_scratch_take(L), &err), &err);
}

// clean_html(s) -> html, { elements, attributes, addresses } | nil, err
static int l_clean_html(lua_State *L) {
    struct mx_slice html = check_text(L, 1);
    struct mx_clean_report report = {0, 0, 0};
    struct mx_error err;
    if (mx_markup_clean(html, mx_scratch_take(L), &report, &err) < 0) {
        return mx_failure_push(L, &err);
    }
    mx_scratch_push(L);
    lua_createtable(L, 0, 3);
    lua_pushinteger(L, report.elements);
    lua_setfield(L, -2, "elements");
    lua_pushinteger(L, report.attributes);
    lua_setfield(L, -2, "attributes");
    lua_pushinteger(L, report.addresses);
    lua_setfield(L, -2, "addresses");
    return 2;
}

// strip_html(s) -> text | nil, err
static int l_strip_html(lua_State *L) {
    struct mx_slice html = check_text(L, 1);
    struct mx_error err;
    return push_outcome(L, mx_markup_strip(html, mx_scratch_take(L), &err), &err);
}

// --- encodings ----------------------------------------------------------------------------------

static int l_url_encode(lua_State *L) {
    struct mx_slice text = check_text(L, 1);
    mx_url_escape(mx_scratch_take(L), text);
    mx_scratch_push(L);
    return 1;
}

// url_encode_path(s): leaves "/" alone
static int l_url_encode_path(lua_State *L) {
    struct mx_slice text = check_text(L, 1);
    mx_url_escape_path(mx_scratch_take(L), text);
    mx_scratch_push(L);
    return 1;
}

// url_decode(s [, plus_is_space]) -> s | nil, err
static int l_url_decode(lua_State *L) {
    struct mx_slice text = mx_slice_check(L, 1);
    struct mx_slice out;
    struct mx_error err;
    mx_arena *arena = mx_arena_create();
    mx_buf *kept = mx_scratch_take(L); // so that nothing is held while something may be raised
    int rc = mx_url_decode(arena, text, lua_toboolean(L, 2), &out, &err);
    if (rc == MX_OK) {
        mx_buf_append_slice(kept, out);
    }
    mx_arena_destroy(arena);
    return push_outcome(L, rc, &err);
}

static int push_encoded(lua_State *L, void (*encode)(struct mx_slice, mx_buf *)) {
    struct mx_slice bytes = mx_slice_check(L, 1);
    encode(bytes, mx_scratch_take(L));
    mx_scratch_push(L);
    return 1;
}

static int push_decoded(lua_State *L, bool (*decode)(struct mx_slice, mx_buf *), const char *name) {
    struct mx_slice text = mx_slice_check(L, 1);
    struct mx_error err;
    int rc = decode(text, mx_scratch_take(L)) ? MX_OK
                                              : mx_fail(&err, MX_E_INVALID, "this is not %s", name);
    return push_outcome(L, rc, &err);
}

static int l_base64(lua_State *L) {
    return push_encoded(L, mx_base64_encode);
}

static int l_unbase64(lua_State *L) {
    return push_decoded(L, mx_base64_decode, "base64");
}

static int l_base64url(lua_State *L) {
    return push_encoded(L, mx_base64url_encode);
}

static int l_unbase64url(lua_State *L) {
    return push_decoded(L, mx_base64url_decode, "base64url");
}

static int l_hex(lua_State *L) {
    return push_encoded(L, mx_hex_encode);
}

static int l_unhex(lua_State *L) {
    return push_decoded(L, mx_hex_decode, "hexadecimal");
}

static const luaL_Reg text_module[] = {
    {"base64", l_base64},
    {"base64url", l_base64url},
    {"clean_html", l_clean_html},
    {"csv", mx_csv_l_open},
    {"csv_write", mx_csv_l_write},
    {"fold", l_fold},
    {"hex", l_hex},
    {"len", l_len},
    {"lower", l_lower},
    {"markdown", l_markdown},
    {"nfkc", l_nfkc},
    {"slug", l_slug},
    {"stem", l_stem},
    {"strip_html", l_strip_html},
    {"sub", l_sub},
    {"tidy", l_tidy},
    {"unbase64", l_unbase64},
    {"unbase64url", l_unbase64url},
    {"unhex", l_unhex},
    {"upper", l_upper},
    {"url_decode", l_url_decode},
    {"url_encode", l_url_encode},
    {"url_encode_path", l_url_encode_path},
    {"valid", l_valid},
    {NULL, NULL},
};

int mx_luaopen_text(lua_State *L) {
    mx_csv_make_type(L);
    luaL_newlib(L, text_module);
    return 1;
}
