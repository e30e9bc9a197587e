// Shoppers who buy: each of many clients walks to the placed order, over and over.
//
//   checkout PORT PID TARGETS MODE CLIENTS SECONDS
//
//   journey   POST /cart/add, the cart, address, delivery, payment, the POST that places the order
//   visit     the same from the home page and a product to the order's page
//   add       POST /cart/add alone, ten products into each cart
//   place     carts are brought to the last step first; then only the POST that places the order
//
// Prints one JSON object: operations in a second, CPU time of the server (PID) for each, latencies
// of the steps, failures.
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "form.h"
#include "histogram.h"
#include "targets.h"
#include "usage.h"

enum mode { JOURNEY, VISIT, ADD, PLACE };

// What a request was, for its histogram.
enum step { HOME, PRODUCT, CART_ADD, CART, SHOW, SUBMIT, PLACE_ORDER, THANKS, STEP_COUNT };

static const char *const step_names[STEP_COUNT] = {
    "home", "product", "cart_add", "cart", "show_step", "submit_step", "place_order", "order_page"};

enum { ADDS_A_CART = 10, REQUESTS_A_WALK = 40 };
enum { PREPARING = 4 }; // times the seconds of the measurement

// A cart that waits to be placed.
struct prepared {
    struct bench_cookie cookies[BENCH_COOKIES];
    struct bench_form form;
};

struct shopper {
    enum step step;
    int requests; // since the walk began: too many means that it goes in circles
    int adds;
};

struct bench {
    enum mode mode;
    bench_loop *loop;
    struct bench_targets targets;
    struct shopper *shoppers; // owned
    struct prepared *waiting; // owned
    int waiting_count;
    int waiting_max;
    int busy;
    bool is_measuring; // else carts are being prepared
    bool is_over;
    uint64_t done;
    uint64_t failed;
    struct bench_histogram all;
    struct bench_histogram steps[STEP_COUNT];
};

static const struct bench_answer answers[] = {{"email", "bench@example.com"}, {"given_name", "Ada"},
    {"family_name", "Byron"}, {"name", "Ada Byron"}, {"line1", "Hafenstrasse 12"},
    {"postal_code", "20457"}, {"city", "Hamburg"}, {"country", "DE"}, {"phone", "+49 40 1234567"}};

enum { ANSWERS = sizeof(answers) / sizeof(*answers) };

static void ask(struct bench *bench, struct bench_client *client, enum step step, const char *path,
    const char *form) {
    struct shopper *shopper = &bench->shoppers[client->index];
    shopper->step = step;
    shopper->requests++;
    bench->busy++;
    bench_client_send(client, path, form);
}

static void ask_to_add(struct bench *bench, struct bench_client *client) {
    char form[128];
    const struct bench_target *target = bench_targets_draw(&bench->targets);
    snprintf(form, sizeof(form), "product=%ld&id=%ld&quantity=1", target->product, target->variant);
    ask(bench, client, CART_ADD, "/cart/add", form);
}

static void begin(struct bench *bench, struct bench_client *client) {
    struct shopper *shopper = &bench->shoppers[client->index];
    if (bench->is_over) {
        return;
    }
    if (bench->mode == ADD) {
        if (shopper->adds++ % ADDS_A_CART == 0) {
            bench_client_forget(client);
        }
        ask_to_add(bench, client);
    } else if (bench->mode == PLACE && bench->is_measuring) {
        if (bench->waiting_count > 0) {
            struct prepared *cart = &bench->waiting[--bench->waiting_count];
            memcpy(client->cookies, cart->cookies, sizeof(client->cookies));
            ask(bench, client, PLACE_ORDER, cart->form.action, cart->form.fields);
        }
    } else {
        bench_client_forget(client);
        shopper->requests = 0;
        bench->mode == VISIT ? ask(bench, client, HOME, "/", NULL) : ask_to_add(bench, client);
    }
}

