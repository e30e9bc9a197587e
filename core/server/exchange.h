// One connection and the exchange on it, from socket to reply. What connection.c, exchange.c,
// answer.c and static.c share.
//
// A connection handles one request at a time; what a client sends ahead waits in `ahead`. Whoever
// answers calls one of the mx_answer_* functions exactly once; from then on the request is gone.
#pragma once

#include "http/compress.h"
#include "http/conditional.h"
#include "http/parser.h"
#include "http/reply.h"
#include "http/upload.h"
#include "loop/deadline.h"
#include "loop/listener.h"
#include "loop/stream.h"
#include "script/request.h"
#include "server/limits.h"
#include "server/worker.h"

enum mx_exchange_state {
    MX_EXCHANGE_READING, // wants (more of) a request
    MX_EXCHANGE_BUSY,    // somebody works on the answer
    MX_EXCHANGE_SENDING, // the client reads slowly; the next request waits
    MX_EXCHANGE_ENDING,  // no further request
};

// A task and the exchange it answers, which may part: after the reply the task may go on, and the
// connection too.
struct mx_run {
    struct mx_worker *worker;
    mx_exchange *exchange; // NULL: answered
    mx_task *task;
    int status; // of an error page; 0: the request itself
};

struct mx_exchange {
    struct mx_worker *worker; // borrowed
    mx_exchange *next;        // in the worker's list
    mx_exchange *previous;
    unsigned holds; // stream, run, letter, file: freed when none is left

    // --- the connection ---
    mx_stream *stream; // NULL once it is closing
    mx_parser *parser;
    mx_arena *arena; // of the request
    struct mx_peer peer;
    bool is_admin; // came by admin_listen
    struct mx_deadline deadline;
    uint64_t head_due; // ms of the loop, while a head is half read
    mx_buf ahead;
    struct mx_letter letter;
    enum mx_exchange_state state;
    bool is_posted;  // the letter is under way
    bool is_feeding; // mx_parser_feed() is on the stack
    bool peer_ended;
    bool has_served; // at least one request

    // --- the request ---
    const struct mx_request *request; // NULL before its head is complete
    uint64_t began_ns;
    struct mx_run *run;
    mx_buf body;
    mx_upload *upload; // of a multipart body
    struct mx_form form;
    bool is_form_read;
    bool is_upload_refused;
    struct mx_error upload_error;
    bool is_origin_known;
    struct mx_origin origin;
    char remote[MX_ADDRESS_MAX]; // made at first use
    size_t remote_len;
    struct mx_slice id;
    struct mx_slice cookies[MX_LIMIT_COOKIES_SET]; // values of Set-Cookie
    size_t cookie_count;
    struct mx_slice page_key; // ptr NULL: not a page that may be shared
    struct mx_slice route;    // for the numbers
    struct mx_sending *file;  // static.c's: a large file on its way
    bool keep_alive;
    bool is_failing; // an error page is being made: the next error is plain
};

// --- connection.c -----------------------------------------------------------------------------

// Begins to serve `fd`, which is taken.
void mx_exchange_accept(
    struct mx_worker *worker, int fd, const struct mx_peer *peer, bool is_admin);

// The reply has been handed to the stream (`status`, `sent` bytes of it): counts it, then reads on
// or says goodbye.
void mx_exchange_end(mx_exchange *exchange, int status, uint64_t sent);

void mx_exchange_hold(mx_exchange *exchange);
void mx_exchange_unhold(mx_exchange *exchange);

// Waits no longer for the answer, or as long again.
void mx_exchange_set_patience(mx_exchange *exchange, uint64_t ms);

// Asks an idle connection to go; one at work closes after its answer, and one that is new gets a
// moment to say what it came for.
void mx_exchange_drain(mx_exchange *exchange);

// Ends everything about it now: its task, its file, its connection.
void mx_exchange_drop(mx_exchange *exchange);

// --- exchange.c -------------------------------------------------------------------------------

// Answers with an error: the page that Lua makes of it, or a plain one when Lua has none, or the
// request never became one. `detail`, which may be NULL, is for the plain one.
void mx_answer_error(mx_exchange *exchange, int status, const char *detail);

