// A stack that senders push onto with one compare-and-swap and that the receiver takes whole: no
// lock, no node of its own, and only the push onto an empty stack pays for a wake-up. The receiver
// turns it over, so letters are delivered in the order they were posted.
#include "loop/mailbox.h"

#include <stdatomic.h>

#include "loop/internal.h"
#include "platform/alloc.h"

struct mx_mailbox {
    uv_async_t handle; // handle.data points back at this struct
    _Atomic(struct mx_letter *) top;
};

static struct mx_letter *turn_over(struct mx_letter *top) {
    struct mx_letter *first = NULL;
    while (top) {
        struct mx_letter *next = top->next;
        top->next = first;
        first = top;
        top = next;
    }
    return first;
}

static void deliver(mx_mailbox *mailbox) {
    struct mx_letter *letter =
        turn_over(atomic_exchange_explicit(&mailbox->top, NULL, memory_order_acquire));
    while (letter) {
        struct mx_letter *next = letter->next; // `fn` may free the letter
        letter->fn(letter);
        letter = next;
    }
}

static void on_mailbox_woken(uv_async_t *handle) {
    deliver(handle->data);
}

static void on_mailbox_closed(uv_handle_t *handle) {
    mx_free(handle->data);
}

int mx_mailbox_open(mx_loop *loop, mx_mailbox **out, struct mx_error *err) {
    mx_mailbox *mailbox = mx_alloc(sizeof(*mailbox));
    atomic_init(&mailbox->top, NULL);
    int status = uv_async_init(&loop->uv, &mailbox->handle, on_mailbox_woken);
    if (status < 0) {
        mx_free(mailbox);
        return mx_fail_uv(err, status, "cannot make a mailbox");
    }
    mailbox->handle.data = mailbox;
    *out = mailbox;
    return MX_OK;
}

void mx_mailbox_close(mx_mailbox *mailbox) {
    if (mailbox) {
        deliver(mailbox);
        uv_close((uv_handle_t *)&mailbox->handle, on_mailbox_closed);
    }
}

void mx_mailbox_post(mx_mailbox *mailbox, struct mx_letter *letter) {
    struct mx_letter *top = atomic_load_explicit(&mailbox->top, memory_order_relaxed);
    do {
        letter->next = top;
    } while (!atomic_compare_exchange_weak_explicit(
        &mailbox->top, &top, letter, memory_order_release, memory_order_relaxed));
    if (!top) {
        uv_async_send(&mailbox->handle);
    }
}

void mx_mailbox_unref(mx_mailbox *mailbox) {
    uv_unref((uv_handle_t *)&mailbox->handle);
}
