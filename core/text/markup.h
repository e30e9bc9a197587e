// Rich text: Markdown to HTML, and HTML of strangers to HTML that is safe to show.
#pragma once

#include "platform/buf.h"
#include "platform/error.h"

// Appends the HTML of CommonMark text with tables and strikethrough. Raw HTML in it is shown as
// text. MX_E_LIMIT when `markdown` is larger than 1 MiB.
int mx_markup_from_markdown(struct mx_slice markdown, mx_buf *out, struct mx_error *err);

// What cleaning took away, so that a report can say it.
struct mx_clean_report {
    unsigned
        elements; // elements that are not allowed (their text stays, but for scripts and styles)
    unsigned attributes; // attributes that are not allowed
    unsigned addresses;  // links and pictures with an address that is not http, https, mailto, tel
                         // or relative
};

// Appends `html` with nothing in it but an allow-list of elements and attributes, well-formed.
// `report` may be NULL. MX_E_LIMIT: larger than 1 MiB or nested deeper than 200.
int mx_markup_clean(
    struct mx_slice html, mx_buf *out, struct mx_clean_report *report, struct mx_error *err);

// Appends the text of `html`: no elements, entities decoded, a space between blocks.
int mx_markup_strip(struct mx_slice html, mx_buf *out, struct mx_error *err);
