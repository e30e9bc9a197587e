// What the files of this room share. A transfer goes: checked and made (request.c, mail.c), queued
// (pool.c), launched (client.c), perhaps sent elsewhere by a redirect (request.c), ended
// (client.c).
#pragma once

#include <assert.h>

#include <curl/curl.h>

#include "client/client.h"
#include "client/reach.h"
#include "platform/arena.h"

enum {
    MX_CLIENT_URL_MAX = 8192,
    MX_CLIENT_FIELDS_MAX = 100,     // of a request
    MX_CLIENT_REPLY_FIELDS = 200,   // of an answer
    MX_CLIENT_HEAD_MAX = 64 * 1024, // bytes of them, either way
    MX_CLIENT_HOST_MAX = 253,
    MX_CLIENT_ADDRESS_MAX = 320, // of an envelope
    MX_CLIENT_LINE_MAX = 998,    // of a mail, RFC 5322
    MX_CLIENT_SAYING_MAX = 500,  // kept of a mail server's line
    MX_CLIENT_TRIES = 4,         // addresses tried at the same time; libcurl tries two
};

// --- target.c: where a URL leads, and whether that is allowed -----------------------------------

struct mx_target {
    CURLU *url;
    char *host; // libcurl's; lower case, addresses in their usual form, IPv6 in brackets
    unsigned port;
    bool is_plain;
};

// One entry of an allow-list, read.
struct mx_place {
    struct mx_slice host; // of a wildcard what stands behind the "*": ".example.com"
    unsigned port;        // 0: the scheme's own
    bool is_wild;
    bool is_plain;
};

// Reads `text`; with `base` as a redirect from there. `*out` is owned: mx_target_deinit().
int mx_target_parse(struct mx_slice text, const struct mx_target *base, struct mx_target *out,
    struct mx_error *err);
// `target` may be zeroed.
void mx_target_deinit(struct mx_target *target);
// Same scheme, host and port.
bool mx_target_same(const struct mx_target *a, const struct mx_target *b);

int mx_place_parse(const struct mx_client_place *place, struct mx_place *out, struct mx_error *err);
// MX_E_INVALID unless one of the places allows `target`.
int mx_target_check(const struct mx_target *target, const struct mx_place *places, size_t count,
    struct mx_error *err);

bool mx_host_is_name(struct mx_slice host);

// --- answer.c: what a server says ---------------------------------------------------------------

struct mx_answer_field {
    size_t name_at; // in `head`
    size_t name_len;
    size_t value_at;
    size_t value_len;
};

struct mx_answer {
    mx_buf head; // names (in lower case) and values
    struct mx_answer_field fields[MX_CLIENT_REPLY_FIELDS];
    size_t field_count;
    size_t head_bytes; // as sent, of all heads
    bool has_head;     // complete: what follows are trailers
    mx_buf body;
    size_t body_max;
    int mail_status; // code of a mail server's last line, which is in `head`
};

// Forgets everything but the limit.
void mx_answer_clear(struct mx_answer *answer);
void mx_answer_deinit(struct mx_answer *answer);
// Read one line of a head; MX_E_LIMIT when that is too much.
int mx_answer_add_line(struct mx_answer *answer, struct mx_slice line, struct mx_error *err);
// MX_E_LIMIT when the body has become too long.
int mx_answer_add_body(struct mx_answer *answer, struct mx_slice bytes, struct mx_error *err);
// What is said then.
int mx_answer_fail_long(const struct mx_answer *answer, struct mx_error *err);
// The last line of a mail server's reply becomes the body.
int mx_answer_add_mail_line(struct mx_answer *answer, struct mx_slice line, struct mx_error *err);
// The value of a field, `ptr` NULL when there is none.
struct mx_slice mx_answer_find(const struct mx_answer *answer, struct mx_slice name);
// Everything as a reply, with an array from `arena`.
void mx_answer_show(const struct mx_answer *answer, mx_arena *arena, struct mx_client_reply *reply);

// --- pool.c: whose turn it is -------------------------------------------------------------------

struct mx_queue { // transfers of one pool to one host
    struct mx_queue *next;
    struct mx_turns *turns;
    char *key; // host:port, owned
    unsigned running;
    mx_transfer *first; // waiting, oldest first
};

