// The stack of budgets of a thread. A run over its budget stays over: the hook then fires at every
// instruction, so catching the error only meets the next one.
#include <assert.h>

#include <lauxlib.h>

#include "script/plugin.h"
#include "script/watchdog.h"

enum {
    STEPS_PER_LOOK = 50000,        // of C loops between two looks at the clock
    STEPS_MAX = 200 * 1000 * 1000, // that one C function may announce at once
    TURNS_PER_LOOK = 1024,         // of a loop that was charged before it began
};

static uint64_t earlier(uint64_t a, uint64_t b) {
    if (a == 0 || b == 0) {
        return a + b;
    }
    return a < b ? a : b;
}

static struct mx_run *innermost(lua_State *L) {
    mx_script *script = mx_script_of(L);
    return script ? script->run : NULL;
}

static void raise_over(lua_State *L, const struct mx_run *run) {
    static const char *const reasons[] = {
        [MX_OVER_NOT] = "",
        [MX_OVER_COUNT] = "the script ran past its instruction budget",
        [MX_OVER_TIME] = "the script ran past its time limit",
        [MX_OVER_MEMORY] = "the script ran past its memory limit",
    };
    luaL_error(L, "%s", reasons[run->over]);
}

// From here on the run can only end: whatever it runs meets the hook at once.
static void end_run(lua_State *L, struct mx_run *run, enum mx_over over) {
    if (!run->over) {
        run->over = over;
    }
    if (lua_gethook(L) != mx_run_stop_hook) { // this looks at every call on the stack
        lua_sethook(L, mx_run_stop_hook, LUA_MASKCOUNT, 1);
    }
    raise_over(L, run);
}

void mx_run_stop_hook(lua_State *L, lua_Debug *ar) {
    (void)ar;
    struct mx_run *run = innermost(L);
    if (run) {
        end_run(L, run, MX_OVER_TIME);
    }
}

static bool is_late(const struct mx_run *run) {
    return run->deadline_ns && mx_watch_now() >= run->deadline_ns;
}

static void on_count_reached(lua_State *L, lua_Debug *ar) {
    (void)ar;
    struct mx_run *run = innermost(L);
    mx_run_charge(L, run ? (uint64_t)run->step : MX_COUNT_STEP);
}

// Where there is no watchdog the run looks at the clock itself.
static void on_time_to_look(lua_State *L, lua_Debug *ar) {
    (void)ar;
    struct mx_run *run = innermost(L);
    if (run && is_late(run)) {
        end_run(L, run, MX_OVER_TIME);
    }
}

// No signal can stop a C function, so its steps are also a reason to look at the clock.
static void charge_time(lua_State *L, struct mx_run *run, uint64_t steps) {
    if (steps > STEPS_MAX) {
        end_run(L, run, MX_OVER_TIME);
    }
    run->uncounted += steps;
    if (run->uncounted >= STEPS_PER_LOOK) {
        run->uncounted = 0;
        if (is_late(run)) {
            end_run(L, run, MX_OVER_TIME);
        }
    }
}

void mx_run_charge(lua_State *L, uint64_t steps) {
    struct mx_run *run = innermost(L);
    if (!run) {
        return;
    }
    charge_time(L, run, steps);
    if (!run->is_counted) {
        return;
    }
    run->left -= (int64_t)steps;
    if (run->left < 0 || run->over) {
        end_run(L, run, MX_OVER_COUNT);
    }
}

void mx_run_look(lua_State *L, uint64_t turn) {
    if (turn % TURNS_PER_LOOK != 0) {
        return;
    }
    struct mx_run *run = innermost(L);
    if (run && is_late(run)) {
        end_run(L, run, MX_OVER_TIME);
    }
}

void mx_run_check(lua_State *L) {
    struct mx_run *run = innermost(L);
    if (run && run->over) {
        end_run(L, run, run->over);
    }
}

void mx_run_excuse_memory(lua_State *L, size_t before) {
    struct mx_state *state = mx_state_of(L);
    const struct mx_run *run = innermost(L);
    if (!run || state->used <= before || state->limit == run->outer_limit) {
        return;
    }
    size_t more = state->used - before;
    size_t room = run->outer_limit - state->limit;
    state->limit += more < room ? more : room;
}

void mx_run_end_memory(lua_State *L) {
    struct mx_run *run = innermost(L);
    if (run) {
        end_run(L, run, MX_OVER_MEMORY);
    }
    luaL_error(L, "not enough memory");
}

// Trusted code that a plugin calls is not counted, the plugin code that this calls in turn is.
static void limit_instructions(struct mx_run *run, const struct mx_budget *budget) {
    struct mx_run *outer = run->outer;
    run->counter = outer && !outer->is_counted ? outer->counter : outer;
    run->is_counted = budget->instructions > 0 || (run->state->plugin && run->counter);
    if (!run->is_counted) {
        return;
    }
    run->given = budget->instructions > 0 ? budget->instructions : INT64_MAX;
    if (run->counter && run->counter->left < run->given) {
        run->given = run->counter->left;
    }
    run->left = run->given;
}

