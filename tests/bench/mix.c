// Visitors who mostly look: product pages, of which 20 % get 80 % of the visits, and additions to a
// cart.
//
//   mix PORT PID TARGETS CLIENTS SECONDS RATE WRITE_PERCENT [fresh|known [PATH EVERY_MS]]
//
// RATE 0 is a closed loop: every client asks again as soon as it has its answer. Otherwise requests
// come by a Poisson process of RATE in a second, and a latency counts from the moment when its
// request was due, so a server that stalls cannot hide it. With `fresh` pages carry a parameter
// that no page knows, so that none comes from the page cache, and all products are asked for alike.
// With PATH one more client asks for that every so many milliseconds, unless it still waits; of its
// replies only the number is told, as "beside".
// Prints one JSON object.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "histogram.h"
#include "targets.h"
#include "usage.h"

enum { ADDS_A_CART = 10 };

static const int64_t WARM_UP_NS = 500000000; // is not measured

struct visitor {
    bool is_writing;
    int adds;
    struct bench_cookie cart[BENCH_COOKIES]; // of its additions: readers are anonymous
};

struct bench {
    bench_loop *loop;
    struct bench_targets targets;
    struct visitor *visitors; // owned
    int *idle; // owned; a ring of clients without a request: each has its turn, none falls silent
    int idle_from;
    int idle_count;
    int clients;
    bool is_closed; // a closed loop
    bool is_fresh;
    bool is_over;
    double write_share;
    int64_t measured_from;
    uint64_t number;
    uint64_t failed;
    const char *beside; // borrowed; NULL: nobody asks besides
    struct bench_client *besider;
    int64_t beside_every; // ns
    int64_t beside_due;
    uint64_t beside_count;
    struct bench_histogram reads;
    struct bench_histogram writes;
    struct bench_histogram all; // of both
};

static void send_page(struct bench *bench, struct bench_client *client) {
    char path[200];
    const struct bench_targets *targets = &bench->targets;
    if (bench->is_fresh) {
        snprintf(path, sizeof(path), "/products/%s?bench=%llu", bench_targets_draw(targets)->handle,
            (unsigned long long)bench->number++);
    } else {
        snprintf(path, sizeof(path), "/products/%s", bench_targets_draw_popular(targets)->handle);
    }
    bench_client_forget(client);
    bench_client_send(client, path, NULL);
}

static void send_addition(struct bench *bench, struct bench_client *client) {
    char form[128];
    struct visitor *visitor = &bench->visitors[client->index];
    const struct bench_target *target = bench_targets_draw(&bench->targets);
    if (visitor->adds++ % ADDS_A_CART == 0) {
        memset(visitor->cart, 0, sizeof(visitor->cart));
    }
    memcpy(client->cookies, visitor->cart, sizeof(client->cookies));
    snprintf(form, sizeof(form), "product=%ld&id=%ld&quantity=1", target->product, target->variant);
    bench_client_send(client, "/cart/add", form);
}

static void ask(struct bench *bench, struct bench_client *client) {
    struct visitor *visitor = &bench->visitors[client->index];
    visitor->is_writing = bench_random() < bench->write_share;
    visitor->is_writing ? send_addition(bench, client) : send_page(bench, client);
}

static void put_idle(struct bench *bench, int index) {
    bench->idle[(bench->idle_from + bench->idle_count++) % bench->clients] = index;
}

static struct bench_client *take_idle(struct bench *bench) {
    int index = bench->idle[bench->idle_from];
    bench->idle_from = (bench->idle_from + 1) % bench->clients;
    bench->idle_count--;
    return bench_loop_client(bench->loop, index);
}

static void on_reply(void *ctx, struct bench_client *client, const struct bench_reply *reply) {
    struct bench *bench = ctx;
    if (bench->is_over) {
        return;
    }
    if (client == bench->besider) {
        bench->beside_count++;
        return;
    }
    struct visitor *visitor = &bench->visitors[client->index];
    if (reply->status != (visitor->is_writing ? 303 : 200) && bench->failed++ == 0) {
        fprintf(stderr, "bench: the first failure: status %d, body:\n%.600s\n", reply->status,
            reply->body);
    }
    if (visitor->is_writing) {
        memcpy(visitor->cart, client->cookies, sizeof(visitor->cart));
    }
    if (bench_now() >= bench->measured_from) {
        bench_histogram_add(visitor->is_writing ? &bench->writes : &bench->reads, reply->took_ns);
        bench_histogram_add(&bench->all, reply->took_ns);
    }
    if (bench->is_closed) {
        ask(bench, client);
    } else {
        put_idle(bench, client->index);
    }
}