static void fail(struct bench *bench, struct bench_client *client, const struct bench_reply *reply,
    const char *why) {
    if (bench->failed++ == 0) {
        fprintf(stderr,
            "bench: the first failure: %s at step %s, status %d, location '%s', body:\n%.600s\n",
            why, step_names[bench->shoppers[client->index].step], reply->status, reply->location,
            reply->body);
    }
    begin(bench, client);
}

// An operation was done: a walk, an addition, an order.
static void finish(struct bench *bench, struct bench_client *client) {
    bench->done += bench->is_measuring;
    begin(bench, client);
}

// Puts the last form aside instead of sending it.
static void keep_waiting(
    struct bench *bench, struct bench_client *client, const struct bench_form *form) {
    if (bench->waiting_count < bench->waiting_max) {
        struct prepared *cart = &bench->waiting[bench->waiting_count++];
        memcpy(cart->cookies, client->cookies, sizeof(cart->cookies));
        cart->form = *form;
    }
    begin(bench, client);
}

// A page of the checkout: fills its form in and sends it.
static void answer_form(
    struct bench *bench, struct bench_client *client, const struct bench_reply *reply) {
    struct bench_form form;
    if (!bench_form_fill(reply->body, "/checkout", answers, ANSWERS, &form)) {
        fail(bench, client, reply, "no form of the checkout");
        return;
    }
    bool is_last = bench_form_has(&form, "payment");
    if (is_last && bench->mode == PLACE) {
        keep_waiting(bench, client, &form);
    } else {
        ask(bench, client, is_last ? PLACE_ORDER : SUBMIT, form.action, form.fields);
    }
}

static const char *path_of(const char *location) {
    const char *host = strstr(location, "://");
    const char *path = host ? strchr(host + 3, '/') : location;
    return path ? path : "/";
}

static void follow(
    struct bench *bench, struct bench_client *client, const struct bench_reply *reply) {
    const char *path = path_of(reply->location);
    enum step step = bench->shoppers[client->index].step;
    const char *right = step == CART_ADD      ? "/cart"
                        : step == PLACE_ORDER ? "/orders/"
                                              : "/checkout/";
    if (strncmp(path, right, strlen(right)) != 0) {
        fail(bench, client, reply, "sent elsewhere");
    } else if (step == PLACE_ORDER) {
        bench->mode == VISIT ? ask(bench, client, THANKS, path, NULL) : finish(bench, client);
    } else if (step != CART_ADD) {
        ask(bench, client, SHOW, path, NULL);
    } else if (bench->mode == ADD) {
        finish(bench, client);
    } else {
        ask(bench, client, CART, path, NULL);
    }
}

static void walk_on(
    struct bench *bench, struct bench_client *client, const struct bench_reply *reply) {
    switch (bench->shoppers[client->index].step) {
    case HOME: {
        char path[160];
        snprintf(path, sizeof(path), "/products/%s", bench_targets_draw(&bench->targets)->handle);
        ask(bench, client, PRODUCT, path, NULL);
        break;
    }
    case PRODUCT: ask_to_add(bench, client); break;
    case CART: ask(bench, client, SHOW, "/checkout", NULL); break;
    case THANKS: finish(bench, client); break;
    default: answer_form(bench, client, reply);
    }
}

static void on_reply(void *ctx, struct bench_client *client, const struct bench_reply *reply) {
    struct bench *bench = ctx;
    struct shopper *shopper = &bench->shoppers[client->index];
    bench->busy--;
    if (bench->is_measuring && !bench->is_over) {
        bench_histogram_add(&bench->all, reply->took_ns);
        bench_histogram_add(&bench->steps[shopper->step], reply->took_ns);
    }
    if (bench->is_over) {
        return;
    }
    if (shopper->requests > REQUESTS_A_WALK && bench->mode != ADD && !bench->is_measuring) {
        fail(bench, client, reply, "the walk goes in circles");
    } else if (reply->status >= 301 && reply->status <= 303) {
        follow(bench, client, reply);
    } else if (reply->status == 200) {
        walk_on(bench, client, reply);
    } else {
        fail(bench, client, reply, "refused");
    }
}

