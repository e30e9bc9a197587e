// The registries of special addresses, IPv4 as a list of what is refused, IPv6 as what little is
// allowed (2000::/3) without what is refused in it: most of IPv6 is nobody's yet.
#include "client/reach.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

struct block4 {
    uint32_t network;
    unsigned bits;
    const char *kind;
};

#define IPV4(a, b, c, d)                                                                           \
    (((uint32_t)(a) << 24) | ((uint32_t)(b) << 16) | ((uint32_t)(c) << 8) | (uint32_t)(d))

// The first that fits names the kind.
static const struct block4 blocks4[] = {
    {IPV4(0, 0, 0, 0), 32, "unspecified"},
    {IPV4(0, 0, 0, 0), 8, "reserved"}, // reaches this machine
    {IPV4(10, 0, 0, 0), 8, "private"},
    {IPV4(100, 100, 100, 200), 32, "metadata"},
    {IPV4(100, 64, 0, 0), 10, "shared"}, // behind a provider's NAT
    {IPV4(127, 0, 0, 0), 8, "loopback"},
    {IPV4(168, 63, 129, 16), 32, "metadata"}, // looks public, answers inside one cloud
    {IPV4(169, 254, 169, 254), 32, "metadata"},
    {IPV4(169, 254, 0, 0), 16, "link-local"},
    {IPV4(172, 16, 0, 0), 12, "private"},
    {IPV4(192, 0, 0, 192), 32, "metadata"},
    {IPV4(192, 0, 0, 0), 24, "reserved"},
    {IPV4(192, 0, 2, 0), 24, "documentation"},
    {IPV4(192, 88, 99, 0), 24, "reserved"}, // 6to4 relays
    {IPV4(192, 168, 0, 0), 16, "private"},
    {IPV4(198, 18, 0, 0), 15, "reserved"}, // benchmarks
    {IPV4(198, 51, 100, 0), 24, "documentation"},
    {IPV4(203, 0, 113, 0), 24, "documentation"},
    {IPV4(224, 0, 0, 0), 4, "multicast"},
    {IPV4(255, 255, 255, 255), 32, "broadcast"},
    {IPV4(240, 0, 0, 0), 4, "reserved"},
};

struct block6 {
    unsigned char network[8]; // none is longer
    unsigned bits;
    const char *kind; // NULL: public
};

static const struct block6 blocks6[] = {
    {{0x20, 0x01, 0x00, 0x00}, 23, "reserved"}, // Teredo, ORCHID, benchmarks
    {{0x20, 0x01, 0x0d, 0xb8}, 32, "documentation"},
    {{0x3f, 0xff}, 20, "documentation"},
    {{0x20}, 3, NULL},
    {{0xfe, 0x80}, 10, "link-local"},
    {{0xfe, 0xc0}, 10, "private"}, // site-local
    {{0xfd, 0x00, 0x0e, 0xc2}, 32, "metadata"},
    {{0xfc}, 7, "private"},
    {{0xff}, 8, "multicast"},
};

static const char *judge4(uint32_t address) {
    for (size_t i = 0; i < sizeof(blocks4) / sizeof(blocks4[0]); i++) {
        if ((address ^ blocks4[i].network) >> (32 - blocks4[i].bits) == 0) {
            return blocks4[i].kind;
        }
    }
    return NULL;
}

static uint32_t read4(const unsigned char *bytes) {
    return IPV4(bytes[0], bytes[1], bytes[2], bytes[3]);
}

static bool begins_with(const unsigned char *bytes, const unsigned char *network, unsigned bits) {
    unsigned whole = bits / 8;
    unsigned rest = bits % 8;
    return memcmp(bytes, network, whole) == 0 &&
           (rest == 0 || (bytes[whole] ^ network[whole]) >> (8 - rest) == 0);
}

// The IPv4 address that `bytes` is only another form of, or NULL.
static const unsigned char *find_same(const unsigned char *bytes) {
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    static const unsigned char nat64[12] = {0x00, 0x64, 0xff, 0x9b};
    bool is_one = memcmp(bytes, mapped, 12) == 0 || memcmp(bytes, nat64, 12) == 0;
    return is_one ? bytes + 12 : NULL;
}

// The IPv4 address that packets to `bytes` are carried to, or NULL.
static const unsigned char *find_carrier(const unsigned char *bytes) {
    static const unsigned char relay[2] = {0x20, 0x02};        // 6to4
    static const unsigned char isatap[3] = {0x00, 0x5e, 0xfe}; // behind 00 or 02
    if (memcmp(bytes, relay, 2) == 0) {
        return bytes + 2;
    }
    return (bytes[8] & 0xfd) == 0 && memcmp(bytes + 9, isatap, 3) == 0 ? bytes + 12 : NULL;
}

static const char *judge6(const unsigned char *bytes) {
    static const unsigned char zeros[15];
    if (memcmp(bytes, zeros, 15) == 0 && bytes[15] <= 1) {
        return bytes[15] == 1 ? "loopback" : "unspecified";
    }
    const unsigned char *same = find_same(bytes);
    if (same) {
        return judge4(read4(same));
    }
    const unsigned char *carrier = find_carrier(bytes);
    const char *kind = carrier ? judge4(read4(carrier)) : NULL;
    if (kind) {
        return kind;
    }
    for (size_t i = 0; i < sizeof(blocks6) / sizeof(blocks6[0]); i++) {
        if (begins_with(bytes, blocks6[i].network, blocks6[i].bits)) {
            return blocks6[i].kind;
        }
    }
    return "reserved"; // IPv4-compatible, local NAT64, and what nobody has been given
}

// The bytes of an IPv6 address, and an IPv4 address as a number.
static const unsigned char *bytes6(const struct sockaddr *address) {
    return ((const struct sockaddr_in6 *)(const void *)address)->sin6_addr.s6_addr;
}

static uint32_t bytes4(const struct sockaddr *address) {
    return ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr);
}

const char *mx_reach_refusal(const struct sockaddr *address) {
    switch (address->sa_family) {
    case AF_INET: return judge4(bytes4(address));
    case AF_INET6: return judge6(bytes6(address));
    default: return "no internet";
    }
}

bool mx_reach_is_loopback(const struct sockaddr *address) {
    const char *kind = mx_reach_refusal(address);
    return kind && strcmp(kind, "loopback") == 0;
}

void mx_reach_format(const struct sockaddr *address, char out[MX_REACH_TEXT]) {
    const void *bytes =
        address->sa_family == AF_INET
            ? (const void *)&((const struct sockaddr_in *)(const void *)address)->sin_addr
            : (const void *)bytes6(address);
    bool is_inet = address->sa_family == AF_INET || address->sa_family == AF_INET6;
    if (!is_inet || !inet_ntop(address->sa_family, bytes, out, MX_REACH_TEXT)) {
        snprintf(out, MX_REACH_TEXT, "an address of another kind");
    }
}
