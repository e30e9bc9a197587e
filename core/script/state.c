// One lua_State: its memory account, its scratch buffer, and how source becomes a function.
#include "script/state.h"

#include <assert.h>
#include <stdlib.h>

#include <lauxlib.h>

#include "platform/log.h"

// The address sanitizer must see every block by itself: it finds uses after free() only then.
#ifdef __SANITIZE_ADDRESS__
static void *resize(struct mx_slabs *slabs, void *ptr, size_t old_size, size_t new_size) {
    (void)slabs;
    (void)old_size;
    if (new_size > 0) {
        return realloc(ptr, new_size);
    }
    free(ptr);
    return NULL;
}
#else
static void *resize(struct mx_slabs *slabs, void *ptr, size_t old_size, size_t new_size) {
    return mx_slabs_resize(slabs, ptr, old_size, new_size);
}
#endif

// Counts the bytes that Lua asks for, whatever they take: so a limit means the same everywhere.
static void *allocate(void *ctx, void *ptr, size_t old_size, size_t new_size) {
    struct mx_state *state = ctx;
    size_t old = ptr ? old_size : 0; // without a block Lua passes the type of what it makes
    if (new_size == 0) {
        state->used -= old;
        return resize(&state->slabs, ptr, old, 0);
    }
    // Refused: Lua collects everything it can, asks once more, then raises "not enough memory".
    bool is_growing = new_size > old;
    if (is_growing &&
        (state->used >= state->limit || new_size - old > state->limit - state->used)) {
        // What Lua collects now was left by others: it must not decide whether this run goes on.
        state->limit = state->is_exact ? 0 : state->limit;
        return NULL;
    }
    void *block = resize(&state->slabs, ptr, old, new_size);
    if (block) {
        state->used += new_size - old;
        state->peak = state->used > state->peak ? state->used : state->peak;
    }
    return block;
}

// Only an error outside every protected call ends here: a fault of ours.
static int on_panic(lua_State *L) {
    const char *text = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "no message";
    mx_log_error("Lua error outside a protected call: %s", text);
    abort();
}

// How much a state may grow until its young objects are collected, and until all are. Less than
// Lua's own 20 and 100: what is young fits into a processor's cache, and nobody waits for long.
enum { YOUNG_PERCENT = 5, OLD_PERCENT = 60 };

static void on_warning(void *ctx, const char *text, int more) {
    (void)ctx;
    (void)more;
    mx_log_warn("Lua: %s", text);
}

int mx_state_open(struct mx_state *state, struct mx_error *err) {
    state->L = lua_newstate(allocate, state);
    if (!state->L) {
        return mx_fail(err, MX_E_LIMIT, "no memory for a Lua state: raise its limit");
    }
    *(struct mx_state **)lua_getextraspace(state->L) = state;
    lua_atpanic(state->L, on_panic);
    lua_setwarnf(state->L, on_warning, NULL);
    lua_gc(state->L, LUA_GCGEN, YOUNG_PERCENT, OLD_PERCENT);
    return MX_OK;
}

void mx_state_close(struct mx_state *state) {
    if (state->L) {
        lua_close(state->L);
        state->L = NULL;
    }
    assert(state->used == 0 && "Lua gives back all that it took");
    mx_slabs_deinit(&state->slabs);
    mx_buf_deinit(&state->scratch);
}

int mx_state_load(lua_State *L, struct mx_slice source, const char *name) {
    return luaL_loadbufferx(L, source.len ? source.ptr : "", source.len, name, "t");
}

mx_buf *mx_scratch_take(lua_State *L) {
    struct mx_state *state = mx_state_of(L);
    mx_buf *scratch = &state->scratch;
    if (scratch->cap > MX_SCRATCH_KEPT) {
        mx_buf_deinit(scratch);
    }
    mx_buf_clear(scratch);
    return scratch;
}

void mx_scratch_push(lua_State *L) {
    const mx_buf *scratch = &mx_state_of(L)->scratch;
    lua_pushlstring(L, scratch->len ? scratch->ptr : "", scratch->len);
}
