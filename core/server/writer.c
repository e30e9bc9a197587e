// A command travels as one block of memory: made by whoever asks, run on the writer's thread inside
// the savepoint of its job, mailed back and freed there. What it touched is stamped after the
// COMMIT and before any answer. Time and seed are drawn once, so a second run makes the same rows.
#include "server/writer.h"

#include <assert.h>
#include <stdlib.h>

#include "platform/alloc.h"
#include "platform/log.h"
#include "server/plugin_counts.h"
#include "server/start.h"

struct sent {
    struct mx_letter letter; // first: the mailbox hands it back
    struct mx_job job;
    mx_commands *commands;     // borrowed
    struct mx_command command; // its bytes stand behind the struct
    mx_mailbox *reply_to;
    mx_command_fn fn;
    void *ctx;
    uint64_t *touched; // owned
    size_t touched_count;
    size_t touched_cap;
    mx_buf out;
    bool is_drawn; // time and seed
};

struct mx_commands {
    struct mx_shared *shared; // borrowed
    mx_db *db;                // borrowed
    mx_writer *writer;
    mx_script *script; // of the writer's thread
    mx_tally *tally;
    struct mx_services services;
    struct sent *running;
    uint64_t *batch; // tags of a whole batch, to be published together; owned
    size_t batch_cap;
    _Atomic bool in_trouble;
};

// --- on the writer's thread -------------------------------------------------------------------

static void touch(void *ctx, struct mx_slice tag) {
    mx_commands *commands = ctx;
    struct sent *sent = commands->running;
    if (!sent) {
        return; // boot code; everything is stale anyway
    }
    uint64_t hash = mx_slice_hash(tag);
    for (size_t i = sent->touched_count; i > 0 && i + 16 > sent->touched_count; i--) {
        if (sent->touched[i - 1] == hash) {
            return; // loops touch the same thing again and again
        }
    }
    if (sent->touched_count == sent->touched_cap) {
        sent->touched_cap = sent->touched_cap ? sent->touched_cap * 2 : 8;
        sent->touched = mx_realloc(sent->touched, sent->touched_cap * sizeof(uint64_t));
    }
    sent->touched[sent->touched_count++] = hash;
}

static uint64_t seq(void *ctx) {
    mx_commands *commands = ctx;
    return mx_stamps_seq(commands->shared->stamps);
}

static void wake_jobs(void *ctx) {
    mx_commands *commands = ctx;
    commands->shared->wake_jobs(commands->shared->wake_ctx);
}

static void show_plugin(void *ctx, struct mx_plugin_tally *tally) {
    mx_plugin_counts_show(((mx_commands *)ctx)->shared->plugin_counts, tally);
}

static void hide_plugin(void *ctx, struct mx_plugin_tally *tally) {
    mx_plugin_counts_hide(((mx_commands *)ctx)->shared->plugin_counts, tally);
}

static void note_failure(void *ctx, struct mx_slice id, uint64_t generation) {
    mx_plugin_counts_fail(((mx_commands *)ctx)->shared->plugin_counts, id, generation);
}

static void reload(void *ctx) {
    mx_commands *commands = ctx;
    commands->shared->reload(commands->shared->wake_ctx, MX_CHANGE_ALL);
}

static void renew(void *ctx) {
    mx_commands *commands = ctx;
    commands->shared->reload(commands->shared->wake_ctx, MX_CHANGE_PLUGINS);
}

static void thread_end(void *ctx) {
    mx_commands *commands = ctx;
    mx_script_destroy(commands->script);
    commands->script = NULL;
}

static int thread_begin(void *ctx, struct mx_error *err) {
    mx_commands *commands = ctx;
    struct mx_shared *shared = commands->shared;
    mx_start_name("merx-writer");
    commands->services = (struct mx_services){
        .ctx = commands,
        .cache_seq = seq,
        .cache_touch = touch,
        .wake_jobs = wake_jobs,
        .reload = reload,
        .renew = renew,
        .show_plugin = show_plugin,
        .hide_plugin = hide_plugin,
        .note_failure = note_failure,
    };
    struct mx_script_options options = {
        .role = MX_ROLE_WRITER,
        .share = shared->share,
        .data = shared->data,
        .version = MX_VERSION,
        .world = shared->world,
        .db = commands->db,
        .keyring = shared->keyring,
        .services = &commands->services,
        .watchdog = shared->watchdog,
        .chunks = shared->chunks,
    };
    options.options = mx_options_pairs(shared->options, &options.option_count);
    int rc = mx_script_create(&options, &commands->script, err);
    if (rc == MX_OK) {
        rc = mx_script_boot(commands->script, err);
    }
    if (rc < 0) {
        thread_end(commands);
    }
    return rc;
}

