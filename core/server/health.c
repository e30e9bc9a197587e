// /healthz: the process answers. /readyz: it can sell. /metrics: numbers. They say too much for
// strangers, so others see a 404, and a proxy's word about who asks is needed when there is a
// proxy.
#include "server/health.h"

#include "platform/log.h"
#include "server/activity.h"
#include "server/exchange.h"
#include "server/plugin_counts.h"
#include "server/writer.h"

static const char *phase_name(int phase) {
    static const char *const names[] = {"starting", "ready", "draining"};
    return names[phase];
}

bool mx_health_is_ready(struct mx_shared *shared) {
    return atomic_load(&shared->phase) == MX_PHASE_READY && mx_commands_can_write(shared->commands);
}

static void write_writer(struct mx_shared *shared, mx_buf *out) {
    struct mx_writer_stats stats;
    mx_commands_stats(shared->commands, &stats);
    const struct {
        const char *name;
        const char *type;
        const char *help;
        double value;
    } lines[] = {
        {"merx_writer_queue", "gauge", "Commands that wait", (double)stats.queued},
        {"merx_writer_commands_total", "counter", "Commands that ended", (double)stats.jobs},
        {"merx_writer_failed_total", "counter", "Commands that were rolled back",
            (double)stats.failed},
        {"merx_writer_commits_total", "counter", "Commits", (double)stats.batches},
        {"merx_writer_reruns_total", "counter", "Batches that were run again one by one",
            (double)stats.reruns},
        {"merx_writer_batch_max", "gauge", "Most commands in one commit",
            (double)stats.largest_batch},
        {"merx_writer_commit_seconds_total", "counter", "Time spent in commits",
            (double)stats.commit_us / 1e6},
        {"merx_writer_commit_seconds_max", "gauge", "Longest commit",
            (double)stats.commit_us_max / 1e6},
        {"merx_writer_checkpoints_total", "counter", "Checkpoints", (double)stats.checkpoints},
        {"merx_writer_checkpoints_busy_total", "counter", "Checkpoints that readers held up",
            (double)stats.checkpoints_busy},
        {"merx_wal_bytes", "gauge", "Size of the write-ahead log", (double)stats.wal_bytes},
        {"merx_disk_full", "gauge", "1 while the disk is full", stats.disk_full ? 1 : 0},
        {"merx_writer_stopped", "gauge", "1 after the disk failed", stats.stopped ? 1 : 0},
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        mx_metrics_write_one(out, lines[i].name, lines[i].type, lines[i].help, lines[i].value);
    }
}

static void write_cache(struct mx_shared *shared, mx_buf *out) {
    struct mx_cache_stats stats;
    mx_cache_stats_get(shared->cache, &stats);
    mx_metrics_write_one(out, "merx_cache_hits_total", "counter", "Cache hits", (double)stats.hits);
    mx_metrics_write_one(
        out, "merx_cache_misses_total", "counter", "Cache misses", (double)stats.misses);
    mx_metrics_write_one(out, "merx_cache_stale_total", "counter",
        "Misses because something was touched", (double)stats.stale);
    mx_metrics_write_one(
        out, "merx_cache_evicted_total", "counter", "Entries evicted", (double)stats.evicted);
    mx_metrics_write_one(
        out, "merx_cache_bytes", "gauge", "Memory of the cache", (double)stats.bytes);
    mx_metrics_write_one(
        out, "merx_cache_entries", "gauge", "Pages, fragments, files kept", (double)stats.entries);
}

static void write_activity(struct mx_shared *shared, mx_buf *out) {
    struct mx_activity_stats stats;
    mx_activity_stats_get(shared->activity, &stats);
    mx_metrics_write_one(out, "merx_activity_recorded_total", "counter",
        "Things that visitors did, noted for activity.db", (double)stats.recorded);
    mx_metrics_write_one(out, "merx_activity_dropped_total", "counter",
        "Of those not kept because nobody had written down the last ones yet",
        (double)stats.dropped);
}

void mx_health_write_metrics(struct mx_shared *shared, mx_script *script, mx_buf *out) {
    mx_buf_append_format(out,
        "# HELP merx_info Version\n# TYPE merx_info gauge\n"
        "merx_info{version=\"%s\"} 1\n",
        MX_VERSION);
    mx_metrics_write_one(
        out, "merx_ready", "gauge", "1 when the shop can sell", mx_health_is_ready(shared) ? 1 : 0);
    mx_metrics_write_one(out, "merx_sequence", "counter", "Commits published to the caches",
        (double)mx_stamps_seq(shared->stamps));
    mx_metrics_write(shared->metrics, out);
    mx_plugin_counts_write(shared->plugin_counts, out);
    write_writer(shared, out);
    write_cache(shared, out);
    write_activity(shared, out);
    struct mx_error err;
    if (script && mx_script_metrics(script, out, &err) < 0) {
        mx_log_error("metrics of Lua failed: %s", err.text);
    }
}