struct mx_turns { // one pool
    struct mx_turns *next;
    struct mx_slice name; // owned
    unsigned at_once;
    unsigned per_host;
    unsigned running;
    struct mx_queue *queues; // of hosts with somebody in them; who was served goes last
};

// --- transfers ----------------------------------------------------------------------------------

enum mx_kind { MX_KIND_REQUEST, MX_KIND_MAIL };

struct mx_http {
    struct mx_target target;
    struct mx_place *places; // in the arena, as all that has no owner here
    size_t place_count;
    const char *method;
    struct mx_client_field *fields; // texts end in NUL
    size_t field_count;
    struct mx_slice body;
    bool is_bodyless;  // a redirect took the body away, and with it the fields about it
    bool is_elsewhere; // it was redirected to another origin: fields of ours stay behind
    unsigned connect_ms;
    unsigned redirect_max;
    unsigned redirects;
};

struct mx_letter_out {
    CURLU *url; // owned
    enum mx_mail_security security;
    struct curl_slist *to; // owned
    struct mx_slice message;
    size_t sent;
    int sockets[MX_CLIENT_TRIES]; // opened last: one of them is the connection
    unsigned socket_count;
};

struct mx_transfer {
    mx_client *client;
    enum mx_kind kind;
    mx_transfer *next; // in its queue
    struct mx_queue *queue;
    mx_transfer *all_next; // of the client
    mx_transfer **all_link;
    bool is_running;
    mx_client_fn fn;
    void *ctx;
    mx_arena *arena;
    const char *host; // for messages and queues, as host:port
    uint64_t begun_ms;
    unsigned total_ms;
    CURL *easy;
    struct curl_slist *fields;   // of the hop under way
    struct curl_slist *resolved; // a fake's answer
    struct mx_answer answer;
    struct mx_error fault; // why a callback ended it; code 0: none did
    char trouble[CURL_ERROR_SIZE];
    struct mx_http http;
    struct mx_letter_out mail;
};

struct mx_client {
    CURLM *multi;
    struct mx_client_options options; // texts copied
    struct mx_turns *pools;           // who was served goes last
    mx_transfer *transfers;           // all
    size_t running;
    size_t waiting;
    uint64_t curl_due;  // when libcurl wants to be called; UINT64_MAX: never
    uint64_t queue_due; // when somebody who waits for a turn gives up, or before
};

// A transfer without rules yet, in no queue. Owned: mx_transfer_destroy(), unless it is queued.
mx_transfer *mx_transfer_create(mx_client *client, enum mx_kind kind, unsigned total_ms);
void mx_transfer_destroy(mx_transfer *transfer);
// Queues it and starts whoever may start. MX_E_BUSY: too many wait.
int mx_transfer_submit(mx_transfer *transfer, const struct mx_client_pool *pool, mx_client_fn fn,
    void *ctx, mx_transfer **out, struct mx_error *err);
// Milliseconds since it was started, and how many it has left, at least 0.
unsigned mx_transfer_elapsed(const mx_transfer *transfer);
unsigned mx_transfer_left(const mx_transfer *transfer);

// Sets an option that cannot be refused but for want of memory.
#define MX_EASY_SET(easy, option, value)                                                           \
    do {                                                                                           \
        CURLcode set = curl_easy_setopt((easy), (option), (value));                                \
        assert(set == CURLE_OK && "libcurl has this option, and memory");                          \
    } while (0)

// Adds to a list of libcurl's.
void mx_list_add(struct curl_slist **list, const char *text);

// request.c: prepares the hop that `transfer->http` says; then what came of it: 1: it was sent on
// and must be launched again, 0: the answer is the answer, negative: `fault` says why not.
void mx_request_prepare(mx_transfer *transfer);
int mx_request_follow(mx_transfer *transfer);

// mail.c: the server has answered for the last time and nobody need say goodbye; looks at a reply
// whether it was the last.
void mx_mail_hang_up(mx_transfer *transfer);
void mx_mail_look(mx_transfer *transfer);

// pool.c: queues `transfer`; takes it out of queue or running; chooses who runs next (or NULL).
void mx_pool_join(mx_client *client, const struct mx_client_pool *pool, mx_transfer *transfer);
void mx_pool_leave(mx_transfer *transfer);
mx_transfer *mx_pool_pick(mx_client *client);

// failure.c: what `code` of libcurl means for `transfer`.
void mx_failure_tell(const mx_transfer *transfer, CURLcode code, struct mx_error *err);
