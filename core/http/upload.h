// A form from a body that arrives in pieces, of either kind: text goes into the arena, files into
// temporary files that vanish with the upload unless they are taken.
#pragma once

#include "http/content_type.h"
#include "http/form.h"

typedef struct mx_upload mx_upload;

// An upload for a body of type `type` ("application/x-www-form-urlencoded" or
// "multipart/form-data", else MX_E_INVALID). `arena` is borrowed until destroy; `folder` is where
// temporary files go (copied), readable for this user only. `*out` is owned: give it to
// mx_upload_destroy().
int mx_upload_create(mx_arena *arena, const struct mx_content_type *type,
    const struct mx_form_limits *limits, const char *folder, mx_upload **out, struct mx_error *err);

// Removes the temporary files that were not taken and frees `upload`, which may be NULL.
void mx_upload_destroy(mx_upload *upload);

// Reads the next bytes of the body. After a failure only destroy may follow.
int mx_upload_feed(mx_upload *upload, struct mx_slice bytes, struct mx_error *err);

// Says that the body is over and gives the form, borrowed from the arena.
int mx_upload_finish(mx_upload *upload, struct mx_form *out, struct mx_error *err);

// From now on the file of field `index` belongs to the caller, who renames or removes it.
void mx_upload_take(mx_upload *upload, size_t index);
