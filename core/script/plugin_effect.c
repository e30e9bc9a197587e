// Effects: a coroutine of P, run slice by slice. Between two slices the host is asked, and may
// wait.
#include "script/plugin.h"

#include <lauxlib.h>

#include "script/value.h"

#define EFFECT_TYPE "native.plugin.effect"

enum { ASKED_MAX = 10000 }; // host calls of an effect that does not wait

// A running effect. Its user value keeps the plugin.
struct effect_box {
    struct mx_plugin *plugin;
    lua_State *co; // in P; NULL once it has ended
    int ref;
    struct mx_budget budget; // from one wait to the next
    uint64_t spent_ns;       // since it waited last
    unsigned asked;          // host calls since then
    struct mx_values answer; // what the host call it waits for returned, in T
};

// The coroutine is dropped, never closed: its <close> handlers must not run. Safe to repeat.
static void end_effect(struct effect_box *effect) {
    if (!effect->co) {
        return;
    }
    effect->plugin->effects--;
    if (effect->plugin->state.L) {
        luaL_unref(effect->plugin->state.L, LUA_REGISTRYINDEX, effect->ref);
    }
    effect->co = NULL;
}

static int l_effect_free(lua_State *T) { // __gc
    end_effect(luaL_checkudata(T, 1, EFFECT_TYPE));
    return 0;
}

// In P. [1] struct effect_box
static int l_new_coroutine(lua_State *P) {
    struct effect_box *effect = lua_touserdata(P, 1);
    lua_State *co = lua_newthread(P);
    effect->ref = luaL_ref(P, LUA_REGISTRYINDEX);
    effect->co = co;
    effect->plugin->effects++;
    return 0;
}

static int after_handler(lua_State *P, int status, lua_KContext ctx) {
    (void)status;
    (void)ctx;
    return lua_gettop(P);
}

// The body of the coroutine. [1] struct mx_plugin_call, valid in the first slice.
static int l_enter_effect(lua_State *P) {
    struct mx_plugin_call *call = lua_touserdata(P, 1);
    lua_settop(P, 0);
    mx_plugin_push_handler(P, call);
    int count = mx_values_copy(P, &call->args);
    lua_callk(P, count, LUA_MULTRET, 0, after_handler);
    return after_handler(P, LUA_OK, 0);
}

// In P. [1] the dead coroutine as a light userdata: leaves its error with a trace.
static int l_trace(lua_State *P) {
    lua_State *co = lua_touserdata(P, 1);
    const char *text = lua_type(co, -1) == LUA_TSTRING
                           ? lua_tostring(co, -1)
                           : lua_pushfstring(P, "an error that is a %s", luaL_typename(co, -1));
    luaL_traceback(P, co, text, 0);
    return 1;
}

static int fail_effect(lua_State *T, struct effect_box *effect, enum mx_over over) {
    lua_State *P = effect->plugin->state.L;
    enum mx_over ignored;
    effect->plugin->failures++;
    lua_pushcfunction(P, l_trace);
    lua_pushlightuserdata(P, effect->co);
    mx_call_try(P, 1, 1, NULL, &ignored); // P: trace
    int count = mx_plugin_push_failure_of(T, P, mx_plugin_code_of(over));
    lua_pop(P, 1);
    end_effect(effect);
    return count;
}

// Host calls that are answered at once give no more time.
static struct mx_budget rest_of(const struct effect_box *effect) {
    struct mx_budget budget = effect->budget;
    uint64_t spent = effect->spent_ns / 1000000;
    if (budget.ms > 0) {
        budget.ms = spent < budget.ms ? budget.ms - (unsigned)spent : 1;
    }
    return budget;
}

// One slice: `nargs` values are on the coroutine's stack.
static int run_slice(
    lua_State *T, struct effect_box *effect, int nargs, int *nresults, enum mx_over *over) {
    struct mx_plugin *plugin = effect->plugin;
    struct mx_run run;
    lua_State *outer_caller = plugin->caller;
    enum mx_plugin_kind outer_kind = plugin->kind;
    int top = lua_gettop(T);
    plugin->caller = T;
    plugin->kind = MX_KIND_EFFECT;
    struct mx_budget budget = rest_of(effect);
    mx_run_enter(&run, effect->co, &budget);
    int status = lua_resume(effect->co, NULL, nargs, nresults);
    mx_run_leave(&run);
    effect->spent_ns += run.took_ns;
    plugin->kind = outer_kind;
    plugin->caller = outer_caller;
    lua_settop(T, top);
    *over = status == LUA_ERRMEM && !run.over ? MX_OVER_MEMORY : run.over;
    return status;
}

