// Fills in the form of a page as a person would: what it holds already stays, empty fields get the
// answer of that name, the first radio button is taken when none is.
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct bench_answer {
    const char *name; // that the field's name ends with
    const char *value;
};

struct bench_form {
    char action[256];
    char fields[4 * 1024]; // application/x-www-form-urlencoded
    size_t len;
};

// Fills in the first form of `html` whose action begins with `action` and that is posted.
// False when there is none.
bool bench_form_fill(const char *html, const char *action, const struct bench_answer *answers,
    size_t answer_count, struct bench_form *out);

// True when the form has a field of that name.
bool bench_form_has(const struct bench_form *form, const char *name);