static void draw(struct sent *sent) {
    if (!sent->is_drawn) {
        const struct mx_world *world = sent->commands->shared->world;
        sent->command.now_ms = mx_now_ms(world);
        mx_random(world, sent->command.seed, sizeof(sent->command.seed));
        sent->is_drawn = true;
    }
}

static int on_job_run(void *ctx, mx_db *db, struct mx_error *err) {
    (void)db; // the script was given the same one
    struct sent *sent = ctx;
    mx_commands *commands = sent->commands;
    mx_buf_clear(&sent->out); // of a run that was undone
    sent->touched_count = 0;
    draw(sent);
    bool is_ok = false;
    commands->running = sent;
    int rc = mx_script_command(commands->script, &sent->command, &sent->out, &is_ok, err);
    commands->running = NULL;
    if (rc == MX_OK && !is_ok) {
        return mx_fail(err, MX_E_INVALID, "the command said no"); // `out` says why
    }
    return rc;
}

static int on_reload_run(void *ctx, mx_db *db, struct mx_error *err) {
    (void)db;
    struct sent *sent = ctx;
    mx_commands *commands = sent->commands;
    int rc = mx_script_reload(commands->script, err);
    mx_stamps_publish_all(commands->shared->stamps);
    return rc;
}

// Readers take plugins up from the commit on, but not before their tables are made: what they made
// until now with those of before is stale, too.
static int on_renewal_run(void *ctx, mx_db *db, struct mx_error *err) {
    (void)db;
    struct sent *sent = ctx;
    mx_commands *commands = sent->commands;
    uint64_t plugins = mx_slice_hash(MX_SLICE("plugins"));
    int rc = mx_script_renew(commands->script, err);
    mx_stamps_publish(commands->shared->stamps, &plugins, 1);
    return rc;
}

static void tally_lua(mx_commands *commands) {
    struct mx_script_stats stats;
    mx_script_stats_get(commands->script, &stats);
    mx_tally_set(commands->tally, MX_COUNT_LUA_BYTES, stats.memory_used);
    mx_tally_set(commands->tally, MX_COUNT_DB_BYTES, mx_db_cache_bytes(commands->db));
    mx_tally_set(commands->tally, MX_COUNT_LUA_FAILURES, stats.failures);
}

static void on_batch_committed(void *ctx, struct mx_job *const *jobs, int count) {
    mx_commands *commands = ctx;
    size_t used = 0;
    for (int i = 0; i < count; i++) {
        const struct sent *sent = jobs[i]->ctx;
        size_t needed = used + sent->touched_count;
        if (needed > commands->batch_cap) {
            commands->batch_cap = needed * 2;
            commands->batch = mx_realloc(commands->batch, commands->batch_cap * sizeof(uint64_t));
        }
        if (sent->touched_count > 0) {
            memcpy(commands->batch + used, sent->touched, sent->touched_count * sizeof(uint64_t));
        }
        used = needed;
    }
    mx_stamps_publish(commands->shared->stamps, commands->batch, used);
    tally_lua(commands);
    wake_jobs(commands); // the outbox may have grown
}

static void on_trouble(void *ctx, const char *text) {
    mx_commands *commands = ctx;
    atomic_store(&commands->in_trouble, text != NULL);
    if (text) {
        mx_log_error("nothing can be written: %s", text);
    } else {
        mx_log_info("writing works again");
    }
}

static void encode_outcome(struct sent *sent, const struct mx_job_outcome *outcome) {
    bool said_itself = outcome->state == MX_JOB_FAILED && sent->out.len > 0;
    if (outcome->state == MX_JOB_COMMITTED || said_itself) {
        return;
    }
    mx_buf_clear(&sent->out);
    mx_script_encode_failure(&sent->out, &outcome->error);
}

