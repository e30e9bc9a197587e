// Memory that cannot fail: when the system has none left, the process ends with
// status 71 and one log line, and the supervisor starts it again.
#pragma once

#include <stddef.h>

// Zeroed memory, owned by the caller: give it to mx_free().
void *mx_alloc(size_t size);

// Grows or shrinks `ptr` (which may be NULL); new bytes are not zeroed.
void *mx_realloc(void *ptr, size_t size);

// Frees `ptr`, which may be NULL.
void mx_free(void *ptr);

// An owned, NUL-terminated copy of `text`.
char *mx_strdup(const char *text);

// Makes the n-th allocation from now fail (0: none). For tests.
void mx_alloc_fail_at(unsigned long n);
