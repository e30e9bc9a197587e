#include "http/address.h"

#include <arpa/inet.h>

static const unsigned char ipv4_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static bool is_ipv4(const struct mx_address *address) {
    return memcmp(address->bytes, ipv4_prefix, sizeof(ipv4_prefix)) == 0;
}

bool mx_address_parse(struct mx_slice text, struct mx_address *out) {
    if (text.len >= 2 && text.ptr[0] == '[' && text.ptr[text.len - 1] == ']') {
        text = (struct mx_slice){text.ptr + 1, text.len - 2};
        if (!memchr(text.ptr, ':', text.len)) {
            return false;
        }
    }
    char copy[MX_ADDRESS_MAX];
    if (text.len == 0 || text.len >= sizeof(copy) || memchr(text.ptr, '\0', text.len)) {
        return false;
    }
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    if (inet_pton(AF_INET6, copy, out->bytes) == 1) {
        return true;
    }
    memcpy(out->bytes, ipv4_prefix, sizeof(ipv4_prefix));
    return inet_pton(AF_INET, copy, out->bytes + sizeof(ipv4_prefix)) == 1;
}

size_t mx_address_format(const struct mx_address *address, char out[MX_ADDRESS_MAX]) {
    bool v4 = is_ipv4(address);
    const unsigned char *bytes = v4 ? address->bytes + sizeof(ipv4_prefix) : address->bytes;
    const char *text = inet_ntop(v4 ? AF_INET : AF_INET6, bytes, out, MX_ADDRESS_MAX);
    return text ? strlen(text) : 0;
}

bool mx_address_equal(const struct mx_address *a, const struct mx_address *b) {
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

// The part of byte `index` that lies within the first `bits` bits.
static unsigned char mask_of(unsigned bits, unsigned index) {
    unsigned inside = bits > index * 8 ? bits - index * 8 : 0;
    return (unsigned char)(inside >= 8 ? 0xffu : 0xff00u >> inside);
}

int mx_network_parse(struct mx_slice text, struct mx_network *out, struct mx_error *err) {
    struct mx_slice bits = text;
    struct mx_slice address = mx_slice_cut(&bits, '/');
    int shown = (int)(text.len < 80 ? text.len : 80);
    if (!mx_address_parse(address, &out->address)) {
        return mx_fail(err, MX_E_INVALID,
            "\"%.*s\" is no network: write 10.0.0.0/8 or 2001:db8::/32", shown, text.ptr);
    }
    unsigned offset = is_ipv4(&out->address) && !memchr(address.ptr, ':', address.len) ? 96 : 0;
    uint64_t number = 128 - offset;
    if (bits.ptr && !mx_slice_to_u64(bits, 128 - offset, &number)) {
        return mx_fail(err, MX_E_INVALID, "\"%.*s\": the prefix must be a number up to %u", shown,
            text.ptr, 128 - offset);
    }
    out->bits = (unsigned)number + offset;
    for (unsigned i = 0; i < sizeof(out->address.bytes); i++) {
        if (out->address.bytes[i] & (unsigned char)~mask_of(out->bits, i)) {
            return mx_fail(err, MX_E_INVALID,
                "\"%.*s\": bits behind the prefix must be 0, or the network is not what it looks "
                "like",
                shown, text.ptr);
        }
    }
    return MX_OK;
}

bool mx_network_has(const struct mx_network *network, const struct mx_address *address) {
    for (unsigned i = 0; i < sizeof(address->bytes); i++) {
        unsigned difference = (unsigned)(address->bytes[i] ^ network->address.bytes[i]);
        if (difference & mask_of(network->bits, i)) {
            return false;
        }
    }
    return true;
}
