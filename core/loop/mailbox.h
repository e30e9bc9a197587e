// Mail from any thread to one loop. Letters of one sender arrive in order; a burst of them wakes
// the loop once.
#pragma once

#include "loop/loop.h"

typedef struct mx_mailbox mx_mailbox;

// Part of the sender's own message; `fn` is called once on the receiving loop and owns the letter
// from then on.
struct mx_letter {
    void (*fn)(struct mx_letter *letter);
    struct mx_letter *next; // the mailbox's
};

// `*out` is owned: give it to mx_mailbox_close() once nobody can post any more.
int mx_mailbox_open(mx_loop *loop, mx_mailbox **out, struct mx_error *err);

// Delivers what has been posted, then frees `mailbox`, which may be NULL.
void mx_mailbox_close(mx_mailbox *mailbox);

// Posts `letter`, taken until its `fn` is called. From any thread, the loop's own included; never
// calls `fn` itself.
void mx_mailbox_post(mx_mailbox *mailbox, struct mx_letter *letter);

// An open mailbox keeps its loop running unless this was called.
void mx_mailbox_unref(mx_mailbox *mailbox);
