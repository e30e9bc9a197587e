// The stack of budgets of a thread. A frame over its budget stays over: the hook then fires at every
// instruction, so catching the error only meets the next one.
#include "script/state.h"

#include <assert.h>

#include <lauxlib.h>

#include "script/watchdog.h"

static uint64_t earlier(uint64_t a, uint64_t b) {
    if (a == 0 || b == 0) {
        return a + b;
    }
    return a < b ? a : b;
}

static struct mx_frame *innermost(lua_State *L) {
    mx_script *script = mx_script_of(L);
    return script ? script->frame : NULL;
}

static void raise_over(lua_State *L, struct mx_frame *frame) {
    luaL_error(L, "%s", frame->reason ? frame->reason : "the script ran past its budget");
}

static void mark_over(lua_State *L, struct mx_frame *frame, const char *reason) {
    if (!frame->is_over) {
        frame->is_over = true;
        frame->reason = reason;
    }
    lua_sethook(L, mx_frame_stop_hook, LUA_MASKCOUNT, 1);
}

void mx_frame_stop_hook(lua_State *L, lua_Debug *ar) {
    (void)ar;
    struct mx_frame *frame = innermost(L);
    if (frame) {
        mark_over(L, frame, "the script ran past its time limit");
        raise_over(L, frame);
    }
}

static void on_count_reached(lua_State *L, lua_Debug *ar) {
    (void)ar;
    mx_frame_charge(L, MX_COUNT_STEP);
}

void mx_frame_charge(lua_State *L, uint64_t steps) {
    struct mx_frame *frame = innermost(L);
    if (!frame || !frame->is_counted) {
        return;
    }
    int64_t cost = steps > (uint64_t)INT64_MAX / 2 ? INT64_MAX / 2 : (int64_t)steps;
    frame->left = frame->left < -cost ? frame->left : frame->left - cost;
    if (frame->left < 0 || frame->is_over) {
        mark_over(L, frame, "the script ran past its instruction budget");
        raise_over(L, frame);
    }
}

void mx_frame_check(lua_State *L) {
    struct mx_frame *frame = innermost(L);
    if (frame && frame->is_over) {
        mark_over(L, frame, frame->reason);
        raise_over(L, frame);
    }
}

static void limit_instructions(struct mx_frame *frame, const struct mx_budget *budget) {
    const struct mx_frame *outer = frame->outer;
    frame->is_counted = budget->instructions > 0 || (outer && outer->is_counted);
    if (!frame->is_counted) {
        return;
    }
    frame->given = budget->instructions > 0 ? budget->instructions : outer->left;
    if (outer && outer->is_counted && outer->left < frame->given) {
        frame->given = outer->left;
    }
    frame->left = frame->given;
}

static void limit_time(struct mx_frame *frame, const struct mx_budget *budget) {
    uint64_t own = budget->ms ? mx_watch_now() + (uint64_t)budget->ms * 1000000 : 0;
    frame->deadline_ns = earlier(own, frame->outer ? frame->outer->deadline_ns : 0);
}

static void limit_memory(struct mx_frame *frame, const struct mx_budget *budget) {
    struct mx_state *state = frame->state;
    frame->outer_limit = state->limit;
    if (budget->memory && state->used < state->limit
        && budget->memory < state->limit - state->used) {
        state->limit = state->used + budget->memory;
    }
}

// The hook of the frame on its thread of Lua, and what the monitor shall look at.
static void arm(struct mx_frame *frame) {
    mx_script *script = frame->state->script;
    if (frame->is_over) {
        lua_sethook(frame->L, mx_frame_stop_hook, LUA_MASKCOUNT, 1);
    } else if (frame->is_counted) {
        lua_sethook(frame->L, on_count_reached, LUA_MASKCOUNT, MX_COUNT_STEP);
    } else {
        lua_sethook(frame->L, NULL, 0, 0);
    }
    mx_watch_set(&script->watch, frame->L, frame->deadline_ns);
    if (script->options.db) {
        frame->outer_db_deadline = mx_db_deadline_set(script->options.db, frame->deadline_ns);
    }
}

void mx_frame_enter(struct mx_frame *frame, lua_State *L, const struct mx_budget *budget) {
    static const struct mx_budget unlimited = {0};
    struct mx_state *state = mx_state_of(L);
    mx_script *script = state->script;
    *frame = (struct mx_frame){.outer = script->frame, .L = L, .state = state};
    budget = budget ? budget : &unlimited;
    limit_instructions(frame, budget);
    limit_time(frame, budget);
    limit_memory(frame, budget);
    frame->outer_hook = lua_gethook(L);
    frame->outer_mask = lua_gethookmask(L);
    frame->outer_count = lua_gethookcount(L);
    script->frame = frame;
    arm(frame);
}

// What the inner frame used is used by the outer one too.
static void charge_outer(struct mx_frame *frame) {
    struct mx_frame *outer = frame->outer;
    if (outer->is_counted && frame->is_counted) {
        outer->left -= frame->given - frame->left;
    }
    if (!outer->is_over && outer->is_counted && outer->left < 0) {
        outer->is_over = true;
        outer->reason = "the script ran past its instruction budget";
    }
    if (!outer->is_over && frame->is_over && outer->deadline_ns
        && mx_watch_now() >= outer->deadline_ns) {
        outer->is_over = true;
        outer->reason = "the script ran past its time limit";
    }
}

void mx_frame_leave(struct mx_frame *frame) {
    mx_script *script = frame->state->script;
    struct mx_frame *outer = frame->outer;
    assert(script->frame == frame); // frames are left in the order they were entered
    mx_watch_set(&script->watch, NULL, 0);
    frame->state->limit = frame->outer_limit;
    if (script->options.db) {
        mx_db_deadline_set(script->options.db, frame->outer_db_deadline);
    }
    lua_sethook(frame->L, frame->outer_hook, frame->outer_mask, frame->outer_count);
    script->frame = outer;
    if (outer) {
        charge_outer(frame);
        if (outer->is_over) {
            lua_sethook(outer->L, mx_frame_stop_hook, LUA_MASKCOUNT, 1);
        }
        mx_watch_set(&script->watch, outer->L, outer->deadline_ns);
    }
}
