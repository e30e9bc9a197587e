// Visitors who mostly look: product pages, of which 20 % get 80 % of the visits, and additions to a
// cart.
//
//   mix PORT PID TARGETS CLIENTS SECONDS RATE WRITE_PERCENT [fresh]
//
// RATE 0 is a closed loop: every client asks again as soon as it has its answer. Otherwise requests
// come by a Poisson process of RATE in a second, and a latency counts from the moment when its
// request was due, so a server that stalls cannot hide it. With `fresh` pages carry a parameter
// that no page knows, so that none comes from the page cache, and all products are asked for alike.
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
    int *idle;                // owned; indices of clients without a request
    int idle_count;
    bool is_closed; // a closed loop
    bool is_fresh;
    bool is_over;
    double write_share;
    int64_t measured_from;
    uint64_t number;
    uint64_t failed;
    struct bench_histogram reads;
    struct bench_histogram writes;
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

static void on_reply(void *ctx, struct bench_client *client, const struct bench_reply *reply) {
    struct bench *bench = ctx;
    struct visitor *visitor = &bench->visitors[client->index];
    if (bench->is_over) {
        return;
    }
    if (reply->status != (visitor->is_writing ? 303 : 200) && bench->failed++ == 0) {
        fprintf(stderr, "bench: the first failure: status %d, body:\n%.600s\n", reply->status,
            reply->body);
    }
    if (visitor->is_writing) {
        memcpy(visitor->cart, client->cookies, sizeof(visitor->cart));
    }
    if (bench_now() >= bench->measured_from) {
        bench_histogram_add(visitor->is_writing ? &bench->writes : &bench->reads, reply->took_ns);
    }
    if (bench->is_closed) {
        ask(bench, client);
    } else {
        bench->idle[bench->idle_count++] = client->index;
    }
}

// Sends what is due. Returns when the next request is due; when all clients wait, it stays due.
static int64_t send_due(struct bench *bench, int64_t due, double rate) {
    while (due <= bench_now() && bench->idle_count > 0) {
        struct bench_client *client =
            bench_loop_client(bench->loop, bench->idle[--bench->idle_count]);
        ask(bench, client);
        client->sent_at = due;
        due += (int64_t)(-log(1 - bench_random()) / rate * 1e9);
    }
    return due;
}

static void run(struct bench *bench, int clients, double seconds, double rate) {
    int64_t due = bench_now();
    int64_t end = due + WARM_UP_NS + (int64_t)(seconds * 1e9);
    for (int i = 0; i < clients; i++) {
        bench->idle[bench->idle_count++] = i;
    }
    while (bench->is_closed && bench->idle_count > 0) {
        ask(bench, bench_loop_client(bench->loop, bench->idle[--bench->idle_count]));
    }
    while (bench_now() < end) {
        int64_t wait = 20000000;
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
        fprintf(stderr, "usage: mix PORT PID TARGETS CLIENTS SECONDS RATE WRITE_PERCENT [fresh]\n");
        return 2;
    }
    int clients = (int)strtol(argv[4], NULL, 10);
    double seconds = strtod(argv[5], NULL);
    double rate = strtod(argv[6], NULL);
    bench.write_share = strtod(argv[7], NULL) / 100;
    bench.is_closed = rate <= 0;
    bench.is_fresh = argc > 8 && !strcmp(argv[8], "fresh");
    bench_targets_read(argv[3], &bench.targets);
    bench.visitors = calloc((size_t)clients, sizeof(*bench.visitors));
    bench.idle = calloc((size_t)clients, sizeof(*bench.idle));
    if (!bench.visitors || !bench.idle) {
        fprintf(stderr, "bench: no memory\n");
        return 1;
    }
    bench.loop = bench_loop_open((int)strtol(argv[1], NULL, 10), clients, on_reply, &bench);
    bench.measured_from = bench_now() + WARM_UP_NS;
    double cpu = bench_cpu_us(argv[2]);
    run(&bench, clients, seconds, rate);
    cpu = (bench_cpu_us(argv[2]) - cpu) * seconds / (seconds + (double)WARM_UP_NS / 1e9);
    double total = (double)(bench.reads.total + bench.writes.total);
    printf("{\"per_second\": %.1f, \"cpu_us\": %.1f, \"failed\": %llu, ", total / seconds,
        total > 0 ? cpu / total : 0, (unsigned long long)bench.failed);
    bench_histogram_print(&bench.reads, "reads");
    printf(", ");
    bench_histogram_print(&bench.writes, "writes");
    printf("}\n");
    bench_loop_close(bench.loop);
    free(bench.visitors);
    free(bench.idle);
    free(bench.targets.list);
    return total > 0 ? 0 : 1;
}
