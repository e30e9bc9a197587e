#include "script/scope.h"

#include "platform/alloc.h"

enum { FIRST_CAPACITY = 16 };

void mx_scope_open(struct mx_scope **top, uint64_t seq) {
    struct mx_scope *scope = mx_alloc(sizeof(*scope));
    scope->outer = *top;
    scope->deps.until_ms = INT64_MAX;
    scope->deps.seq = seq;
    *top = scope;
}

void mx_scope_close(struct mx_scope **top) {
    struct mx_scope *scope = *top;
    *top = scope->outer;
    mx_scope_merge(scope->outer, &scope->deps);
    mx_free(scope->deps.tags);
    mx_free(scope->slots);
    mx_free(scope);
}

void mx_scope_close_all(struct mx_scope **top) {
    while (*top) {
        mx_scope_close(top);
    }
}

// Where `tag` is, or where it belongs. Tags are hashes already.
static uint32_t *slot_of(struct mx_scope *scope, uint64_t tag) {
    size_t at = (size_t)(tag ^ (tag >> 32)) & (scope->slot_count - 1);
    while (scope->slots[at] && scope->deps.tags[scope->slots[at] - 1] != tag) {
        at = (at + 1) & (scope->slot_count - 1);
    }
    return &scope->slots[at];
}

static void grow(struct mx_scope *scope) {
    size_t capacity = scope->capacity ? scope->capacity * 2 : FIRST_CAPACITY;
    scope->deps.tags = mx_realloc(scope->deps.tags, capacity * sizeof(*scope->deps.tags));
    scope->capacity = capacity;
    mx_free(scope->slots);
    scope->slot_count = capacity * 2;
    scope->slots = mx_alloc(scope->slot_count * sizeof(*scope->slots));
    for (size_t i = 0; i < scope->deps.count; i++) {
        *slot_of(scope, scope->deps.tags[i]) = (uint32_t)(i + 1);
    }
}

void mx_scope_read(struct mx_scope *top, uint64_t tag) {
    if (!top) {
        return;
    }
    if (top->deps.count == top->capacity) {
        grow(top);
    }
    uint32_t *slot = slot_of(top, tag);
    if (!*slot) {
        top->deps.tags[top->deps.count++] = tag;
        *slot = (uint32_t)top->deps.count;
    }
}

void mx_scope_until(struct mx_scope *top, int64_t ms) {
    if (top && ms < top->deps.until_ms) {
        top->deps.until_ms = ms;
    }
}

void mx_scope_merge(struct mx_scope *top, const struct mx_cache_deps *deps) {
    if (!top) {
        return;
    }
    for (size_t i = 0; i < deps->count; i++) {
        mx_scope_read(top, deps->tags[i]);
    }
    mx_scope_until(top, deps->until_ms);
    if (deps->seq < top->deps.seq) {
        top->deps.seq = deps->seq;
    }
}
