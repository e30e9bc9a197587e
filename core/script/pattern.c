// A pattern is compiled to a list of items first. A set becomes a bit for each byte, so testing a
// character costs one step whatever the set says, and all mistakes in a pattern are found before
// anything is matched. Then items are matched one by one, with recursion where there is a choice.
#include "script/pattern.h"

#include <lauxlib.h>

#include "script/state.h"

enum {
    ITEMS_MAX = 1000,
    DEPTH_MAX = 180, // choices inside choices; each takes C stack
    STEPS_PER_CHARGE = 256,
    CACHED_LENGTH = 80, // of patterns that are kept when compiled
    CACHE_MAX = 100,    // how many
};

enum kind {
    ITEM_SET,      // one byte of a set, as often as `repeat` says
    ITEM_OPEN,     // ( of capture `number`
    ITEM_CLOSE,    // its )
    ITEM_POSITION, // ()
    ITEM_BACK,     // %1: what capture `number` took, again
    ITEM_BALANCE,  // %bxy: `first`, `last`
    ITEM_FRONTIER, // %f[set]
    ITEM_END,      // $ at the end of the pattern
};

enum repeat { ONCE = 0, MANY = '*', SOME = '+', LAZY = '-', MAYBE = '?' };

struct item {
    enum kind kind;
    enum repeat repeat;
    unsigned char number;
    unsigned char first;
    unsigned char last;
    unsigned char set[32]; // bit n: byte n is in it
};

struct mx_pattern {
    bool is_anchored;
    int captures;
    int count;
    struct item items[];
};

// --- sets ---------------------------------------------------------------------------------------

static void set_add(unsigned char *set, unsigned char c) {
    set[c >> 3] |= (unsigned char)(1u << (c & 7));
}

static bool set_has(const unsigned char *set, unsigned char c) {
    return set[c >> 3] >> (c & 7) & 1;
}

static void set_invert(unsigned char *set) {
    for (int i = 0; i < 32; i++) {
        set[i] = (unsigned char)~set[i];
    }
}

// What a byte is, in ASCII, whatever the locale.
enum {
    ALPHA = 1,
    LOWER = 2,
    UPPER = 4,
    DIGIT = 8,
    HEX = 16,
    SPACE = 32,
    PUNCT = 64,
    CONTROL = 128
};

