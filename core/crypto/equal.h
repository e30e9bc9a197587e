// Comparison whose time does not tell where two secrets differ.
#pragma once

#include "platform/slice.h"

// Only the lengths may show.
bool mx_secret_equal(struct mx_slice a, struct mx_slice b);

// Overwrites `size` bytes for certain.
void mx_secret_wipe(void *ptr, size_t size);
