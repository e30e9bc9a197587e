// What the client prefers among what we have (RFC 9110, 12). An absent field accepts anything.
#pragma once

#include "platform/slice.h"

// Quality values in thousandths: 1000 is best, 0 is refused.

// The index of the best of `offers` ("text/html", ...) for an Accept value; on equal quality the
// earlier offer. -1 when none is acceptable. `accept.ptr` NULL: 0.
int mx_negotiate_type(struct mx_slice accept, const struct mx_slice *offers, size_t count);

// The index of the best of `offers` ("de", "pt-BR", ...) for an Accept-Language value: a range fits
// an offer that is equal, or longer ("pt" fits "pt-BR"), or shorter ("de-AT" falls back to "de").
// -1 when none fits or the field is absent.
int mx_negotiate_language(struct mx_slice accept, const struct mx_slice *offers, size_t count);

enum mx_encoding { MX_ENCODING_IDENTITY, MX_ENCODING_GZIP, MX_ENCODING_BROTLI };

// The best content coding for an Accept-Encoding value; on equal quality brotli, then gzip.
enum mx_encoding mx_negotiate_encoding(struct mx_slice accept);

// "gzip", "br"; "identity" is never sent in a field.
struct mx_slice mx_encoding_name(enum mx_encoding encoding);