static unsigned classify(int c) {
    unsigned kinds = 0;
    kinds |= c >= 'a' && c <= 'z' ? ALPHA | LOWER : 0u;
    kinds |= c >= 'A' && c <= 'Z' ? ALPHA | UPPER : 0u;
    kinds |= c >= '0' && c <= '9' ? DIGIT | HEX : 0u;
    kinds |= (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') ? HEX : 0u;
    kinds |= c == ' ' || (c >= '\t' && c <= '\r') ? SPACE : 0u;
    kinds |= c < 32 || c == 127 ? CONTROL : 0u;
    bool is_graphic = c > 32 && c < 127;
    kinds |= is_graphic && !(kinds & (ALPHA | DIGIT)) ? PUNCT : 0u;
    return c < 128 ? kinds : 0;
}

// What the class %`letter` (lower case) holds; 0 when there is none.
static unsigned kinds_of(int letter) {
    switch (letter) {
    case 'a': return ALPHA;
    case 'c': return CONTROL;
    case 'd': return DIGIT;
    case 'g': return ALPHA | DIGIT | PUNCT;
    case 'l': return LOWER;
    case 'p': return PUNCT;
    case 's': return SPACE;
    case 'u': return UPPER;
    case 'w': return ALPHA | DIGIT;
    case 'x': return HEX;
    default: return 0;
    }
}

// Adds the class %`letter`, or what is not in it for an upper-case one; any other character stands
// for itself.
static void set_add_class(unsigned char *set, unsigned char letter) {
    bool is_inverted = letter >= 'A' && letter <= 'Z';
    unsigned kinds = kinds_of(is_inverted ? letter + 32 : letter);
    if (!kinds) {
        set_add(set, letter);
        return;
    }
    for (int c = 0; c < 256; c++) {
        bool is_in = (classify(c) & kinds) != 0;
        if (is_in != is_inverted) {
            set_add(set, (unsigned char)c);
        }
    }
}

// --- compiling ----------------------------------------------------------------------------------

struct compiler {
    lua_State *L;
    const unsigned char *at;
    const unsigned char *end;
    mx_pattern *pattern;
    unsigned char open[MX_CAPTURES_MAX]; // captures whose ) has not come yet
    int open_count;
    bool is_closed[MX_CAPTURES_MAX];
};

static struct item *add_item(struct compiler *c, enum kind kind) {
    struct item *item = &c->pattern->items[c->pattern->count++];
    memset(item, 0, sizeof(*item));
    item->kind = kind;
    return item;
}

static unsigned char take_escaped(struct compiler *c) {
    if (c->at == c->end) {
        luaL_error(c->L, "malformed pattern (ends with '%%')");
    }
    return *c->at++;
}

// One character or range of a [set], `c->at` behind the first byte.
static void compile_range(struct compiler *c, unsigned char *set, unsigned char first) {
    bool is_range = c->end - c->at >= 2 && c->at[0] == '-' && c->at[1] != ']';
    if (!is_range) {
        set_add(set, first);
        return;
    }
    unsigned char last = c->at[1];
    c->at += 2;
    for (unsigned i = first; i <= last; i++) {
        set_add(set, (unsigned char)i);
    }
}

// Behind "[".
static void compile_set(struct compiler *c, unsigned char *set) {
    bool is_inverted = c->at < c->end && *c->at == '^';
    c->at += is_inverted;
    bool is_first = true; // "]" right at the beginning is a member
    while (c->at < c->end && (is_first || *c->at != ']')) {
        unsigned char byte = *c->at++;
        if (byte == '%') {
            set_add_class(set, take_escaped(c));
        } else {
            compile_range(c, set, byte);
        }
        is_first = false;
    }
    if (c->at == c->end) {
        luaL_error(c->L, "malformed pattern (missing ']')");
    }
    c->at++;
    if (is_inverted) {
        set_invert(set);
    }
}

static void compile_open(struct compiler *c) {
    mx_pattern *pattern = c->pattern;
    if (pattern->captures == MX_CAPTURES_MAX) {
        luaL_error(c->L, "too many captures");
    }
    unsigned char number = (unsigned char)pattern->captures++;
    if (c->at < c->end && *c->at == ')') {
        c->at++;
        add_item(c, ITEM_POSITION)->number = number;
        c->is_closed[number] = true;
        return;
    }
    add_item(c, ITEM_OPEN)->number = number;
    c->open[c->open_count++] = number;
}

static void compile_close(struct compiler *c) {
    if (c->open_count == 0) {
        luaL_error(c->L, "invalid pattern capture");
    }
    unsigned char number = c->open[--c->open_count];
    add_item(c, ITEM_CLOSE)->number = number;
    c->is_closed[number] = true;
}

static void compile_repeat(struct compiler *c, struct item *item) {
    if (c->at < c->end && memchr("*+-?", *c->at, 4)) {
        item->repeat = (enum repeat) * c->at++;
    }
}

static void compile_back(struct compiler *c, unsigned char digit) {
    unsigned char number = (unsigned char)(digit - '1');
    if (digit == '0' || number >= c->pattern->captures || !c->is_closed[number]) {
        luaL_error(c->L, "invalid capture index %%%d", digit - '0');
    }
    add_item(c, ITEM_BACK)->number = number;
}

static void compile_balance(struct compiler *c) {
    if (c->end - c->at < 2) {
        luaL_error(c->L, "malformed pattern (missing arguments to '%%b')");
    }
    struct item *item = add_item(c, ITEM_BALANCE);
    item->first = *c->at++;
    item->last = *c->at++;
}

static void compile_frontier(struct compiler *c) {
    if (c->at == c->end || *c->at++ != '[') {
        luaL_error(c->L, "missing '[' after '%%f' in pattern");
    }
    compile_set(c, add_item(c, ITEM_FRONTIER)->set);
}

static void compile_escape(struct compiler *c) {
    unsigned char letter = take_escaped(c);
    if (letter >= '0' && letter <= '9') {
        compile_back(c, letter);
    } else if (letter == 'b') {
        compile_balance(c);
    } else if (letter == 'f') {
        compile_frontier(c);
    } else {
        struct item *item = add_item(c, ITEM_SET);
        set_add_class(item->set, letter);
        compile_repeat(c, item);
    }
}

static void compile_plain(struct compiler *c, unsigned char byte) {
    struct item *item = add_item(c, ITEM_SET);
    if (byte == '.') {
        memset(item->set, 0xff, sizeof(item->set));
    } else if (byte == '[') {
        compile_set(c, item->set);
    } else {
        set_add(item->set, byte);
    }
    compile_repeat(c, item);
}

static void compile(struct compiler *c) {
    while (c->at < c->end) {
        unsigned char byte = *c->at++;
        if (byte == '(') {
            compile_open(c);
        } else if (byte == ')') {
            compile_close(c);
        } else if (byte == '%') {
            compile_escape(c);
        } else if (byte == '$' && c->at == c->end) {
            add_item(c, ITEM_END);
        } else {
            compile_plain(c, byte);
        }
    }
    if (c->open_count > 0) {
        luaL_error(c->L, "unfinished capture");
    }
}

// [-0, +1]
static mx_pattern *push_compiled(lua_State *L, struct mx_slice text, bool anchors) {
    size_t size =
        sizeof(mx_pattern) + text.len * sizeof(struct item); // an item takes a byte at least
    mx_pattern *pattern = lua_newuserdatauv(L, size, 0);
    memset(pattern, 0, sizeof(*pattern));
    struct compiler c = {.L = L, .at = (const unsigned char *)text.ptr, .pattern = pattern};
    c.end = c.at + text.len;
    if (anchors && text.len > 0 && *c.at == '^') {
        pattern->is_anchored = true;
        c.at++;
    }
    compile(&c);
    return pattern;
}

// Patterns of this state that were compiled before, by their text.
static const char cache_key;

// [-0, +1] The table, with its count at index 1; emptied when it is full.
static void push_cache(lua_State *L) {
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &cache_key) == LUA_TTABLE) {
        lua_rawgeti(L, -1, 1);
        lua_Integer count = lua_tointeger(L, -1);
        lua_pop(L, 1);
        if (count < CACHE_MAX) {
            return;
        }
    }
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &cache_key);
}

