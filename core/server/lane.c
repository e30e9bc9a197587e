// Everything that Lua waits for comes back here and goes on with mx_task_resume(). What was started
// is counted, because a lane must not be closed under the feet of an answer.
#include "server/lane.h"

#include <assert.h>

#include "loop/offload.h"
#include "platform/alloc.h"
#include "platform/log.h"
#include "server/activity.h"
#include "server/limits.h"
#include "server/plugin_counts.h"
#include "server/writer.h"

// --- commands ---------------------------------------------------------------------------------

struct asked {
    struct mx_lane *lane;
    mx_task *task;
};

static void on_command_answered(void *ctx, struct mx_slice answer) {
    struct asked asked = *(struct asked *)ctx;
    mx_free(ctx);
    asked.lane->waits--;
    mx_task_resume(asked.task, &(struct mx_arg){.kind = MX_ARG_VALUE, .bytes = answer});
}

static int submit_command(
    void *ctx, mx_task *task, const struct mx_command *command, struct mx_error *err) {
    struct mx_lane *lane = ctx;
    if (!lane->shared->commands) {
        return mx_fail(err, MX_E_BUSY, "the writer has not started yet");
    }
    struct asked *asked = mx_alloc(sizeof(*asked));
    *asked = (struct asked){lane, task};
    int rc = mx_commands_submit(
        lane->shared->commands, command, lane->mailbox, on_command_answered, asked, err);
    if (rc < 0) {
        mx_free(asked);
        return rc;
    }
    lane->waits++;
    mx_tally_add(lane->tally, MX_COUNT_COMMANDS_SENT, 1);
    return MX_OK;
}

// --- timers -----------------------------------------------------------------------------------

// In the lane's list, so that closing the lane finds it.
struct mx_sleeper {
    struct mx_sleeper *next;
    struct mx_sleeper **link; // what points at this one
    struct mx_lane *lane;
    mx_task *task;
    mx_timer *timer;
};

static void sleeper_destroy(struct mx_sleeper *sleeper) {
    *sleeper->link = sleeper->next;
    if (sleeper->next) {
        sleeper->next->link = sleeper->link;
    }
    mx_timer_stop(sleeper->timer);
    mx_free(sleeper);
}

static void on_slept(void *ctx) {
    struct mx_sleeper *sleeper = ctx;
    mx_task *task = sleeper->task;
    sleeper_destroy(sleeper);
    mx_task_resume(task, &(struct mx_arg){.kind = MX_ARG_NIL});
}

static int start_timer(void *ctx, mx_task *task, uint64_t ms, struct mx_error *err) {
    (void)err;
    struct mx_lane *lane = ctx;
    struct mx_sleeper *sleeper = mx_alloc(sizeof(*sleeper));
    sleeper->lane = lane;
    sleeper->task = task;
    sleeper->next = lane->sleepers;
    sleeper->link = &lane->sleepers;
    if (sleeper->next) {
        sleeper->next->link = &sleeper->next;
    }
    lane->sleepers = sleeper;
    sleeper->timer = mx_timer_start(lane->loop, ms, 0, on_slept, sleeper);
    return MX_OK;
}

// --- the pool ---------------------------------------------------------------------------------

struct offloaded {
    struct mx_lane *lane;
    mx_task *task;
    struct mx_work *work; // owned
    mx_buf out;
    struct mx_error err;
    int rc;
};

static void on_work_run(void *ctx) {
    struct offloaded *offloaded = ctx;
    offloaded->rc = offloaded->work->run(offloaded->work, &offloaded->out, &offloaded->err);
}

static void on_work_done(void *ctx) {
    struct offloaded *offloaded = ctx;
    struct mx_arg answer = {.kind = MX_ARG_BYTES, .bytes = mx_buf_slice(&offloaded->out)};
    if (offloaded->rc < 0) {
        answer = (struct mx_arg){.kind = MX_ARG_FAILURE, .error = &offloaded->err};
    }
    offloaded->lane->waits--;
    mx_task_resume(offloaded->task, &answer);
    offloaded->work->destroy(offloaded->work);
    mx_buf_deinit(&offloaded->out);
    mx_free(offloaded);
}

static int offload(void *ctx, mx_task *task, struct mx_work *work, struct mx_error *err) {
    (void)err;
    struct mx_lane *lane = ctx;
    struct offloaded *offloaded = mx_alloc(sizeof(*offloaded));
    offloaded->lane = lane;
    offloaded->task = task;
    offloaded->work = work;
    lane->waits++;
    mx_offload_start(lane->loop, on_work_run, on_work_done, offloaded);
    return MX_OK;
}

// --- the cache --------------------------------------------------------------------------------

static uint64_t cache_seq(void *ctx) {
    return mx_stamps_seq(((struct mx_lane *)ctx)->shared->stamps);
}