// A whole request is there: answers it, or has it answered.
void mx_exchange_begin(mx_exchange *exchange);

// The task of the exchange has waited too long, or the client is gone: ends it.
void mx_exchange_abandon(mx_exchange *exchange);

// Drops its task, whatever it is.
void mx_exchange_cancel(mx_exchange *exchange);

// Who asks, with proxies taken into account.
const struct mx_origin *mx_exchange_origin(mx_exchange *exchange);

// The visitor's address as text, empty for a Unix socket.
struct mx_slice mx_exchange_remote(mx_exchange *exchange);

// The request's id, made at first use.
struct mx_slice mx_exchange_id(mx_exchange *exchange);

// How Lua reads and answers an exchange.
const struct mx_exchange_ops *mx_exchange_ops(void);

// --- answer.c ---------------------------------------------------------------------------------

struct mx_answer {
    int status;
    const struct mx_reply_field *fields;
    size_t field_count;
    struct mx_slice body;              // borrowed for the call, unless `hold` keeps it
    const struct mx_stream_hold *hold; // may be NULL
};

// Sends a reply as it is; for HEAD without its body, but with its length. On failure (a field that
// cannot be sent) nothing has happened.
int mx_answer_try(mx_exchange *exchange, const struct mx_answer *answer, struct mx_error *err);

// As above, for fields of our own.
void mx_answer_send(mx_exchange *exchange, const struct mx_answer *answer);

// An error of the server's own: a short page or, for clients that prefer it, problem details.
// `detail` may be NULL.
void mx_answer_plain_error(mx_exchange *exchange, int status, const char *detail);

// Answers a method that is none for reading where all there is to do is to read: 405, and OPTIONS
// 204.
void mx_answer_methods(mx_exchange *exchange);

// True when problem details suit the client better than a page: it prefers them, or sent JSON.
bool mx_answer_is_problem(const mx_exchange *exchange);

// What Lua replied: conditions, ranges, compression, page cache.
int mx_answer_lua(mx_exchange *exchange, const struct mx_reply_spec *spec, struct mx_error *err);

// Sends the parts of the body that a GET asks for with Range: true. Of the answer's fields, which
// must be valid, Content-Type is the first.
bool mx_answer_ranges(
    mx_exchange *exchange, const struct mx_answer *answer, const struct mx_validators *validators);

// Date of this second, for replies.
struct mx_slice mx_answer_date(struct mx_worker *worker);

// --- page.c -----------------------------------------------------------------------------------

// Works out the key under which this request's page may be shared; leaves it empty if it may not.
void mx_page_key_find(mx_exchange *exchange);

// Looks for the page in the cache and sends it: true.
bool mx_page_send_cached(mx_exchange *exchange);

// What a page is made of. `fields` are those of the reply but Content-Type and ETag.
struct mx_page {
    struct mx_slice key;
    const struct mx_cache_deps *deps;
    struct mx_slice content_type;
    const struct mx_reply_field *fields;
    size_t field_count;
    struct mx_slice body;
    uint64_t version; // of the file it was read from, else 0
    uint64_t note;    // what a visitor does who sees it, else 0
};

// Stores a page. `*out` is an owned reference, for mx_page_send().
int mx_page_store(mx_exchange *exchange, const struct mx_page *page, struct mx_cache_entry **out,
    struct mx_error *err);

// Sends a page in the form that the client prefers. `entry` is taken.
void mx_page_send(mx_exchange *exchange, struct mx_cache_entry *entry);

// --- static.c ---------------------------------------------------------------------------------

// Answers paths below /assets/ and /media/: true.
bool mx_static_answer(mx_exchange *exchange);

// The client has read what was sent of `exchange->file`: sends more.
void mx_static_go_on(mx_exchange *exchange);

// The connection is gone: forgets `exchange->file`, which may be NULL.
void mx_static_stop(mx_exchange *exchange);

// --- health.c ---------------------------------------------------------------------------------

// Answers /healthz, /readyz and /metrics: true. Everybody but the permitted gets a 404.
bool mx_health_answer(mx_exchange *exchange);