// [cache: -0, +0] Keeps the pattern on top in the cache below it.
static void keep(lua_State *L, struct mx_slice text) {
    lua_rawgeti(L, -2, 1); // cache pattern count
    lua_pushinteger(L, lua_tointeger(L, -1) + 1);
    lua_rawseti(L, -4, 1);
    lua_pop(L, 1);                          // cache pattern
    lua_pushlstring(L, text.ptr, text.len); // cache pattern text
    lua_pushvalue(L, -2);
    lua_rawset(L, -4); // cache pattern
}

mx_pattern *mx_pattern_push(lua_State *L, struct mx_slice text, bool anchors) {
    if (text.len > ITEMS_MAX) {
        luaL_error(L, "the pattern is longer than %d bytes", ITEMS_MAX);
    }
    mx_run_charge(L, text.len); // also when it is known: a verdict must not depend on that
    if (text.len > CACHED_LENGTH || (!anchors && text.len > 0 && text.ptr[0] == '^')) {
        return push_compiled(L, text, anchors);
    }
    push_cache(L);                          // cache
    lua_pushlstring(L, text.ptr, text.len); // cache text
    mx_pattern *pattern = NULL;
    if (lua_rawget(L, -2) == LUA_TUSERDATA) { // cache pattern
        pattern = lua_touserdata(L, -1);
    } else {
        lua_pop(L, 1);
        pattern = push_compiled(L, text, anchors); // cache pattern
        keep(L, text);
    }
    lua_remove(L, -2); // pattern
    return pattern;
}

bool mx_pattern_is_anchored(const mx_pattern *pattern) {
    return pattern->is_anchored;
}

// --- matching -----------------------------------------------------------------------------------

struct matcher {
    lua_State *L;
    const mx_pattern *pattern;
    const char *start;
    const char *end;
    unsigned steps; // not charged yet
    int depth;
    struct mx_capture captures[MX_CAPTURES_MAX];
};

static const char *match_items(struct matcher *m, const char *at, int index);

static void step(struct matcher *m) {
    if (++m->steps == STEPS_PER_CHARGE) {
        m->steps = 0;
        mx_run_charge(m->L, STEPS_PER_CHARGE);
    }
}

static bool is_in(const struct matcher *m, const char *at, const struct item *item) {
    return at < m->end && set_has(item->set, (unsigned char)*at);
}

// The rest of the pattern, where there is a choice to come back to.
static const char *try_rest(struct matcher *m, const char *at, int index) {
    if (++m->depth > DEPTH_MAX) {
        luaL_error(m->L, "pattern too complex");
    }
    const char *found = match_items(m, at, index);
    m->depth--;
    return found;
}

// As many as there are, then fewer and fewer, down to `least`.
static const char *match_greedy(struct matcher *m, const char *at, int index, ptrdiff_t least) {
    const struct item *item = &m->pattern->items[index];
    ptrdiff_t count = 0;
    while (is_in(m, at + count, item)) {
        step(m);
        count++;
    }
    for (; count >= least; count--) {
        const char *found = try_rest(m, at + count, index + 1);
        if (found) {
            return found;
        }
    }
    return NULL;
}

// As few as will do.
static const char *match_lazy(struct matcher *m, const char *at, int index) {
    const struct item *item = &m->pattern->items[index];
    for (;;) {
        const char *found = try_rest(m, at, index + 1);
        if (found) {
            return found;
        }
        if (!is_in(m, at, item)) {
            return NULL;
        }
        step(m);
        at++;
    }
}

static const char *match_maybe(struct matcher *m, const char *at, int index) {
    if (is_in(m, at, &m->pattern->items[index])) {
        const char *found = try_rest(m, at + 1, index + 1);
        if (found) {
            return found;
        }
    }
    return try_rest(m, at, index + 1);
}

