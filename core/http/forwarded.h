// Who is really asking, when proxies stand between. Fields are believed only from proxies we trust,
// and only the one kind of field that those proxies are known to set: a client can send the other.
#pragma once

#include "http/address.h"
#include "http/request.h"

enum mx_forwarded_kind {
    MX_FORWARDED_X,        // X-Forwarded-For, -Proto, -Host
    MX_FORWARDED_STANDARD, // Forwarded (RFC 7239)
};

typedef struct mx_proxies mx_proxies;

// The proxies in `text`: networks separated by commas or spaces, "loopback", "private", "unix"
// (peers on a Unix socket). Empty: nobody is trusted. `*out` is owned: give it to
// mx_proxies_destroy().
int mx_proxies_parse(
    struct mx_slice text, enum mx_forwarded_kind kind, mx_proxies **out, struct mx_error *err);

// Frees `proxies`, which may be NULL.
void mx_proxies_destroy(mx_proxies *proxies);

// True when `peer` is one of them. `peer` NULL: a peer on a Unix socket. `proxies` may be NULL.
bool mx_proxies_trust(const mx_proxies *proxies, const struct mx_address *peer);

struct mx_origin {
    struct mx_address remote; // the right-most address that is no trusted proxy
    bool has_remote;          // false on a Unix socket without a believable field
    bool is_secure;           // the client's own connection was https
    struct mx_slice host;     // what the client asked for; of `request` when not forwarded
};

// Works out where `request` came from. `peer` is the address of the socket, NULL for a Unix socket;
// `peer_secure` says that the socket itself is TLS. A field that is malformed counts as absent from
// the malformed element on. Texts are borrowed from `request` or `arena`.
void mx_origin_find(const mx_proxies *proxies, const struct mx_address *peer, bool peer_secure,
    const struct mx_request *request, mx_arena *arena, struct mx_origin *out);