static void on_job_done(void *ctx, const struct mx_job_outcome *outcome) {
    struct sent *sent = ctx;
    encode_outcome(sent, outcome);
    mx_mailbox_post(sent->reply_to, &sent->letter);
}

// --- on the thread that asked -----------------------------------------------------------------

static void sent_destroy(struct sent *sent) {
    mx_free(sent->touched);
    mx_buf_deinit(&sent->out);
    mx_free(sent);
}

static void on_letter_came_back(struct mx_letter *letter) {
    struct sent *sent = (struct sent *)letter;
    sent->fn(sent->ctx, mx_buf_slice(&sent->out));
    sent_destroy(sent);
}

static struct mx_slice append(char **at, struct mx_slice slice) {
    struct mx_slice copy = {*at, slice.len};
    if (slice.len > 0) {
        memcpy(*at, slice.ptr, slice.len);
        *at += slice.len;
    }
    return copy;
}

static struct sent *sent_create(const struct mx_command *command) {
    size_t size = command->name.len + command->args.len + command->key.len + command->actor.len;
    struct sent *sent = mx_alloc(sizeof(*sent) + size);
    char *at = (char *)(sent + 1);
    sent->command = *command;
    sent->command.name = append(&at, command->name);
    sent->command.args = append(&at, command->args);
    sent->command.key = append(&at, command->key);
    sent->command.actor = append(&at, command->actor);
    sent->letter.fn = on_letter_came_back;
    sent->job.ctx = sent;
    sent->job.done = on_job_done;
    return sent;
}

static int submit(mx_commands *commands, struct sent *sent, mx_mailbox *reply_to, mx_command_fn fn,
    void *ctx, struct mx_error *err) {
    sent->commands = commands;
    sent->reply_to = reply_to;
    sent->fn = fn;
    sent->ctx = ctx;
    int rc = mx_writer_submit(commands->writer, &sent->job, err);
    if (rc < 0) {
        sent_destroy(sent);
    }
    return rc;
}

int mx_commands_submit(mx_commands *commands, const struct mx_command *command,
    mx_mailbox *reply_to, mx_command_fn fn, void *ctx, struct mx_error *err) {
    struct sent *sent = sent_create(command);
    sent->job.run = on_job_run;
    return submit(commands, sent, reply_to, fn, ctx, err);
}

int mx_commands_reload(mx_commands *commands, enum mx_change change, mx_mailbox *reply_to,
    mx_command_fn fn, void *ctx, struct mx_error *err) {
    struct sent *sent = sent_create(&(struct mx_command){0});
    sent->job.run = change == MX_CHANGE_ALL ? on_reload_run : on_renewal_run;
    sent->job.alone = true;
    return submit(commands, sent, reply_to, fn, ctx, err);
}

int mx_commands_start(
    struct mx_shared *shared, mx_db *db, mx_commands **out, struct mx_error *err) {
    mx_commands *commands = mx_alloc(sizeof(*commands));
    commands->shared = shared;
    commands->db = db;
    commands->tally = mx_metrics_tally(shared->metrics, 0, "writer");
    struct mx_writer_options options = {
        .db = db,
        .ctx = commands,
        .thread_begin = thread_begin,
        .thread_end = thread_end,
        .committed = on_batch_committed,
        .trouble = on_trouble,
    };
    int rc = mx_writer_create(&options, &commands->writer, err);
    if (rc < 0) {
        goto out;
    }
    rc = mx_writer_start(commands->writer, err);
    if (rc < 0) {
        goto out;
    }
    *out = commands;
    commands = NULL; // handed over
out:
    mx_commands_stop(commands);
    return rc;
}

void mx_commands_stop(mx_commands *commands) {
    if (!commands) {
        return;
    }
    mx_writer_destroy(commands->writer); // stops it first
    mx_free(commands->batch);
    mx_free(commands);
}

void mx_commands_stats(mx_commands *commands, struct mx_writer_stats *out) {
    mx_writer_stats(commands->writer, out);
}

bool mx_commands_can_write(mx_commands *commands) {
    return !atomic_load(&commands->in_trouble);
}
