// The chain of addresses is read from its end: each trusted proxy vouches for the element before
// its own. The walk stops at the first address that nobody trusted has vouched beyond.
#include "http/forwarded.h"

#include "http/content_type.h"
#include "http/url.h"
#include "platform/alloc.h"

enum { HOP_MAX = 32, NETWORK_MAX = 64 };

struct mx_proxies {
    enum mx_forwarded_kind kind;
    bool trusts_unix;
    size_t count;
    struct mx_network networks[NETWORK_MAX];
};

// What one proxy says about the connection it accepted.
struct hop {
    struct mx_address address;
    bool has_address;      // false for "unknown", hidden names and Unix sockets
    struct mx_slice proto; // empty when not said
    struct mx_slice host;  // empty when not said
};

struct chain {
    struct hop hops[HOP_MAX]; // the last one is what our own peer says
    size_t count;
};

static int add_networks(mx_proxies *proxies, const char *list, struct mx_error *err);

static int add_word(mx_proxies *proxies, struct mx_slice word, struct mx_error *err) {
    if (mx_slice_equal(word, MX_SLICE("unix"))) {
        proxies->trusts_unix = true;
        return MX_OK;
    }
    if (mx_slice_equal(word, MX_SLICE("loopback"))) {
        return add_networks(proxies, "127.0.0.0/8 ::1", err);
    }
    if (mx_slice_equal(word, MX_SLICE("private"))) {
        return add_networks(proxies, "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fc00::/7", err);
    }
    if (proxies->count == NETWORK_MAX) {
        return mx_fail(err, MX_E_LIMIT, "at most %d networks of proxies can be given", NETWORK_MAX);
    }
    return mx_network_parse(word, &proxies->networks[proxies->count++], err);
}

static bool is_separator(char c) {
    return c == ' ' || c == ',' || c == '\t';
}

static int add_words(mx_proxies *proxies, struct mx_slice text, struct mx_error *err) {
    size_t at = 0;
    while (at < text.len) {
        size_t from = at;
        while (at < text.len && !is_separator(text.ptr[at])) {
            at++;
        }
        struct mx_slice word = {text.ptr + from, at - from};
        int rc = word.len > 0 ? add_word(proxies, word, err) : MX_OK;
        if (rc < 0) {
            return rc;
        }
        at++;
    }
    return MX_OK;
}

static int add_networks(mx_proxies *proxies, const char *list, struct mx_error *err) {
    return add_words(proxies, mx_slice_of(list), err);
}

int mx_proxies_parse(
    struct mx_slice text, enum mx_forwarded_kind kind, mx_proxies **out, struct mx_error *err) {
    mx_proxies *proxies = mx_alloc(sizeof(*proxies));
    proxies->kind = kind;
    int rc = add_words(proxies, text, err);
    if (rc == MX_OK) {
        *out = proxies;
        proxies = NULL; // handed over
    }
    mx_proxies_destroy(proxies);
    return rc;
}

void mx_proxies_destroy(mx_proxies *proxies) {
    mx_free(proxies);
}

bool mx_proxies_trust(const mx_proxies *proxies, const struct mx_address *peer) {
    if (!proxies || !peer) {
        return proxies && proxies->trusts_unix;
    }
    for (size_t i = 0; i < proxies->count; i++) {
        if (mx_network_has(&proxies->networks[i], peer)) {
            return true;
        }
    }
    return false;
}

// "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]:80".
static bool read_node(struct mx_slice text, struct mx_address *out) {
    if (mx_address_parse(text, out)) {
        return true;
    }
    const char *close = text.len > 0 ? memchr(text.ptr, ']', text.len) : NULL;
    struct mx_slice port = text;
    struct mx_slice host;
    if (close) {
        size_t len = (size_t)(close - text.ptr) + 1;
        host = (struct mx_slice){text.ptr, len};
        port = (struct mx_slice){text.ptr + len, text.len - len};
        if (mx_slice_cut(&port, ':').len > 0) {
            return false;
        }
    } else {
        host = mx_slice_cut(&port, ':');
    }
    uint64_t number;
    return mx_slice_to_u64(port, 65535, &number) && mx_address_parse(host, out);
}

// Makes room for a hop at the end; the oldest ones fall out of a chain that is too long.
static struct hop *push_hop(struct chain *chain) {
    if (chain->count == HOP_MAX) {
        memmove(chain->hops, chain->hops + 1, (HOP_MAX - 1) * sizeof(chain->hops[0]));
        chain->count--;
    }
    struct hop *hop = &chain->hops[chain->count++];
    *hop = (struct hop){0};
    return hop;
}