static bool cache_holds(void *ctx, uint64_t tag, uint64_t seq) {
    return mx_stamps_hold(((struct mx_lane *)ctx)->shared->stamps, &tag, 1, seq);
}

// Fragments live beside pages; the first byte keeps their keys apart.
static struct mx_slice fragment_key(struct mx_slice key, mx_buf *scratch) {
    mx_buf_append_char(scratch, 'f');
    mx_buf_append_slice(scratch, key);
    return mx_buf_slice(scratch);
}

static bool cache_get(void *ctx, struct mx_slice key, mx_buf *out, struct mx_cache_deps *deps) {
    struct mx_lane *lane = ctx;
    mx_buf scratch = {0};
    mx_cache_release(lane->fragment);
    lane->fragment = mx_cache_acquire(
        lane->shared->cache, fragment_key(key, &scratch), mx_now_ms(lane->shared->world));
    mx_buf_deinit(&scratch);
    struct mx_cache_entry *entry = lane->fragment;
    if (!entry) {
        return false;
    }
    const struct mx_cache_variant *variant = mx_cache_variant_find(entry, MX_ENCODING_IDENTITY);
    mx_buf_append_slice(out, mx_buf_slice(&variant->bytes));
    *deps = (struct mx_cache_deps){
        .tags = entry->tags,
        .count = entry->tag_count,
        .until_ms = entry->until_ms,
        .seq = entry->seq,
    };
    return true;
}

static void cache_put(
    void *ctx, struct mx_slice key, struct mx_slice bytes, const struct mx_cache_deps *deps) {
    struct mx_lane *lane = ctx;
    mx_buf scratch = {0};
    struct mx_cache_variant variant = {0};
    mx_buf_append_slice(&variant.bytes, bytes);
    mx_cache_release(
        mx_cache_store(lane->shared->cache, fragment_key(key, &scratch), deps, 0, &variant, false));
    mx_buf_deinit(&scratch);
}

static struct mx_slice *copy_names(const struct mx_slice *names, size_t count) {
    struct mx_slice *copies = mx_alloc((count + 1) * sizeof(*copies));
    for (size_t i = 0; i < count; i++) {
        char *text = mx_alloc(names[i].len + 1);
        memcpy(text, names[i].ptr, names[i].len);
        copies[i] = (struct mx_slice){text, names[i].len};
    }
    return copies;
}

static void free_names(struct mx_slice *names, size_t count) {
    for (size_t i = 0; i < count; i++) {
        mx_free((char *)(uintptr_t)names[i].ptr);
    }
    mx_free(names);
}

static void free_rules(struct mx_page_rules *rules) {
    free_names(rules->query, rules->query_count);
    free_names(rules->private_cookies, rules->private_count);
    free_names(rules->key_cookies, rules->key_count);
    memset(rules, 0, sizeof(*rules));
}

static int cache_configure(void *ctx, const struct mx_cache_rules *rules, struct mx_error *err) {
    (void)err;
    struct mx_page_rules *own = &((struct mx_lane *)ctx)->rules;
    free_rules(own);
    *own = (struct mx_page_rules){
        .query = copy_names(rules->query, rules->query_count),
        .query_count = rules->query_count,
        .private_cookies = copy_names(rules->private_cookies, rules->private_count),
        .private_count = rules->private_count,
        .key_cookies = copy_names(rules->key_cookies, rules->key_count),
        .key_count = rules->key_count,
        .is_configured = true,
    };
    return MX_OK;
}

// --- what visitors did ------------------------------------------------------------------------

static void record_activity(void *ctx, const struct mx_activity_record *record) {
    struct mx_lane *lane = ctx;
    struct mx_activity_record timed = *record;
    timed.at_ms = mx_now_ms(lane->shared->world);
    mx_activity_record(lane->shared->activity, lane->index, &timed);
}

static bool take_activity(void *ctx, struct mx_activity_book *out) {
    return mx_activity_take(((struct mx_lane *)ctx)->shared->activity, out);
}

// --- what plugins did -------------------------------------------------------------------------

static void show_plugin(void *ctx, struct mx_plugin_tally *tally) {
    mx_plugin_counts_show(((struct mx_lane *)ctx)->shared->plugin_counts, tally);
}

static void hide_plugin(void *ctx, struct mx_plugin_tally *tally) {
    mx_plugin_counts_hide(((struct mx_lane *)ctx)->shared->plugin_counts, tally);
}

static void note_failure(void *ctx, struct mx_slice id, uint64_t generation) {
    mx_plugin_counts_fail(((struct mx_lane *)ctx)->shared->plugin_counts, id, generation);
}

static size_t plugin_counts(void *ctx, struct mx_plugin_count *out, size_t max) {
    return mx_plugin_counts_get(((struct mx_lane *)ctx)->shared->plugin_counts, out, max);
}

static void wake_jobs(void *ctx) {
    struct mx_shared *shared = ((struct mx_lane *)ctx)->shared;
    shared->wake_jobs(shared->wake_ctx);
}

