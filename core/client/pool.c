// Fairness in two steps: the pool with the fewest under way, in it the host with the fewest; among
// equals who was served longest ago.
#include "client/internal.h"
#include "platform/alloc.h"

// --- lists: where something hangs, or with NULL where the next one would ------------------------

static struct mx_turns **link_of_turns(mx_client *client, const struct mx_turns *wanted) {
    struct mx_turns **link = &client->pools;
    while (*link != wanted) {
        link = &(*link)->next;
    }
    return link;
}

static struct mx_queue **link_of_queue(struct mx_turns *turns, const struct mx_queue *wanted) {
    struct mx_queue **link = &turns->queues;
    while (*link != wanted) {
        link = &(*link)->next;
    }
    return link;
}

static mx_transfer **link_of_transfer(struct mx_queue *queue, const mx_transfer *wanted) {
    mx_transfer **link = &queue->first;
    while (*link != wanted) {
        link = &(*link)->next;
    }
    return link;
}

// --- joining and leaving ------------------------------------------------------------------------

static unsigned limit_of(unsigned given, unsigned otherwise) {
    return given > 0 ? given : otherwise;
}

static void set_limits(struct mx_turns *turns, const struct mx_client_pool *pool) {
    turns->at_once = limit_of(pool->at_once, MX_CLIENT_AT_ONCE);
    turns->per_host = limit_of(pool->per_host, (turns->at_once + 1) / 2);
}

static struct mx_turns *find_turns(mx_client *client, const struct mx_client_pool *pool) {
    struct mx_turns **link = &client->pools;
    while (*link && !mx_slice_equal((*link)->name, pool->name)) {
        link = &(*link)->next;
    }
    if (!*link) {
        char *name = mx_alloc(pool->name.len + 1);
        if (pool->name.len > 0) {
            memcpy(name, pool->name.ptr, pool->name.len);
        }
        *link = mx_alloc(sizeof(**link));
        (*link)->name = (struct mx_slice){name, pool->name.len};
    }
    set_limits(*link, pool); // the newest word counts
    return *link;
}

static struct mx_queue *find_queue(struct mx_turns *turns, const char *key) {
    struct mx_queue **link = &turns->queues;
    while (*link && strcmp((*link)->key, key) != 0) {
        link = &(*link)->next;
    }
    if (!*link) {
        *link = mx_alloc(sizeof(**link));
        (*link)->turns = turns;
        (*link)->key = mx_strdup(key);
    }
    return *link;
}

void mx_pool_join(mx_client *client, const struct mx_client_pool *pool, mx_transfer *transfer) {
    struct mx_queue *queue = find_queue(find_turns(client, pool), transfer->host);
    *link_of_transfer(queue, NULL) = transfer;
    transfer->queue = queue;
    client->waiting++;
}

static void drop_queue(struct mx_queue *queue) {
    *link_of_queue(queue->turns, queue) = queue->next;
    mx_free(queue->key);
    mx_free(queue);
}

static void drop_turns(mx_client *client, struct mx_turns *turns) {
    *link_of_turns(client, turns) = turns->next;
    mx_free((char *)(uintptr_t)turns->name.ptr);
    mx_free(turns);
}

static void unqueue(mx_transfer *transfer) {
    *link_of_transfer(transfer->queue, transfer) = transfer->next;
    transfer->next = NULL;
    transfer->client->waiting--;
}

void mx_pool_leave(mx_transfer *transfer) {
    struct mx_queue *queue = transfer->queue;
    if (!queue) {
        return;
    }
    struct mx_turns *turns = queue->turns;
    if (transfer->is_running) {
        queue->running--;
        turns->running--;
        transfer->client->running--;
        transfer->is_running = false;
    } else {
        unqueue(transfer);
    }
    transfer->queue = NULL;
    if (queue->running == 0 && !queue->first) {
        drop_queue(queue);
    }
    if (!turns->queues) {
        drop_turns(transfer->client, turns);
    }
}

// --- choosing -----------------------------------------------------------------------------------

// The queue of `turns` whose first may start, or NULL.
static struct mx_queue *choose_queue(const struct mx_turns *turns) {
    struct mx_queue *best = NULL;
    for (struct mx_queue *queue = turns->queues; queue; queue = queue->next) {
        if (queue->first && queue->running < turns->per_host &&
            (!best || queue->running < best->running)) {
            best = queue;
        }
    }
    return best;
}

static void move_last(mx_client *client, struct mx_queue *queue) {
    struct mx_turns *turns = queue->turns;
    *link_of_turns(client, turns) = turns->next;
    turns->next = NULL;
    *link_of_turns(client, NULL) = turns;
    *link_of_queue(turns, queue) = queue->next;
    queue->next = NULL;
    *link_of_queue(turns, NULL) = queue;
}

mx_transfer *mx_pool_pick(mx_client *client) {
    struct mx_queue *best = NULL;
    if (client->waiting == 0 || client->running >= client->options.transfer_max) {
        return NULL;
    }
    for (struct mx_turns *turns = client->pools; turns; turns = turns->next) {
        bool may_run = turns->running < turns->at_once;
        struct mx_queue *queue = may_run ? choose_queue(turns) : NULL;
        if (queue && (!best || turns->running < best->turns->running)) {
            best = queue;
        }
    }
    if (!best) {
        return NULL;
    }
    mx_transfer *transfer = best->first;
    unqueue(transfer);
    transfer->is_running = true;
    best->running++;
    best->turns->running++;
    client->running++;
    move_last(client, best);
    return transfer;
}