static void start_all(struct bench *bench, int clients) {
    for (int i = 0; i < clients; i++) {
        struct bench_client *client = bench_loop_client(bench->loop, i);
        if (!client->is_busy) {
            begin(bench, client);
        }
    }
}

// Runs until `seconds` are over, or until no client has anything left to do. Returns the seconds
// that it took.
static double run_for(struct bench *bench, int clients, double seconds, bool is_preparing) {
    int64_t start = bench_now();
    int64_t end = start + (int64_t)(seconds * 1e9);
    start_all(bench, clients);
    while (bench_now() < end && bench->busy > 0 &&
           (!is_preparing || bench->waiting_count < bench->waiting_max)) {
        bench_loop_run(bench->loop, 20000000);
    }
    return (double)(bench_now() - start) / 1e9;
}

// Lets requests that are under way end, so that nothing of one phase is measured in the next.
static void settle(struct bench *bench) {
    bench->is_over = true;
    for (int64_t end = bench_now() + 5000000000; bench->busy > 0 && bench_now() < end;) {
        bench_loop_run(bench->loop, 20000000);
    }
    bench->is_over = false;
}

static void print(const struct bench *bench, const char *mode, double seconds, double cpu_us) {
    double done = (double)bench->done;
    printf("{\"mode\": \"%s\", \"seconds\": %.3f, \"done\": %.0f, \"failed\": %llu, ", mode,
        seconds, done, (unsigned long long)bench->failed);
    printf(
        "\"per_second\": %.1f, \"cpu_us\": %.1f, ", done / seconds, done > 0 ? cpu_us / done : 0);
    bench_histogram_print(&bench->all, "all");
    for (int i = 0; i < STEP_COUNT; i++) {
        if (bench->steps[i].total > 0) {
            printf(", ");
            bench_histogram_print(&bench->steps[i], step_names[i]);
        }
    }
    printf("}\n");
}

static bool read_mode(const char *name, enum mode *out) {
    static const char *const names[] = {"journey", "visit", "add", "place"};
    for (int i = 0; i < 4; i++) {
        if (!strcmp(name, names[i])) {
            *out = (enum mode)i;
            return true;
        }
    }
    return false;
}

int main(int argc, char **argv) {
    static struct bench bench;
    if (argc != 7 || !read_mode(argv[4], &bench.mode)) {
        fprintf(
            stderr, "usage: checkout PORT PID TARGETS journey|visit|add|place CLIENTS SECONDS\n");
        return 2;
    }
    int clients = (int)strtol(argv[5], NULL, 10);
    double seconds = strtod(argv[6], NULL);
    bench_targets_read(argv[3], &bench.targets);
    bench.shoppers = calloc((size_t)clients, sizeof(*bench.shoppers));
    bench.waiting_max = bench.mode == PLACE ? (int)(seconds * 6000) : 0;
    bench.waiting = calloc((size_t)bench.waiting_max + 1, sizeof(*bench.waiting));
    if (!bench.shoppers || !bench.waiting) {
        fprintf(stderr, "bench: no memory\n");
        return 1;
    }
    bench.loop = bench_loop_open((int)strtol(argv[1], NULL, 10), clients, on_reply, &bench);
    if (bench.mode == PLACE) {
        run_for(&bench, clients, PREPARING * seconds, true);
        settle(&bench);
        fprintf(stderr, "bench: %d carts wait to be placed\n", bench.waiting_count);
    }
    bench.is_measuring = true;
    double cpu = bench_cpu_us(argv[2]);
    double took = run_for(&bench, clients, seconds, false);
    print(&bench, argv[4], took, bench_cpu_us(argv[2]) - cpu);
    bench_loop_close(bench.loop);
    free(bench.shoppers);
    free(bench.waiting);
    free(bench.targets.list);
    return bench.done > 0 ? 0 : 1;
}