// Sends what is due. Returns when the next request is due; when all clients wait, it stays due.
static int64_t send_due(struct bench *bench, int64_t due, double rate) {
    while (due <= bench_now() && bench->idle_count > 0) {
        struct bench_client *client = take_idle(bench);
        ask(bench, client);
        client->sent_at = due;
        due += (int64_t)(-log(1 - bench_random()) / rate * 1e9);
    }
    return due;
}

static void send_beside(struct bench *bench) {
    if (bench->beside && !bench->besider->is_busy && bench->beside_due <= bench_now()) {
        bench_client_send(bench->besider, bench->beside, NULL);
        bench->beside_due = bench_now() + bench->beside_every;
    }
}

static void run(struct bench *bench, double seconds, double rate) {
    int64_t due = bench_now();
    int64_t end = due + WARM_UP_NS + (int64_t)(seconds * 1e9);
    for (int i = 0; i < bench->clients; i++) {
        put_idle(bench, i);
    }
    while (bench->is_closed && bench->idle_count > 0) {
        ask(bench, take_idle(bench));
    }
    while (bench_now() < end) {
        int64_t wait = 20000000;
        send_beside(bench);
        if (!bench->is_closed) {
            due = send_due(bench, due, rate);
            wait = bench->idle_count > 0 ? due - bench_now() : wait;
        }
        bench_loop_run(bench->loop, wait < 0 ? 0 : wait > 20000000 ? 20000000 : wait);
    }
    bench->is_over = true;
}

int main(int argc, char **argv) {
    static struct bench bench;
    if (argc < 8) {
        fprintf(stderr,
            "usage: mix PORT PID TARGETS CLIENTS SECONDS RATE WRITE_PERCENT [fresh|known [PATH "
            "EVERY_MS]]\n");
        return 2;
    }
    bench.clients = (int)strtol(argv[4], NULL, 10);
    double seconds = strtod(argv[5], NULL);
    double rate = strtod(argv[6], NULL);
    bench.write_share = strtod(argv[7], NULL) / 100;
    bench.is_closed = rate <= 0;
    bench.is_fresh = argc > 8 && !strcmp(argv[8], "fresh");
    bench_targets_read(argv[3], &bench.targets);
    bench.visitors = calloc((size_t)bench.clients, sizeof(*bench.visitors));
    bench.idle = calloc((size_t)bench.clients, sizeof(*bench.idle));
    if (!bench.visitors || !bench.idle) {
        fprintf(stderr, "bench: no memory\n");
        return 1;
    }
    bench.beside = argc > 10 ? argv[9] : NULL;
    bench.beside_every = argc > 10 ? (int64_t)(strtod(argv[10], NULL) * 1e6) : 0;
    int connections = bench.clients + (bench.beside ? 1 : 0);
    bench.loop = bench_loop_open((int)strtol(argv[1], NULL, 10), connections, on_reply, &bench);
    bench.besider = bench.beside ? bench_loop_client(bench.loop, bench.clients) : NULL;
    bench.measured_from = bench_now() + WARM_UP_NS;
    double cpu = bench_cpu_us(argv[2]);
    run(&bench, seconds, rate);
    cpu = (bench_cpu_us(argv[2]) - cpu) * seconds / (seconds + (double)WARM_UP_NS / 1e9);
    double total = (double)(bench.reads.total + bench.writes.total);
    printf("{\"per_second\": %.1f, \"cpu_us\": %.1f, \"failed\": %llu, \"beside\": %llu, ",
        total / seconds, total > 0 ? cpu / total : 0, (unsigned long long)bench.failed,
        (unsigned long long)bench.beside_count);
    bench_histogram_print(&bench.reads, "reads");
    printf(", ");
    bench_histogram_print(&bench.writes, "writes");
    printf(", ");
    bench_histogram_print(&bench.all, "all");
    printf("}\n");
    bench_loop_close(bench.loop);
    free(bench.visitors);
    free(bench.idle);
    free(bench.targets.list);
    return total > 0 ? 0 : 1;
}