// The last element of a list that proxies append to.
static struct mx_slice last_element(struct mx_slice list) {
    struct mx_slice last = {0};
    while (list.ptr) {
        last = mx_slice_trim(mx_slice_cut(&list, ','));
    }
    return last;
}

// X-Forwarded-For names the clients; -Proto and -Host are lists too, of which only what our own
// peer wrote, the last element, can be believed.
static void read_x_fields(const struct mx_request *request, mx_arena *arena, struct chain *chain) {
    struct mx_slice list = mx_request_joined(request, MX_SLICE("x-forwarded-for"), arena);
    while (list.ptr) {
        struct mx_slice element = mx_slice_trim(mx_slice_cut(&list, ','));
        struct hop *hop = push_hop(chain);
        hop->has_address = read_node(element, &hop->address);
    }
    struct mx_slice proto = mx_request_joined(request, MX_SLICE("x-forwarded-proto"), arena);
    struct mx_slice host = mx_request_joined(request, MX_SLICE("x-forwarded-host"), arena);
    if (chain->count == 0 && (proto.ptr || host.ptr)) {
        push_hop(chain);
    }
    if (chain->count > 0) {
        for (size_t i = 0; i < chain->count; i++) {
            chain->hops[i].proto = last_element(proto);
            chain->hops[i].host = last_element(host);
        }
    }
}

// Cuts an element off a list, minding quoted strings.
static struct mx_slice cut_element(struct mx_slice *list) {
    bool quoted = false;
    for (size_t i = 0; i < list->len; i++) {
        char c = list->ptr[i];
        if (quoted && c == '\\') {
            i++;
        } else if (c == '"') {
            quoted = !quoted;
        } else if (c == ',' && !quoted) {
            struct mx_slice element = {list->ptr, i};
            *list = (struct mx_slice){list->ptr + i + 1, list->len - i - 1};
            return element;
        }
    }
    struct mx_slice element = *list;
    *list = (struct mx_slice){0};
    return element;
}

// Reads "for=...;proto=...;host=...". A malformed element says nothing.
static void read_element(struct mx_slice element, mx_arena *arena, struct hop *hop) {
    char *text = mx_arena_take(arena, element.len + 1);
    text[0] = ';'; // parameters come with a separator in front
    memcpy(text + 1, element.ptr, element.len);
    struct mx_slice rest = {text, element.len + 1};
    struct mx_parameter parameter;
    struct mx_error err;
    int rc;
    while ((rc = mx_parameter_next(&rest, arena, &parameter, &err)) > 0) {
        if (mx_slice_equal_nocase(parameter.name, MX_SLICE("for"))) {
            hop->has_address = read_node(parameter.value, &hop->address);
        } else if (mx_slice_equal_nocase(parameter.name, MX_SLICE("proto"))) {
            hop->proto = parameter.value;
        } else if (mx_slice_equal_nocase(parameter.name, MX_SLICE("host"))) {
            hop->host = parameter.value;
        }
    }
    if (rc < 0) {
        *hop = (struct hop){0};
    }
}

static void read_standard(const struct mx_request *request, mx_arena *arena, struct chain *chain) {
    struct mx_slice list = mx_request_joined(request, MX_SLICE("forwarded"), arena);
    while (list.ptr) {
        struct mx_slice element = mx_slice_trim(cut_element(&list));
        if (element.len > 0) {
            read_element(element, arena, push_hop(chain));
        }
    }
}

static void believe(const struct hop *hop, struct mx_origin *out) {
    struct mx_slice host;
    unsigned port;
    struct mx_error err;
    if (hop->proto.len > 0) {
        out->is_secure = mx_slice_equal_nocase(hop->proto, MX_SLICE("https"));
    }
    if (hop->host.len > 0 && mx_url_parse_host(hop->host, &host, &port, &err) == MX_OK) {
        out->host = hop->host;
    }
}

void mx_origin_find(const mx_proxies *proxies, const struct mx_address *peer, bool peer_secure,
    const struct mx_request *request, mx_arena *arena, struct mx_origin *out) {
    *out = (struct mx_origin){.is_secure = peer_secure, .host = request->host};
    if (peer) {
        out->remote = *peer;
        out->has_remote = true;
    }
    if (!mx_proxies_trust(proxies, peer)) {
        return;
    }
    struct chain chain = {.count = 0};
    if (proxies->kind == MX_FORWARDED_X) {
        read_x_fields(request, arena, &chain);
    } else {
        read_standard(request, arena, &chain);
    }
    for (size_t left = chain.count; left > 0; left--) {
        const struct hop *hop = &chain.hops[left - 1];
        believe(hop, out);
        if (!hop->has_address) {
            return;
        }
        out->remote = hop->address;
        out->has_remote = true;
        if (!mx_proxies_trust(proxies, &hop->address)) {
            return;
        }
    }
}
