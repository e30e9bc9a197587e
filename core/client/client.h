// Requests to other servers and mail, without blocking: start one, be called when it is over.
// A client belongs to one thread and is driven by that thread's loop through `struct
// mx_client_loop`.
#pragma once

#include "platform/buf.h"
#include "platform/error.h"

struct sockaddr;

typedef struct mx_client mx_client;
typedef struct mx_transfer mx_transfer;

enum {
    MX_CLIENT_AT_ONCE = 4,      // of a pool that does not say more
    MX_CLIENT_MAIL_AT_ONCE = 8, // mails on their way; they have a pool of their own
};

// What the client asks of the loop it lives on. The loop calls mx_client_ready() when a watched
// socket is ready and mx_client_tick() when the timer fires, never from within these two. All calls
// come from the client's thread.
struct mx_client_loop {
    void (*watch)(void *ctx, int fd, bool read, bool write); // both false: stop watching
    void (*set_timer)(void *ctx, long ms);                   // once; negative: stop
    void *ctx;                                               // borrowed: must outlive the client
};

// For tests: another internet. Both may be NULL. Neither may call the client.
struct mx_client_fake {
    // Appends addresses, separated by commas, that `host` has now; false: ask the real DNS.
    bool (*resolve)(void *ctx, const char *host, mx_buf *addresses);
    // Whether this address counts as public, whatever it is.
    bool (*is_public)(void *ctx, const struct sockaddr *address);
    void *ctx; // borrowed: must outlive the client
};

struct mx_client_options {
    struct mx_client_loop loop;
    size_t transfer_max;    // how many at a time; more wait their turn
    size_t waiting_max;     // how many may wait; more are refused with MX_E_BUSY
    bool allow_private;     // for tests and development only: addresses of this machine and network
    const char *user_agent; // copied
    const char *ca_file;    // certificates to trust instead of the system's, or NULL; copied
    const struct mx_client_fake *fake; // NULL; borrowed: must outlive the client
};

// A client, owned by the caller: give it to mx_client_destroy(). MX_E_SYSTEM when libcurl refuses.
int mx_client_create(
    const struct mx_client_options *options, mx_client **out, struct mx_error *err);

// Cancels what is under way (without calling back) and frees `client`, which may be NULL. Never
// from within a callback of one of its transfers.
void mx_client_destroy(mx_client *client);

// From the loop: a watched socket is ready, or the timer fired.
void mx_client_ready(mx_client *client, int fd, bool readable, bool writable);
void mx_client_tick(mx_client *client);

struct mx_client_field {
    struct mx_slice name;
    struct mx_slice value;
};

// One place that may be reached: "api.example.com", "*.example.com" (one or more labels in front),
// with ":port" when it is not the scheme's own. Addresses stand for themselves: "192.0.2.7",
// "[2001:db8::7]:8443".
struct mx_client_place {
    struct mx_slice host;
    bool plain; // http as well as https
};

// Whose turn it is. Transfers wait only for those of their own pool, and in it mostly for those to
// the same host and port, so that one slow host holds up nobody else. When `transfer_max` is
// reached, the pool with the fewest transfers under way is next.
struct mx_client_pool {
    struct mx_slice name; // empty: the pool of all that name none
    unsigned at_once;     // transfers of the pool at a time; 0: MX_CLIENT_AT_ONCE
    unsigned per_host;    // of those, to one host; 0: half of `at_once`, rounded up
};

struct mx_client_request {
    struct mx_slice method; // upper case token
    struct mx_slice url;    // absolute, http or https, without user name and fragment
    const struct mx_client_field *fields;
    size_t field_count;
    struct mx_slice body;
    const struct mx_client_place *places; // the allow-list; empty: nothing is allowed
    size_t place_count;
    unsigned connect_ms;   // until connected, TLS included; 0: `total_ms`
    unsigned total_ms;     // until the last byte, the wait for a turn included; at least 1
    size_t body_max;       // bytes of the answer, as sent and unpacked; more is MX_E_LIMIT
    unsigned redirect_max; // each one is checked against the list; 0: redirects are answers
    struct mx_slice pin;   // "sha256//..." of the server's public key; empty: none
    struct mx_client_pool pool;
};

// The answer. Texts are borrowed for the call.
struct mx_client_reply {
    int status;
    const struct mx_client_field *fields; // names in lower case
    size_t field_count;
    struct mx_slice body; // unpacked; of mail: the server's last line
    unsigned elapsed_ms;  // since the start, the wait for a turn included
};

// Called once for each transfer that was started and not cancelled, never from within the start.
// `reply` is NULL when there was none; then `err` says why: MX_E_INVALID (not allowed, or no
// address that may be reached), MX_E_BUSY (timeout), MX_E_LIMIT, MX_E_SYSTEM (name, connection,
// TLS). It may start and cancel transfers.
typedef void (*mx_client_fn)(
    void *ctx, const struct mx_client_reply *reply, const struct mx_error *err);

// Starts a request; everything in `request` is copied. `*out` is borrowed until `fn` is called: it
// is good for mx_client_cancel() only. A request that breaks the rules fails here. It is sent once;
// only GET, HEAD and OPTIONS once more when a connection that was open already closes at it.
//
// A redirect to another scheme, host or port takes along no field but Accept and Accept-Language
// and never a body: what would need one (307, 308) fails with MX_E_INVALID. 303 makes it a GET, and
// so do 301 and 302 of a POST.
int mx_client_send(mx_client *client, const struct mx_client_request *request, mx_client_fn fn,
    void *ctx, mx_transfer **out, struct mx_error *err);

// Ends a transfer without calling back. `transfer` may be NULL.
void mx_client_cancel(mx_client *client, mx_transfer *transfer);

enum mx_mail_security {
    MX_MAIL_TLS,      // from the first byte (465)
    MX_MAIL_STARTTLS, // required (587)
    MX_MAIL_PLAIN,    // only to this machine, or with `allow_private`
};

// A mail server chosen by the operator: it may be private, so no allow-list applies.
struct mx_mail_server {
    struct mx_slice host;
    unsigned port;
    enum mx_mail_security security;
    struct mx_slice user; // empty: no login
    struct mx_slice password;
    struct mx_slice name; // how this shop greets (EHLO); empty: the machine's name
    unsigned total_ms;    // the wait for a turn included; at least 1
};

struct mx_mail {
    struct mx_slice from;      // envelope address
    const struct mx_slice *to; // envelope addresses
    size_t to_count;
    struct mx_slice message; // RFC 5322, lines ending in CR LF
};

// As mx_client_send() for one mail, to all of `to` or to nobody. MX_E_INVALID: addresses with
// control characters, spaces or "<>", a message with a stray CR, LF or NUL, a header field that
// may stand there once but stands twice, Bcc. In the reply `status` is the server's last code
// (250, 550, ...), also when it refused.
int mx_client_mail(mx_client *client, const struct mx_mail_server *server,
    const struct mx_mail *mail, mx_client_fn fn, void *ctx, mx_transfer **out,
    struct mx_error *err);
