// Markdown by md4c, with raw HTML off: what people write can format, never run.
#include <md4c-html.h>

#include "text/markup.h"

enum { MAX_MARKDOWN = 1 << 20 };

static void on_html_made(const MD_CHAR *text, MD_SIZE size, void *ctx) {
    mx_buf_append(ctx, text, size);
}

int mx_markup_from_markdown(struct mx_slice markdown, mx_buf *out, struct mx_error *err) {
    if (markdown.len > MAX_MARKDOWN) {
        return mx_fail(err, MX_E_LIMIT, "the text is larger than 1 MiB");
    }
    const unsigned flags =
        MD_FLAG_NOHTML | MD_FLAG_TABLES | MD_FLAG_STRIKETHROUGH | MD_FLAG_PERMISSIVEURLAUTOLINKS;
    mx_buf raw = {0};
    int rc = MX_OK;
    if (md_html(markdown.ptr, (MD_SIZE)markdown.len, on_html_made, &raw, flags,
            MD_HTML_FLAG_SKIP_UTF8_BOM) != 0) {
        rc = mx_fail(err, MX_E_INVALID, "the text cannot be read as Markdown");
        goto out;
    }
    // Links may still say javascript: — the cleaner has the one list of what an address may be.
    rc = mx_markup_clean(mx_buf_slice(&raw), out, NULL, err);
out:
    mx_buf_deinit(&raw);
    return rc;
}