static const char *match_capture(struct matcher *m, const char *at, int index) {
    const struct item *item = &m->pattern->items[index];
    struct mx_capture *capture = &m->captures[item->number];
    struct mx_capture before = *capture;
    if (item->kind == ITEM_CLOSE) {
        capture->len = at - capture->ptr;
    } else {
        *capture = (struct mx_capture){at, item->kind == ITEM_POSITION ? -1 : 0};
    }
    const char *found = try_rest(m, at, index + 1);
    if (!found) {
        *capture = before;
    }
    return found;
}

// Behind the end of what is balanced, NULL when nothing is.
static const char *skip_balance(struct matcher *m, const char *at, const struct item *item) {
    if (at == m->end || (unsigned char)*at != item->first) {
        return NULL;
    }
    size_t open = 1;
    while (++at < m->end) {
        step(m);
        unsigned char c = (unsigned char)*at;
        if (c == item->last) { // first: in "%bxx" the second one closes
            if (--open == 0) {
                return at + 1;
            }
        } else if (c == item->first) {
            open++;
        }
    }
    return NULL;
}

static bool is_frontier(const struct matcher *m, const char *at, const struct item *item) {
    unsigned char before = at > m->start ? (unsigned char)at[-1] : 0;
    unsigned char after = at < m->end ? (unsigned char)*at : 0;
    return !set_has(item->set, before) && set_has(item->set, after);
}

static const char *skip_back(struct matcher *m, const char *at, const struct item *item) {
    const struct mx_capture *capture = &m->captures[item->number];
    if (capture->len < 0) {
        return NULL; // a position is no text
    }
    size_t len = (size_t)capture->len;
    mx_run_charge(m->L, len / 16);
    if ((size_t)(m->end - at) < len || memcmp(at, capture->ptr, len) != 0) {
        return NULL;
    }
    return at + len;
}

// Behind the end of the match from `index` on, NULL when there is none.
static const char *match_items(struct matcher *m, const char *at, int index) {
    for (; index < m->pattern->count; index++) {
        const struct item *item = &m->pattern->items[index];
        step(m);
        switch (item->kind) {
        case ITEM_OPEN:
        case ITEM_CLOSE:
        case ITEM_POSITION: return match_capture(m, at, index);
        case ITEM_END: return at == m->end ? at : NULL;
        case ITEM_FRONTIER:
            if (!is_frontier(m, at, item)) {
                return NULL;
            }
            break;
        case ITEM_BALANCE: at = skip_balance(m, at, item); break;
        case ITEM_BACK: at = skip_back(m, at, item); break;
        case ITEM_SET:
            switch (item->repeat) {
            case MANY: return match_greedy(m, at, index, 0);
            case SOME: return match_greedy(m, at, index, 1);
            case LAZY: return match_lazy(m, at, index);
            case MAYBE: return match_maybe(m, at, index);
            case ONCE: at = is_in(m, at, item) ? at + 1 : NULL; break;
            }
            break;
        }
        if (!at) {
            return NULL;
        }
    }
    return at;
}

static bool match_at(struct matcher *m, const char *at, struct mx_match *out) {
    m->depth = 0;
    const char *end = match_items(m, at, 0);
    if (!end) {
        return false;
    }
    out->whole = (struct mx_slice){at, (size_t)(end - at)};
    out->count = m->pattern->captures;
    memcpy(out->captures, m->captures, (size_t)out->count * sizeof(out->captures[0]));
    return true;
}

// Not all of it is cleared: gsub comes here for every byte.
static void init_matcher(
    struct matcher *m, lua_State *L, const mx_pattern *pattern, struct mx_slice text) {
    m->L = L;
    m->pattern = pattern;
    m->start = text.ptr;
    m->end = text.ptr + text.len;
    m->steps = 0;
    memset(m->captures, 0, (size_t)pattern->captures * sizeof(m->captures[0]));
}

bool mx_pattern_match(lua_State *L, const mx_pattern *pattern, struct mx_slice text, size_t from,
    struct mx_match *out) {
    struct matcher m;
    init_matcher(&m, L, pattern, text);
    bool found = match_at(&m, text.ptr + from, out);
    mx_run_charge(L, m.steps);
    return found;
}

bool mx_pattern_find(lua_State *L, const mx_pattern *pattern, struct mx_slice text, size_t from,
    struct mx_match *out) {
    struct matcher m;
    init_matcher(&m, L, pattern, text);
    bool found = false;
    for (const char *at = text.ptr + from; at <= m.end && !found; at++) {
        found = match_at(&m, at, out);
        if (pattern->is_anchored) {
            break;
        }
        step(&m);
    }
    mx_run_charge(L, m.steps);
    return found;
}
