// A tally is written by its own thread and read by whoever asks, so every number is a relaxed
// atomic: an addition costs what it costs without.
#include "server/metrics.h"

#include <stdio.h>

#include "platform/alloc.h"
#include "server/limits.h"

enum { BUCKETS = 12, CLASSES = 6 };

// Upper bounds in microseconds.
static const uint64_t bounds[BUCKETS] = {
    100, 250, 500, 1000, 2500, 5000, 10000, 25000, 100000, 500000, 2500000, 10000000};

struct route {
    char *label; // owned, escaped for Prometheus
    uint64_t hash;
    _Atomic uint64_t buckets[BUCKETS + 1]; // the last: slower than all bounds
    _Atomic uint64_t classes[CLASSES];     // 0: anything strange, 2: 2xx, ...
    _Atomic uint64_t sum_us;
};

struct mx_tally {
    const char *name; // borrowed
    _Atomic uint64_t counts[MX_COUNT_COUNT];
    _Atomic size_t route_count; // published after the route is filled in
    struct route *routes[MX_LIMIT_ROUTES_MEASURED];
};

struct mx_metrics {
    unsigned threads;
    struct mx_tally *tallies;
};

mx_metrics *mx_metrics_create(unsigned threads) {
    mx_metrics *metrics = mx_alloc(sizeof(*metrics));
    metrics->threads = threads;
    metrics->tallies = mx_alloc(threads * sizeof(struct mx_tally));
    return metrics;
}

void mx_metrics_destroy(mx_metrics *metrics) {
    if (!metrics) {
        return;
    }
    for (unsigned i = 0; i < metrics->threads; i++) {
        struct mx_tally *tally = &metrics->tallies[i];
        for (size_t j = 0; j < atomic_load(&tally->route_count); j++) {
            mx_free(tally->routes[j]->label);
            mx_free(tally->routes[j]);
        }
    }
    mx_free(metrics->tallies);
    mx_free(metrics);
}

mx_tally *mx_metrics_tally(mx_metrics *metrics, unsigned index, const char *name) {
    struct mx_tally *tally = &metrics->tallies[index];
    tally->name = name;
    return tally;
}

static void add(_Atomic uint64_t *number, uint64_t by) { // one writer: no locked instruction
    uint64_t now = atomic_load_explicit(number, memory_order_relaxed);
    atomic_store_explicit(number, now + by, memory_order_relaxed);
}

void mx_tally_add(mx_tally *tally, enum mx_count what, uint64_t by) {
    add(&tally->counts[what], by);
}

void mx_tally_set(mx_tally *tally, enum mx_count what, uint64_t value) {
    atomic_store_explicit(&tally->counts[what], value, memory_order_relaxed);
}

static char *escape_label(struct mx_slice text) {
    mx_buf out = {0};
    for (size_t i = 0; i < text.len && i < 120; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c == '"' || c == '\\') {
            mx_buf_append_char(&out, '\\');
        }
        mx_buf_append_char(&out, c < 0x20 ? ' ' : (char)c);
    }
    char *label = mx_strdup(mx_buf_text(&out));
    mx_buf_deinit(&out);
    return label;
}

static struct route *find_route(mx_tally *tally, struct mx_slice name) {
    size_t count = atomic_load_explicit(&tally->route_count, memory_order_relaxed);
    bool is_last = count + 1 >= MX_LIMIT_ROUTES_MEASURED;
    uint64_t hash = mx_slice_hash(name);
    for (size_t i = 0; i < count; i++) {
        if (tally->routes[i]->hash == hash) {
            return tally->routes[i];
        }
    }
    if (count == MX_LIMIT_ROUTES_MEASURED) {
        return tally->routes[count - 1];
    }
    struct route *route = mx_alloc(sizeof(*route));
    route->label = escape_label(is_last ? MX_SLICE("other") : name);
    route->hash = hash;
    tally->routes[count] = route;
    atomic_store_explicit(&tally->route_count, count + 1, memory_order_release);
    return route;
}

