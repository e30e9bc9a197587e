// A deadline that moves further away stays in its slot and only its `due` changes; the wheel finds
// out when it comes by and hangs it where it belongs now. So a connection that answers a request
// each millisecond moves through the wheel once in its whole idle time and not once a millisecond.
#include "loop/deadline.h"

#include "loop/internal.h"

static void unlink_deadline(struct mx_deadline *deadline) {
    deadline->prev->next = deadline->next;
    deadline->next->prev = deadline->prev;
    deadline->next = NULL;
    deadline->prev = NULL;
}

static void link_deadline(struct mx_wheel *wheel, struct mx_deadline *deadline) {
    uint64_t tick = deadline->due / MX_DEADLINE_TICK_MS + 1; // never before `due`
    if (tick <= wheel->tick) {
        tick = wheel->tick + 1;
    }
    if (tick > wheel->tick + MX_WHEEL_SLOTS) {
        tick = wheel->tick + MX_WHEEL_SLOTS; // one turn at most: then it is looked at again
    }
    struct mx_deadline *head = &wheel->slots[tick % MX_WHEEL_SLOTS];
    deadline->visit = tick;
    deadline->next = head;
    deadline->prev = head->prev;
    head->prev->next = deadline;
    head->prev = deadline;
}

static void stop_when_empty(struct mx_wheel *wheel) {
    if (wheel->count == 0) {
        uv_timer_stop(&wheel->timer);
    }
}

// Takes the ring off its slot first: what is set in a callback goes into a slot that is still
// ahead.
static void visit_slot(mx_loop *loop, struct mx_deadline *head) {
    struct mx_deadline ring = {.next = &ring, .prev = &ring};
    if (head->next != head) {
        ring.next = head->next;
        ring.prev = head->prev;
        ring.next->prev = &ring;
        ring.prev->next = &ring;
        head->next = head->prev = head;
    }
    while (ring.next != &ring) {
        struct mx_deadline *deadline = ring.next;
        unlink_deadline(deadline);
        if (deadline->due > uv_now(&loop->uv)) {
            link_deadline(&loop->wheel, deadline);
            continue;
        }
        loop->wheel.count--;
        deadline->fn(deadline->ctx);
    }
}

static void on_wheel_fired(uv_timer_t *timer) {
    mx_loop *loop = timer->data;
    struct mx_wheel *wheel = &loop->wheel;
    uint64_t now = uv_now(&loop->uv) / MX_DEADLINE_TICK_MS;
    uint64_t behind = now - wheel->tick;
    if (behind > MX_WHEEL_SLOTS) { // the thread was stopped for long: each slot once is enough
        wheel->tick = now - MX_WHEEL_SLOTS;
    }
    while (wheel->tick < now && wheel->count > 0) {
        wheel->tick++;
        visit_slot(loop, &wheel->slots[wheel->tick % MX_WHEEL_SLOTS]);
    }
    wheel->tick = now;
    stop_when_empty(wheel);
}

void mx_wheel_init(mx_loop *loop) {
    struct mx_wheel *wheel = &loop->wheel;
    for (size_t i = 0; i < MX_WHEEL_SLOTS; i++) {
        wheel->slots[i].next = wheel->slots[i].prev = &wheel->slots[i];
    }
    uv_timer_init(&loop->uv, &wheel->timer);
    wheel->timer.data = loop;
    uv_unref((uv_handle_t *)&wheel->timer); // a deadline alone keeps no loop running
}

void mx_wheel_deinit(mx_loop *loop) {
    uv_close((uv_handle_t *)&loop->wheel.timer, NULL); // part of the loop: nothing to free
}

void mx_deadline_set(
    mx_loop *loop, struct mx_deadline *deadline, uint64_t ms, void (*fn)(void *ctx), void *ctx) {
    struct mx_wheel *wheel = &loop->wheel;
    deadline->due = uv_now(&loop->uv) + ms;
    deadline->fn = fn;
    deadline->ctx = ctx;
    if (deadline->next) {
        if (deadline->visit <= deadline->due / MX_DEADLINE_TICK_MS + 1) {
            return;
        }
        unlink_deadline(deadline);
        link_deadline(wheel, deadline);
        return;
    }
    if (wheel->count++ == 0) {
        wheel->tick = uv_now(&loop->uv) / MX_DEADLINE_TICK_MS;
        uv_timer_start(&wheel->timer, on_wheel_fired, MX_DEADLINE_TICK_MS, MX_DEADLINE_TICK_MS);
    }
    link_deadline(wheel, deadline);
}

void mx_deadline_clear(mx_loop *loop, struct mx_deadline *deadline) {
    if (!deadline->next) {
        return;
    }
    unlink_deadline(deadline);
    loop->wheel.count--;
    stop_when_empty(&loop->wheel);
}