static int after_host(lua_State *T, int status, lua_KContext ctx);

// Hands what lies above the box at `index` of T to the coroutine as the answer of its host call.
static void give_answer(lua_State *T, struct effect_box *effect, int index) {
    effect->answer = (struct mx_values){T, index + 1, lua_gettop(T) - index};
    if (effect->plugin->state.L) {
        lua_pushlightuserdata(effect->co, &effect->answer);
    }
}

// [T: +results] Asks the host what the coroutine yielded. False when that is nothing that can
// travel: then it was not asked.
static bool ask_host(
    lua_State *T, struct effect_box *effect, int index, int nresults, struct mx_error *err) {
    int first = lua_gettop(effect->co) - nresults + 1;
    lua_settop(T, index);                                        // … box
    lua_rawgeti(T, LUA_REGISTRYINDEX, effect->plugin->host_ref); // … box fn
    lua_pushstring(T, mx_plugin_kinds[MX_KIND_EFFECT]);          // … box fn kind
    luaL_checkstack(T, nresults + 4, "too many values");
    for (int i = 0; i < nresults; i++) { // … box fn kind args
        if (mx_value_copy(effect->co, first + i, T, NULL, err) < 0) {
            lua_settop(T, index);
            return false;
        }
    }
    lua_pop(effect->co, nresults);
    lua_callk(T, nresults + 1, LUA_MULTRET, index, after_host); // … box results
    return true;
}

static int refuse_question(
    lua_State *T, struct effect_box *effect, const char *code, const char *text) {
    effect->plugin->failures++;
    end_effect(effect);
    return mx_plugin_push_failure(T, code, text);
}

// Slices and host calls in turn, until the effect ends. The effect's box is at `index` of T, and
// `nargs` values are on the coroutine's stack.
static int run_effect(lua_State *T, int index, int nargs) {
    struct effect_box *effect = lua_touserdata(T, index);
    for (;;) {
        if (!effect->plugin->state.L) {
            end_effect(effect);
            return mx_plugin_push_failure(
                T, "error", "the plugin was closed while its effect waited");
        }
        int nresults = 0;
        enum mx_over over;
        int status = run_slice(T, effect, nargs, &nresults, &over);
        if (status == LUA_OK) {
            int count = mx_plugin_push_results(T, effect->co, lua_gettop(effect->co) - nresults);
            end_effect(effect);
            return count;
        }
        if (status != LUA_YIELD) {
            return fail_effect(T, effect, over);
        }
        if (++effect->asked > ASKED_MAX) {
            return refuse_question(
                T, effect, "budget", "the script asked the host again and again without waiting");
        }
        struct mx_error err;
        if (!ask_host(T, effect, index, nresults, &err)) {
            return refuse_question(T, effect, "error", err.text);
        }
        give_answer(T, effect, index);
        nargs = 1;
    }
}

static int after_host(lua_State *T, int status, lua_KContext ctx) {
    (void)status;
    int index = (int)ctx;
    struct effect_box *effect = lua_touserdata(T, index);
    effect->spent_ns = 0;
    effect->asked = 0;
    give_answer(T, effect, index);
    return run_effect(T, index, 1);
}

int mx_plugin_call_effect(
    lua_State *T, struct mx_plugin_call *call, const struct mx_budget *budget) {
    struct effect_box *effect = lua_newuserdatauv(T, sizeof(*effect), 1); // … box
    *effect = (struct effect_box){.plugin = call->plugin, .ref = LUA_NOREF, .budget = *budget};
    luaL_setmetatable(T, EFFECT_TYPE);
    lua_pushvalue(T, 1);
    lua_setiuservalue(T, -2, 1);
    lua_State *P = call->plugin->state.L;
    enum mx_over over;
    lua_pushcfunction(P, l_new_coroutine);
    lua_pushlightuserdata(P, effect);
    if (mx_call_try(P, 1, 0, NULL, &over) != LUA_OK) {
        int count = mx_plugin_push_failure_of(T, P, mx_plugin_code_of(over));
        lua_pop(P, 1);
        return count;
    }
    lua_pushcfunction(effect->co, l_enter_effect);
    lua_pushlightuserdata(effect->co, call);
    return run_effect(T, lua_gettop(T), 1);
}

void mx_plugin_open_effects(lua_State *T) {
    luaL_newmetatable(T, EFFECT_TYPE);
    lua_pushcfunction(T, l_effect_free);
    lua_setfield(T, -2, "__gc");
    lua_pop(T, 1);
}
