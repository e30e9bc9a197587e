// All three fields are lists of "range;q=0.5". A malformed element counts as absent.
#include "http/negotiate.h"

enum { QUALITY_NONE = -1, QUALITY_MAX = 1000 };

struct preference {
    struct mx_slice range;
    int quality; // thousandths
};

// "0", "0.5", "1.000" in thousandths; QUALITY_NONE when it is none of these.
static int read_quality(struct mx_slice text) {
    if (text.len == 0 || text.len > 5 || (text.ptr[0] != '0' && text.ptr[0] != '1') ||
        (text.len > 1 && text.ptr[1] != '.')) {
        return QUALITY_NONE;
    }
    int quality = (text.ptr[0] - '0') * QUALITY_MAX;
    int weight = 100;
    for (size_t i = 2; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return QUALITY_NONE;
        }
        quality += (text.ptr[i] - '0') * weight;
        weight /= 10;
    }
    return quality <= QUALITY_MAX ? quality : QUALITY_NONE;
}

// Cuts the next usable element off the list; false at the end.
static bool next_preference(struct mx_slice *rest, struct preference *out) {
    while (rest->ptr) {
        struct mx_slice element = mx_slice_cut(rest, ',');
        out->range = mx_slice_trim(mx_slice_cut(&element, ';'));
        out->quality = QUALITY_MAX;
        while (element.ptr) {
            struct mx_slice value = mx_slice_cut(&element, ';');
            struct mx_slice name = mx_slice_trim(mx_slice_cut(&value, '='));
            if (mx_slice_equal_nocase(name, MX_SLICE("q"))) {
                out->quality = read_quality(mx_slice_trim(value));
                break;
            }
        }
        if (out->range.len > 0 && out->quality != QUALITY_NONE) {
            return true;
        }
    }
    return false;
}

// How exactly `range` fits `type`: 3 equal, 2 "text/*", 1 "*/*", 0 not at all.
static int fit_type(struct mx_slice range, struct mx_slice type) {
    struct mx_slice bare = type;
    bare = mx_slice_trim(mx_slice_cut(&bare, ';'));
    if (mx_slice_equal_nocase(range, bare)) {
        return 3;
    }
    if (mx_slice_equal(range, MX_SLICE("*/*"))) {
        return 1;
    }
    const char *slash = bare.len > 0 ? memchr(bare.ptr, '/', bare.len) : NULL;
    size_t len = slash ? (size_t)(slash - bare.ptr) + 1 : 0;
    bool whole_family =
        len > 0 && range.len == len + 1 && range.ptr[len] == '*' &&
        mx_slice_equal_nocase((struct mx_slice){range.ptr, len}, (struct mx_slice){bare.ptr, len});
    return whole_family ? 2 : 0;
}

static bool is_prefix_tag(struct mx_slice shorter, struct mx_slice longer) {
    return longer.len > shorter.len && longer.ptr[shorter.len] == '-' &&
           mx_slice_equal_nocase((struct mx_slice){longer.ptr, shorter.len}, shorter);
}

// How exactly `range` fits `language`: 4 equal, 3 "pt" for "pt-BR", 2 "de-AT" for "de", 1 "*".
static int fit_language(struct mx_slice range, struct mx_slice language) {
    if (mx_slice_equal_nocase(range, language)) {
        return 4;
    }
    if (is_prefix_tag(range, language)) {
        return 3;
    }
    if (is_prefix_tag(language, range)) {
        return 2;
    }
    return mx_slice_equal(range, MX_SLICE("*")) ? 1 : 0;
}

typedef int (*fit_fn)(struct mx_slice range, struct mx_slice offer);

// The quality of `offer`: that of the element that fits it most exactly. `*fit` says how exactly.
static int find_quality(struct mx_slice accept, struct mx_slice offer, fit_fn fn, int *fit) {
    int quality = 0;
    *fit = 0;
    struct preference preference;
    while (next_preference(&accept, &preference)) {
        int this_fit = fn(preference.range, offer);
        if (this_fit > *fit) {
            *fit = this_fit;
            quality = preference.quality;
        }
    }
    return quality;
}

// The index of the best offer; among equal qualities the one that fits more exactly, when `exact`
// matters, else the earlier.
static int find_best(
    struct mx_slice accept, const struct mx_slice *offers, size_t count, fit_fn fn, bool exact) {
    int best = -1;
    int best_quality = 0;
    int best_fit = 0;
    for (size_t i = 0; i < count; i++) {
        int fit;
        int quality = find_quality(accept, offers[i], fn, &fit);
        if (quality > best_quality ||
            (exact && quality == best_quality && quality > 0 && fit > best_fit)) {
            best = (int)i;
            best_quality = quality;
            best_fit = fit;
        }
    }
    return best;
}

int mx_negotiate_type(struct mx_slice accept, const struct mx_slice *offers, size_t count) {
    if (mx_slice_trim(accept).len == 0) {
        return count > 0 ? 0 : -1;
    }
    return find_best(accept, offers, count, fit_type, false);
}

int mx_negotiate_language(struct mx_slice accept, const struct mx_slice *offers, size_t count) {
    return find_best(accept, offers, count, fit_language, true);
}

static const struct mx_slice encoding_names[] = {
    [MX_ENCODING_IDENTITY] = MX_SLICE("identity"),
    [MX_ENCODING_GZIP] = MX_SLICE("gzip"),
    [MX_ENCODING_BROTLI] = MX_SLICE("br"),
};
enum { ENCODINGS = sizeof(encoding_names) / sizeof(encoding_names[0]) };

static bool find_encoding(struct mx_slice name, enum mx_encoding *out) {
    for (int i = 0; i < ENCODINGS; i++) {
        if (mx_slice_equal_nocase(name, encoding_names[i])) {
            *out = (enum mx_encoding)i;
            return true;
        }
    }
    return false;
}

static int or_else(int quality, int other) {
    return quality == QUALITY_NONE ? other : quality;
}

// One pass for all codings, because every cached page asks. The first element that names a coding
// counts, for one that is not named "*" does.
enum mx_encoding mx_negotiate_encoding(struct mx_slice accept) {
    int qualities[ENCODINGS] = {QUALITY_NONE, QUALITY_NONE, QUALITY_NONE};
    int others = 0;
    bool has_others = false;
    struct preference preference;
    while (next_preference(&accept, &preference)) {
        enum mx_encoding named;
        if (mx_slice_equal(preference.range, MX_SLICE("*"))) {
            others = has_others ? others : preference.quality;
            has_others = true;
        } else if (find_encoding(preference.range, &named) && qualities[named] == QUALITY_NONE) {
            qualities[named] = preference.quality;
        }
    }
    int brotli = or_else(qualities[MX_ENCODING_BROTLI], others);
    int gzip = or_else(qualities[MX_ENCODING_GZIP], others);
    // Not named it is allowed, but whatever is named comes first.
    int identity = or_else(qualities[MX_ENCODING_IDENTITY], 0);
    if (brotli > 0 && brotli >= gzip && brotli >= identity) {
        return MX_ENCODING_BROTLI;
    }
    return gzip > 0 && gzip >= identity ? MX_ENCODING_GZIP : MX_ENCODING_IDENTITY;
}

struct mx_slice mx_encoding_name(enum mx_encoding encoding) {
    return encoding_names[encoding];
}
