// Reads just as much HTML as our own templates print: attributes in double quotes, no comment
// inside a tag.
#include "form.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VALUE_SIZE = 2048 };

struct tag {
    const char *ptr;
    size_t len;
};

// --- text -------------------------------------------------------------------------------------

static const struct {
    const char *name;
    char value;
} entities[] = {
    {"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&#39;", '\''}, {"&#34;", '"'}};

static size_t read_entity(const char *text, char *out) {
    for (size_t i = 0; i < sizeof(entities) / sizeof(*entities); i++) {
        size_t len = strlen(entities[i].name);
        if (!strncmp(text, entities[i].name, len)) {
            *out = entities[i].value;
            return len;
        }
    }
    *out = *text;
    return 1;
}

// The value of an attribute; false when the tag has no such attribute.
static bool read_attribute(struct tag tag, const char *name, char out[VALUE_SIZE]) {
    size_t name_len = strlen(name);
    const char *end = tag.ptr + tag.len;
    size_t len = 0;
    out[0] = '\0';
    for (const char *at = tag.ptr; at + name_len < end; at++) {
        bool is_word = at[-1] == ' ' && !strncmp(at, name, name_len);
        if (is_word && (at[name_len] == ' ' || at[name_len] == '>' || at[name_len] == '/')) {
            return true;
        }
        if (is_word && at[name_len] == '=' && at[name_len + 1] == '"') {
            for (at += name_len + 2; at < end && *at != '"' && len + 1 < VALUE_SIZE; len++) {
                at += read_entity(at, &out[len]);
            }
            out[len] = '\0';
            return true;
        }
    }
    return false;
}

// The next tag `<name …>` in [from, end); false when there is none.
static bool find_tag(const char *from, const char *end, const char *name, struct tag *out) {
    size_t name_len = strlen(name);
    for (const char *at = from; (at = strchr(at, '<')) && at < end; at++) {
        const char *close = strchr(at, '>');
        if (close && !strncmp(at + 1, name, name_len) &&
            (at[1 + name_len] == ' ' || at[1 + name_len] == '>')) {
            *out = (struct tag){at + 1, (size_t)(close - at)};
            return true;
        }
    }
    return false;
}

// --- fields -----------------------------------------------------------------------------------

static void put_byte(struct bench_form *form, char byte) {
    if (form->len + 1 >= sizeof(form->fields)) {
        fprintf(stderr, "bench: a form is too large\n");
        exit(1);
    }
    form->fields[form->len++] = byte;
    form->fields[form->len] = '\0';
}

static void put_encoded(struct bench_form *form, const char *text) {
    static const char hex[] = "0123456789ABCDEF";
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~";
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (strchr(plain, *text)) {
            put_byte(form, *text);
        } else {
            put_byte(form, '%');
            put_byte(form, hex[byte >> 4]);
            put_byte(form, hex[byte & 15]);
        }
    }
}

static void put_field(struct bench_form *form, const char *name, const char *value) {
    if (form->len > 0) {
        put_byte(form, '&');
    }
    put_encoded(form, name);
    put_byte(form, '=');
    put_encoded(form, value);
}

bool bench_form_has(const struct bench_form *form, const char *name) {
    size_t len = strlen(name);
    for (const char *at = form->fields; (at = strstr(at, name)); at++) {
        if ((at == form->fields || at[-1] == '&') && at[len] == '=') {
            return true;
        }
    }
    return false;
}

static bool ends_with(const char *text, const char *end) {
    size_t text_len = strlen(text);
    size_t end_len = strlen(end);
    return text_len >= end_len && !strcmp(text + text_len - end_len, end);
}

static const char *find_answer(const char *name, const struct bench_answer *answers, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (ends_with(name, answers[i].name)) {
            return answers[i].value;
        }
    }
    return "";
}

// A radio button that is checked, or the first of its name when none is.
static bool is_taken(struct tag tag, const char *name, const char *end) {
    char other[VALUE_SIZE];
    struct tag next;
    if (read_attribute(tag, "checked", other)) {
        return true;
    }
    for (const char *at = tag.ptr + tag.len; find_tag(at, end, "input", &next);
         at = next.ptr + next.len) {
        if (read_attribute(next, "name", other) && !strcmp(other, name) &&
            read_attribute(next, "checked", other)) {
            return false;
        }
    }
    return true;
}

static void put_input(struct bench_form *form, struct tag tag, const char *end,
    const struct bench_answer *answers, size_t count) {
    char name[VALUE_SIZE];
    char type[VALUE_SIZE];
    char value[VALUE_SIZE];
    if (!read_attribute(tag, "name", name) || !name[0]) {
        return;
    }
    read_attribute(tag, "type", type);
    read_attribute(tag, "value", value);
    bool is_choice = !strcmp(type, "radio") || !strcmp(type, "checkbox");
    if (is_choice &&
        (bench_form_has(form, name) || (!strcmp(type, "radio") && !is_taken(tag, name, end)))) {
        return;
    }
    put_field(form, name, value[0] || is_choice ? value : find_answer(name, answers, count));
}

// The chosen option, else the answer.
static void put_select(struct bench_form *form, struct tag tag, const char *end,
    const struct bench_answer *answers, size_t count) {
    char name[VALUE_SIZE];
    char value[VALUE_SIZE];
    char chosen[VALUE_SIZE];
    struct tag option;
    const char *stop = strstr(tag.ptr, "</select>");
    if (!read_attribute(tag, "name", name)) {
        return;
    }
    const char *answer = find_answer(name, answers, count);
    stop = stop && stop < end ? stop : end;
    for (const char *at = tag.ptr; find_tag(at, stop, "option", &option);
         at = option.ptr + option.len) {
        if (read_attribute(option, "selected", chosen) && read_attribute(option, "value", value) &&
            (value[0] || !answer[0])) {
            put_field(form, name, value);
            return;
        }
    }
    put_field(form, name, answer);
}

static void read_fields(const char *from, const char *end, const struct bench_answer *answers,
    size_t count, struct bench_form *out) {
    out->len = 0;
    out->fields[0] = '\0';
    for (const char *at = from; (at = strchr(at, '<')) && at < end; at++) {
        struct tag tag;
        if (!strncmp(at, "<input ", 7) && find_tag(at, end, "input", &tag)) {
            put_input(out, tag, end, answers, count);
        } else if (!strncmp(at, "<select ", 8) && find_tag(at, end, "select", &tag)) {
            put_select(out, tag, end, answers, count);
        }
    }
}

bool bench_form_fill(const char *html, const char *action, const struct bench_answer *answers,
    size_t answer_count, struct bench_form *out) {
    char method[VALUE_SIZE];
    char target[VALUE_SIZE];
    struct tag tag;
    const char *all = html + strlen(html);
    for (const char *at = html; find_tag(at, all, "form", &tag); at = tag.ptr + tag.len) {
        const char *end = strstr(tag.ptr, "</form>");
        bool is_posted = read_attribute(tag, "method", method) && !strcmp(method, "post");
        if (end && is_posted && read_attribute(tag, "action", target) &&
            !strncmp(target, action, strlen(action))) {
            snprintf(out->action, sizeof(out->action), "%.255s", target);
            read_fields(tag.ptr + tag.len, end, answers, answer_count, out);
            return true;
        }
    }
    return false;
}
