// IP addresses and networks.
#pragma once

#include "platform/error.h"
#include "platform/slice.h"

// IPv4 is kept as ::ffff:a.b.c.d.
struct mx_address {
    unsigned char bytes[16];
};

struct mx_network {
    struct mx_address address;
    unsigned bits; // 0 to 128; IPv4 prefixes count from 96
};

// Parses "192.0.2.1", "2001:db8::1" or "[2001:db8::1]". False when it is neither.
bool mx_address_parse(struct mx_slice text, struct mx_address *out);

// Writes the usual form into `out` and returns the length.
enum { MX_ADDRESS_MAX = 46 };
size_t mx_address_format(const struct mx_address *address, char out[MX_ADDRESS_MAX]);

bool mx_address_equal(const struct mx_address *a, const struct mx_address *b);

// Parses "10.0.0.0/8" or one address. Bits behind the prefix must be 0.
int mx_network_parse(struct mx_slice text, struct mx_network *out, struct mx_error *err);

bool mx_network_has(const struct mx_network *network, const struct mx_address *address);
