// Which addresses are out there for everybody, and which are this machine, its network, or nothing
// that a server should ever be sent to.
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct sockaddr;

// What keeps `address` from being reached ("loopback", "private", "link-local", "metadata", ...);
// NULL: it is public. An IPv4 address inside of an IPv6 one (mapped, 6to4, NAT64, ISATAP) is judged
// by what it is.
const char *mx_reach_refusal(const struct sockaddr *address);

// Whether `address` is this machine's own loopback.
bool mx_reach_is_loopback(const struct sockaddr *address);

// Writes the usual form, without the port.
enum { MX_REACH_TEXT = 64 };
void mx_reach_format(const struct sockaddr *address, char out[MX_REACH_TEXT]);