// --- the way out --------------------------------------------------------------------------------

// Nobody waits for another server but the jobs thread.
static int open_outgoing(struct mx_lane *lane, struct mx_error *err) {
    struct mx_client_options options = {
        .transfer_max = MX_LIMIT_OUTGOING,
        .waiting_max = MX_LIMIT_OUTGOING_WAITING,
        .allow_private = mx_options_flag(lane->shared->options, MX_OPT_CLIENT_PRIVATE),
        .user_agent = "Merx/" MX_VERSION,
    };
    return lane->role == MX_ROLE_JOBS ? mx_outgoing_open(lane->loop, &options, &lane->outgoing, err)
                                      : MX_OK;
}

// --- life -------------------------------------------------------------------------------------

static int open_script(
    struct mx_lane *lane, const struct mx_exchange_ops *ops, struct mx_error *err) {
    struct mx_shared *shared = lane->shared;
    lane->services = (struct mx_services){
        .ctx = lane,
        .submit_command = submit_command,
        .start_timer = start_timer,
        .offload = offload,
        .cache_seq = cache_seq,
        .cache_holds = cache_holds,
        .cache_get = cache_get,
        .cache_put = cache_put,
        .cache_configure = cache_configure,
        .record_activity = lane->role == MX_ROLE_WORKER ? record_activity : NULL,
        .take_activity = lane->role == MX_ROLE_JOBS ? take_activity : NULL,
        .wake_jobs = wake_jobs,
        .show_plugin = show_plugin,
        .hide_plugin = hide_plugin,
        .note_failure = note_failure,
        .plugin_counts = plugin_counts,
        .client = lane->outgoing ? mx_outgoing_client(lane->outgoing) : NULL,
        .exchange_ops = ops,
    };
    struct mx_script_options options = {
        .role = lane->role,
        .index = lane->index,
        .share = shared->share,
        .data = shared->data,
        .version = MX_VERSION,
        .world = shared->world,
        .db = lane->db,
        .keyring = shared->keyring,
        .services = &lane->services,
        .watchdog = shared->watchdog,
        .chunks = shared->chunks,
    };
    options.options = mx_options_pairs(shared->options, &options.option_count);
    int rc = mx_script_create(&options, &lane->script, err);
    return rc < 0 ? rc : mx_script_boot(lane->script, err);
}

int mx_lane_open(struct mx_lane *lane, const struct mx_exchange_ops *ops, struct mx_error *err) {
    struct mx_db_options db = {
        .path = lane->shared->database,
        .mode = MX_DB_READ,
        .allow_old_deps = mx_options_flag(lane->shared->options, MX_OPT_ALLOW_OLD_DEPS),
    };
    int rc = mx_loop_create(&lane->loop, err);
    if (rc == MX_OK) {
        rc = mx_mailbox_open(lane->loop, &lane->mailbox, err);
    }
    if (rc == MX_OK) {
        rc = mx_db_open(&db, &lane->db, err);
    }
    if (rc == MX_OK) {
        rc = open_outgoing(lane, err);
    }
    return rc < 0 ? rc : open_script(lane, ops, err);
}

void mx_lane_settle(struct mx_lane *lane) {
    while (lane->waits > 0) {
        mx_loop_turn(lane->loop, true);
    }
}

void mx_lane_close(struct mx_lane *lane) {
    assert(lane->waits == 0 && "an answer would find nobody: mx_lane_settle() first");
    mx_script_destroy(lane->script); // and all tasks: no sleeper is needed any more
    while (lane->sleepers) {
        sleeper_destroy(lane->sleepers);
    }
    mx_outgoing_close(lane->outgoing); // nor any reply
    mx_cache_release(lane->fragment);
    mx_db_close(lane->db);
    mx_mailbox_close(lane->mailbox);
    mx_loop_destroy(lane->loop);
    free_rules(&lane->rules);
}

void mx_lane_reload(struct mx_lane *lane, enum mx_change change) {
    struct mx_error err;
    int rc = change == MX_CHANGE_ALL ? mx_script_reload(lane->script, &err)
                                     : mx_script_renew(lane->script, &err);
    if (rc < 0) {
        mx_log_error("%s: reload failed: %s", lane->name, err.text);
    }
}

void mx_lane_tally(struct mx_lane *lane) {
    struct mx_script_stats stats;
    mx_script_stats_get(lane->script, &stats);
    mx_tally_set(lane->tally, MX_COUNT_LUA_BYTES, stats.memory_used);
    mx_tally_set(lane->tally, MX_COUNT_DB_BYTES, mx_db_cache_bytes(lane->db));
    mx_tally_set(lane->tally, MX_COUNT_LUA_TASKS, stats.tasks);
    mx_tally_set(lane->tally, MX_COUNT_LUA_FAILURES, stats.failures);
}
