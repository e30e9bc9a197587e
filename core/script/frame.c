// The stack of budgets of a thread. A frame over its budget stays over: the hook then fires at every
// instruction, so catching the error only meets the next one.
#include "script/state.h"

#include <assert.h>

#include <lauxlib.h>

#include "script/watchdog.h"

enum {
    STEPS_PER_LOOK = 50000,  // of C loops between two looks at the clock
    STEPS_MAX = 200 * 1000 * 1000, // of one C function: about a quarter of a second
};

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

static void raise_over(lua_State *L, const struct mx_frame *frame) {
    static const char *const reasons[] = {
        [MX_OVER_NOT] = "",
        [MX_OVER_COUNT] = "the script ran past its instruction budget",
        [MX_OVER_TIME] = "the script ran past its time limit",
        [MX_OVER_MEMORY] = "the script ran past its memory limit",
    };
    luaL_error(L, "%s", reasons[frame->over]);
}

// From here on the frame can only end: whatever it runs meets the hook at once.
static void end_frame(lua_State *L, struct mx_frame *frame, enum mx_over over) {
    if (!frame->over) {
        frame->over = over;
    }
    lua_sethook(L, mx_frame_stop_hook, LUA_MASKCOUNT, 1);
    raise_over(L, frame);
}

void mx_frame_stop_hook(lua_State *L, lua_Debug *ar) {
    (void)ar;
    struct mx_frame *frame = innermost(L);
    if (frame) {
        end_frame(L, frame, MX_OVER_TIME);
    }
}

static bool is_late(const struct mx_frame *frame) {
    return frame->deadline_ns && mx_watch_now() >= frame->deadline_ns;
}

static void on_count_reached(lua_State *L, lua_Debug *ar) {
    (void)ar;
    mx_frame_charge(L, MX_COUNT_STEP);
}

// Where there is no watchdog the frame looks at the clock itself.
static void on_time_to_look(lua_State *L, lua_Debug *ar) {
    (void)ar;
    struct mx_frame *frame = innermost(L);
    if (frame && is_late(frame)) {
        end_frame(L, frame, MX_OVER_TIME);
    }
}

// No signal can stop a C function, so its steps are also a reason to look at the clock.
static void charge_time(lua_State *L, struct mx_frame *frame, uint64_t steps) {
    if (steps > STEPS_MAX) {
        end_frame(L, frame, MX_OVER_TIME);
    }
    frame->uncounted += steps;
    if (frame->uncounted >= STEPS_PER_LOOK) {
        frame->uncounted = 0;
        if (is_late(frame)) {
            end_frame(L, frame, MX_OVER_TIME);
        }
    }
}

void mx_frame_charge(lua_State *L, uint64_t steps) {
    struct mx_frame *frame = innermost(L);
    if (!frame) {
        return;
    }
    charge_time(L, frame, steps);
    if (!frame->is_counted) {
        return;
    }
    frame->left -= (int64_t)steps;
    if (frame->left < 0 || frame->over) {
        end_frame(L, frame, MX_OVER_COUNT);
    }
}

void mx_frame_check(lua_State *L) {
    struct mx_frame *frame = innermost(L);
    if (frame && frame->over) {
        end_frame(L, frame, frame->over);
    }
}

void mx_frame_end_memory(lua_State *L) {
    struct mx_frame *frame = innermost(L);
    if (frame) {
        end_frame(L, frame, MX_OVER_MEMORY);
    }
    luaL_error(L, "not enough memory");
}

// Trusted code that a plugin calls is not counted, the plugin code that this calls in turn is.
static void limit_instructions(struct mx_frame *frame, const struct mx_budget *budget) {
    struct mx_frame *outer = frame->outer;
    frame->counter = outer && !outer->is_counted ? outer->counter : outer;
    frame->is_counted = budget->instructions > 0 || (frame->state->plugin && frame->counter);
    if (!frame->is_counted) {
        return;
    }
    frame->given = budget->instructions > 0 ? budget->instructions : INT64_MAX;
    if (frame->counter && frame->counter->left < frame->given) {
        frame->given = frame->counter->left;
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
    if (frame->is_counted) {
        lua_sethook(frame->L, on_count_reached, LUA_MASKCOUNT, MX_COUNT_STEP);
    } else if (frame->deadline_ns && !script->options.watchdog) {
        lua_sethook(frame->L, on_time_to_look, LUA_MASKCOUNT, MX_COUNT_STEP);
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

// What the inner frame used is used by its callers too.
static void charge_callers(struct mx_frame *frame) {
    struct mx_frame *counter = frame->counter;
    struct mx_frame *outer = frame->outer;
    if (frame->is_counted && counter) {
        counter->left -= frame->given - frame->left;
        if (counter->left < 0 && !counter->over) {
            counter->over = MX_OVER_COUNT;
        }
    }
    if (frame->over == MX_OVER_TIME && !outer->over && is_late(outer)) {
        outer->over = MX_OVER_TIME;
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
        charge_callers(frame);
        if (outer->over) {
            lua_sethook(outer->L, mx_frame_stop_hook, LUA_MASKCOUNT, 1);
        }
        mx_watch_set(&script->watch, outer->L, outer->deadline_ns);
    }
}
