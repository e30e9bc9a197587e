// Media types by file name.
#pragma once

#include "platform/slice.h"

// "text/css; charset=utf-8" for "a/b.css"; "application/octet-stream" for what is not known.
// Static.
struct mx_slice mx_mime_of(struct mx_slice filename);

// True for types that a browser may show in a page of ours without running anything: raster images,
// fonts, audio, video, plain text. Everything else that people upload is sent as an attachment.
bool mx_mime_is_passive(struct mx_slice type);
