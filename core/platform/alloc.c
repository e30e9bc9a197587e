// A shop that cannot get memory cannot answer for its state: it says so and ends, and the
// supervisor starts it anew. Nothing here may allocate after the failure.
#include "platform/alloc.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_NO_MEMORY = 71 };

static atomic_ulong fail_at;

static _Noreturn void end_without_memory(void) {
    static const char line[] =
        "{\"level\":\"error\",\"msg\":\"out of memory; the process ends\"}\n";
    ssize_t written = write(STDERR_FILENO, line, sizeof(line) - 1);
    (void)written; // nothing is left to do when even this fails
    _exit(EXIT_NO_MEMORY);
}

static int must_fail(void) {
    return atomic_load_explicit(&fail_at, memory_order_relaxed) != 0 &&
           atomic_fetch_sub(&fail_at, 1) == 1;
}

void *mx_alloc(size_t size) {
    void *ptr = must_fail() ? NULL : calloc(1, size ? size : 1);
    if (!ptr) {
        end_without_memory();
    }
    return ptr;
}

void *mx_realloc(void *ptr, size_t size) {
    void *grown = must_fail() ? NULL : realloc(ptr, size ? size : 1);
    if (!grown) {
        end_without_memory();
    }
    return grown;
}

void mx_free(void *ptr) {
    free(ptr);
}

char *mx_strdup(const char *text) {
    size_t size = strlen(text) + 1;
    return memcpy(mx_alloc(size), text, size);
}

void mx_alloc_fail_at(unsigned long n) {
    atomic_store(&fail_at, n);
}