void mx_tally_request(mx_tally *tally, struct mx_slice route, int status, uint64_t us) {
    struct route *found = find_route(tally, route);
    int bucket = 0;
    while (bucket < BUCKETS && us > bounds[bucket]) {
        bucket++;
    }
    int class = status >= 100 && status < 600 ? status / 100 : 0;
    add(&found->buckets[bucket], 1);
    add(&found->classes[class], 1);
    add(&found->sum_us, us);
}

uint64_t mx_metrics_sum(const mx_metrics *metrics, enum mx_count what) {
    uint64_t sum = 0;
    for (unsigned i = 0; i < metrics->threads; i++) {
        sum += atomic_load_explicit(&metrics->tallies[i].counts[what], memory_order_relaxed);
    }
    return sum;
}

// --- writing ----------------------------------------------------------------------------------

static void write_head(mx_buf *out, const char *name, const char *type, const char *help) {
    mx_buf_append_format(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void mx_metrics_write_one(
    mx_buf *out, const char *name, const char *type, const char *help, double value) {
    write_head(out, name, type, help);
    mx_buf_append_format(out, "%s %.17g\n", name, value);
}

// One route, summed over the threads that met it.
struct route_sum {
    const char *label;
    uint64_t hash;
    uint64_t buckets[BUCKETS + 1];
    uint64_t classes[CLASSES];
    uint64_t sum_us;
};

static size_t sum_routes(const mx_metrics *metrics, struct route_sum *sums, size_t max) {
    size_t used = 0;
    for (unsigned i = 0; i < metrics->threads; i++) {
        const struct mx_tally *tally = &metrics->tallies[i];
        size_t count = atomic_load_explicit(&tally->route_count, memory_order_acquire);
        for (size_t j = 0; j < count; j++) {
            struct route *route = tally->routes[j];
            uint64_t hash = mx_slice_hash(mx_slice_of(route->label));
            size_t at = 0;
            while (at < used && sums[at].hash != hash) {
                at++;
            }
            if (at == max) {
                continue;
            }
            if (at == used) {
                sums[used++] = (struct route_sum){.label = route->label, .hash = hash};
            }
            for (int k = 0; k <= BUCKETS; k++) {
                sums[at].buckets[k] +=
                    atomic_load_explicit(&route->buckets[k], memory_order_relaxed);
            }
            for (int k = 0; k < CLASSES; k++) {
                sums[at].classes[k] +=
                    atomic_load_explicit(&route->classes[k], memory_order_relaxed);
            }
            sums[at].sum_us += atomic_load_explicit(&route->sum_us, memory_order_relaxed);
        }
    }
    return used;
}

static void write_durations(const struct route_sum *sums, size_t count, mx_buf *out) {
    const char *name = "http_server_request_duration_seconds";
    write_head(out, name, "histogram", "Time from the whole request to its answer, by route");
    for (size_t i = 0; i < count; i++) {
        uint64_t total = 0;
        for (int k = 0; k <= BUCKETS; k++) {
            total += sums[i].buckets[k];
            mx_buf_append_format(out, "%s_bucket{route=\"%s\",le=\"", name, sums[i].label);
            if (k < BUCKETS) {
                mx_buf_append_format(out, "%g", (double)bounds[k] / 1e6);
            } else {
                mx_buf_append_text(out, "+Inf");
            }
            mx_buf_append_format(out, "\"} %llu\n", (unsigned long long)total);
        }
        mx_buf_append_format(
            out, "%s_sum{route=\"%s\"} %g\n", name, sums[i].label, (double)sums[i].sum_us / 1e6);
        mx_buf_append_format(
            out, "%s_count{route=\"%s\"} %llu\n", name, sums[i].label, (unsigned long long)total);
    }
}

static void write_requests(const struct route_sum *sums, size_t count, mx_buf *out) {
    const char *name = "merx_http_requests_total";
    write_head(out, name, "counter", "Requests answered, by route and class of status");
    for (size_t i = 0; i < count; i++) {
        for (int k = 2; k < CLASSES; k++) {
            if (sums[i].classes[k] > 0) {
                mx_buf_append_format(out, "%s{route=\"%s\",status=\"%dxx\"} %llu\n", name,
                    sums[i].label, k, (unsigned long long)sums[i].classes[k]);
            }
        }
    }
}

static const struct {
    enum mx_count what;
    const char *name;
    const char *type;
    const char *help;
} shown[] = {
    {MX_COUNT_CONNECTIONS_OPENED, "merx_connections_opened_total", "counter",
        "Connections accepted"},
    {MX_COUNT_CONNECTIONS_SHED, "merx_connections_shed_total", "counter",
        "Connections refused because there were too many"},
    {MX_COUNT_BYTES_SENT, "merx_http_sent_bytes_total", "counter", "Bytes of replies"},
    {MX_COUNT_PAGES_FROM_CACHE, "merx_pages_from_cache_total", "counter",
        "Whole pages served without Lua"},
    {MX_COUNT_NOT_MODIFIED, "merx_http_not_modified_total", "counter", "Replies 304"},
    {MX_COUNT_REFUSED, "merx_http_refused_total", "counter",
        "Requests that broke a rule of HTTP or a limit"},
    {MX_COUNT_TIMEOUTS, "merx_http_timeouts_total", "counter", "Clients and handlers too slow"},
    {MX_COUNT_COMMANDS_SENT, "merx_commands_sent_total", "counter", "Commands sent to the writer"},
};

static void write_lua(const mx_metrics *metrics, mx_buf *out) {
    static const struct {
        enum mx_count what;
        const char *name;
        const char *help;
    } lua[] = {
        {MX_COUNT_LUA_BYTES, "merx_lua_memory_bytes", "Memory of the trusted Lua states"},
        {MX_COUNT_DB_BYTES, "merx_db_cache_bytes", "Pages that database connections keep"},
        {MX_COUNT_LUA_TASKS, "merx_lua_tasks", "Lua tasks that run or wait"},
        {MX_COUNT_LUA_FAILURES, "merx_lua_failures", "Tasks and calls that ended in an error"},
    };
    for (size_t i = 0; i < sizeof(lua) / sizeof(lua[0]); i++) {
        write_head(out, lua[i].name, "gauge", lua[i].help);
        for (unsigned j = 0; j < metrics->threads; j++) {
            const struct mx_tally *tally = &metrics->tallies[j];
            if (tally->name) {
                mx_buf_append_format(out, "%s{thread=\"%s\"} %llu\n", lua[i].name, tally->name,
                    (unsigned long long)atomic_load(&tally->counts[lua[i].what]));
            }
        }
    }
}

void mx_metrics_write(const mx_metrics *metrics, mx_buf *out) {
    struct route_sum *sums = mx_alloc(MX_LIMIT_ROUTES_MEASURED * sizeof(*sums));
    size_t count = sum_routes(metrics, sums, MX_LIMIT_ROUTES_MEASURED);
    write_durations(sums, count, out);
    write_requests(sums, count, out);
    mx_free(sums);
    for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
        mx_metrics_write_one(out, shown[i].name, shown[i].type, shown[i].help,
            (double)mx_metrics_sum(metrics, shown[i].what));
    }
    uint64_t opened = mx_metrics_sum(metrics, MX_COUNT_CONNECTIONS_OPENED);
    uint64_t closed = mx_metrics_sum(metrics, MX_COUNT_CONNECTIONS_CLOSED);
    mx_metrics_write_one(out, "merx_connections", "gauge", "Connections open now",
        (double)(opened > closed ? opened - closed : 0));
    write_lua(metrics, out);
}