void mx_health_write_status(struct mx_shared *shared, mx_buf *out) {
    struct mx_writer_stats writer;
    struct mx_cache_stats cache;
    mx_commands_stats(shared->commands, &writer);
    mx_cache_stats_get(shared->cache, &cache);
    mx_buf_append_format(out,
        "{\"version\":\"%s\",\"phase\":\"%s\",\"ready\":%s,\"connections\":%d,\"sequence\":%llu,"
        "\"now\":%lld,\"writer\":{\"queued\":%llu,\"commands\":%llu,\"failed\":%llu,"
        "\"commits\":%llu,\"wal_bytes\":%llu,\"disk_full\":%s,\"stopped\":%s},"
        "\"cache\":{\"hits\":%llu,\"misses\":%llu,\"stale\":%llu,\"bytes\":%llu,"
        "\"entries\":%llu}}\n",
        MX_VERSION, phase_name(atomic_load(&shared->phase)),
        mx_health_is_ready(shared) ? "true" : "false", atomic_load(&shared->connections),
        (unsigned long long)mx_stamps_seq(shared->stamps), (long long)mx_now_ms(shared->world),
        (unsigned long long)writer.queued, (unsigned long long)writer.jobs,
        (unsigned long long)writer.failed, (unsigned long long)writer.batches,
        (unsigned long long)writer.wal_bytes, writer.disk_full ? "true" : "false",
        writer.stopped ? "true" : "false", (unsigned long long)cache.hits,
        (unsigned long long)cache.misses, (unsigned long long)cache.stale,
        (unsigned long long)cache.bytes, (unsigned long long)cache.entries);
}

// --- requests ---------------------------------------------------------------------------------

static bool may_ask(mx_exchange *exchange) {
    if (exchange->is_admin) {
        return true;
    }
    const struct mx_settings *settings = mx_shared_settings(exchange->worker->lane.shared);
    struct mx_address peer;
    memcpy(peer.bytes, exchange->peer.address, sizeof(peer.bytes));
    const struct mx_address *asker = exchange->peer.is_local ? NULL : &peer;
    bool is_proxied = mx_request_header(exchange->request, MX_SLICE("x-forwarded-for")).ptr ||
                      mx_request_header(exchange->request, MX_SLICE("forwarded")).ptr;
    if (!is_proxied) {
        return mx_proxies_trust(settings->metrics_allow, asker);
    }
    // Somebody asks for somebody: then the proxy must be one of ours, and that somebody permitted.
    const struct mx_origin *origin = mx_exchange_origin(exchange);
    return mx_proxies_trust(settings->proxies, asker) && origin->has_remote &&
           mx_proxies_trust(settings->metrics_allow, &origin->remote);
}

static void send_text(mx_exchange *exchange, int status, struct mx_slice type, mx_buf *body) {
    struct mx_reply_field fields[] = {
        {MX_SLICE("Content-Type"), type}, {MX_SLICE("Cache-Control"), MX_SLICE("no-store")}};
    struct mx_answer answer = {
        .status = status, .fields = fields, .field_count = 2, .body = mx_buf_slice(body)};
    mx_answer_send(exchange, &answer);
    mx_buf_deinit(body);
}

bool mx_health_answer(mx_exchange *exchange) {
    struct mx_slice path = exchange->request->path;
    struct mx_shared *shared = exchange->worker->lane.shared;
    struct mx_slice plain = MX_SLICE("text/plain; charset=utf-8");
    bool is_health = mx_slice_equal(path, MX_SLICE("/healthz"));
    bool is_ready = mx_slice_equal(path, MX_SLICE("/readyz"));
    bool is_metrics = mx_slice_equal(path, MX_SLICE("/metrics"));
    if (!is_health && !is_ready && !is_metrics) {
        return false;
    }
    enum mx_method method = exchange->request->method;
    mx_buf body = {0};
    exchange->route = path;
    if (!may_ask(exchange)) {
        mx_answer_error(exchange, 404, NULL);
    } else if (method != MX_METHOD_GET && method != MX_METHOD_HEAD) {
        mx_answer_methods(exchange);
    } else if (is_health) {
        mx_buf_append_text(&body, "ok\n");
        send_text(exchange, 200, plain, &body);
    } else if (is_ready) {
        bool ready = mx_health_is_ready(shared);
        mx_buf_append_text(&body, ready ? "ready\n" : "not ready\n");
        send_text(exchange, ready ? 200 : 503, plain, &body);
    } else {
        mx_health_write_metrics(shared, exchange->worker->lane.script, &body);
        send_text(exchange, 200, MX_SLICE("text/plain; version=0.0.4; charset=utf-8"), &body);
    }
    return true;
}