// Whole steps are charged, so a run ends at the first step past what it was given. Counted one by
// one it must end there, too.
static void limit_step(struct mx_run *run, const struct mx_budget *budget) {
    run->step = MX_COUNT_STEP;
    if (!budget->exact || !run->is_counted || run->counter) {
        return;
    }
    run->step = 1;
    run->given = (run->given / MX_COUNT_STEP + 1) * MX_COUNT_STEP - 1;
    run->left = run->given;
}

static void limit_time(struct mx_run *run, const struct mx_budget *budget) {
    run->began_ns = budget->ms || run->state->plugin ? mx_watch_now() : 0;
    uint64_t own = budget->ms ? run->began_ns + (uint64_t)budget->ms * 1000000 : 0;
    run->deadline_ns = earlier(own, run->outer ? run->outer->deadline_ns : 0);
}

static void limit_memory(struct mx_run *run, const struct mx_budget *budget) {
    struct mx_state *state = run->state;
    run->outer_limit = state->limit;
    if (budget->memory && state->used < state->limit &&
        budget->memory < state->limit - state->used) {
        state->limit = state->used + budget->memory;
    }
}

// The thread sanitizer delays signals until the next system call, which a loop may never make.
#ifdef __SANITIZE_THREAD__
static const bool has_late_signals = true;
#else
static const bool has_late_signals = false;
#endif

// The hook of the run on its thread of Lua, and what the monitor shall look at.
static void arm(struct mx_run *run) {
    mx_script *script = run->state->script;
    if (run->is_counted) {
        lua_sethook(run->L, on_count_reached, LUA_MASKCOUNT, run->step);
    } else if (run->deadline_ns && (!script->options.watchdog || has_late_signals)) {
        lua_sethook(run->L, on_time_to_look, LUA_MASKCOUNT, MX_COUNT_STEP);
    } else {
        lua_sethook(run->L, NULL, 0, 0);
    }
    mx_watch_set(&script->watch, run->L, run->deadline_ns);
    if (script->options.db) {
        run->outer_db_deadline = mx_db_deadline_set(script->options.db, run->deadline_ns);
    }
}

void mx_run_enter(struct mx_run *run, lua_State *L, const struct mx_budget *budget) {
    static const struct mx_budget unlimited = {0};
    struct mx_state *state = mx_state_of(L);
    mx_script *script = state->script;
    *run = (struct mx_run){.outer = script->run, .L = L, .state = state};
    budget = budget ? budget : &unlimited;
    limit_instructions(run, budget);
    limit_step(run, budget);
    limit_time(run, budget);
    limit_memory(run, budget);
    run->outer_hook = lua_gethook(L);
    run->outer_mask = lua_gethookmask(L);
    run->outer_count = lua_gethookcount(L);
    script->run = run;
    arm(run);
}

// What the inner run used is used by its callers too.
static void charge_callers(struct mx_run *run) {
    struct mx_run *counter = run->counter;
    struct mx_run *outer = run->outer;
    if (run->is_counted && counter) {
        counter->left -= run->given - run->left;
        if (counter->left < 0 && !counter->over) {
            counter->over = MX_OVER_COUNT;
        }
    }
    if (run->over == MX_OVER_TIME && !outer->over && is_late(outer)) {
        outer->over = MX_OVER_TIME;
    }
}

// A plugin's time is what passes between enter and leave, without what other plugins took inside.
static void bill_time(struct mx_run *run) {
    uint64_t inner = run->inner_ns;
    if (run->state->plugin) {
        run->took_ns = mx_watch_now() - run->began_ns;
        mx_plugin_bill(run->state->plugin, run->took_ns - inner);
        inner = run->took_ns;
    }
    if (run->outer) {
        run->outer->inner_ns += inner;
    }
}

void mx_run_leave(struct mx_run *run) {
    mx_script *script = run->state->script;
    struct mx_run *outer = run->outer;
    assert(script->run == run); // runs are left in the order they were entered
    mx_watch_set(&script->watch, NULL, 0);
    run->state->limit = run->outer_limit;
    if (script->options.db) {
        mx_db_deadline_set(script->options.db, run->outer_db_deadline);
    }
    lua_sethook(run->L, run->outer_hook, run->outer_mask, run->outer_count);
    script->run = outer;
    bill_time(run);
    if (run->is_counted) {
        script->last_spent = run->given - run->left;
    }
    if (outer) {
        charge_callers(run);
        if (outer->over) {
            lua_sethook(outer->L, mx_run_stop_hook, LUA_MASKCOUNT, 1);
        }
        mx_watch_set(&script->watch, outer->L, outer->deadline_ns);
    }
}
