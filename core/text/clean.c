// libxml2 reads whatever a stranger calls HTML into a tree; what is on our lists is written anew
// from it. Nothing of the input is copied that was not parsed, so no trick of spelling passes.
#include <stdlib.h>

#include <libxml/HTMLparser.h>

#include "text/markup.h"

enum { MAX_HTML = 1 << 20, MAX_DEPTH = 200 };

struct cleaner {
    mx_buf *out;
    struct mx_clean_report report;
    bool too_deep;
};

static const char *const allowed_elements[] = {"a", "abbr", "b", "blockquote", "br", "caption",
    "cite", "code", "dd", "del", "div", "dl", "dt", "em", "figcaption", "figure", "h1", "h2", "h3",
    "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd", "li", "mark", "ol", "p", "pre", "q", "s",
    "small", "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr",
    "u", "ul", NULL};

static const char *const dropped_whole[] = {"applet", "audio", "base", "button", "canvas", "embed",
    "form", "frame", "frameset", "head", "iframe", "input", "link", "math", "meta", "noembed",
    "noframes", "noscript", "object", "option", "param", "script", "select", "source", "style",
    "svg", "template", "textarea", "title", "track", "video", "xmp", NULL};

static const char *const void_elements[] = {"br", "hr", "img", NULL};

static const char *const block_elements[] = {"blockquote", "br", "dd", "div", "dl", "dt", "figure",
    "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "table", "td", "th", "tr",
    "ul", NULL};

// What parse() puts around the input: without it libxml2 makes the first element the root of all.
static const char *const frame_elements[] = {"html", "body", "merx-root", NULL};

struct allowed_attribute {
    const char *element; // NULL: any
    const char *name;
    bool is_address;
};

static const struct allowed_attribute allowed_attributes[] = {
    {"a", "href", true},
    {"img", "src", true},
    {"img", "alt", false},
    {"img", "width", false},
    {"img", "height", false},
    {"td", "colspan", false},
    {"td", "rowspan", false},
    {"th", "colspan", false},
    {"th", "rowspan", false},
    {"th", "scope", false},
    {"ol", "start", false},
    {NULL, "title", false},
    {NULL, "lang", false},
    {NULL, "dir", false},
};

static bool is_in(const char *const *list, const xmlChar *name) {
    for (; *list; list++) {
        if (strcmp(*list, (const char *)name) == 0) {
            return true;
        }
    }
    return false;
}

static const struct allowed_attribute *find_attribute(const xmlNode *node, const xmlAttr *attr) {
    size_t count = sizeof(allowed_attributes) / sizeof(allowed_attributes[0]);
    for (size_t i = 0; i < count; i++) {
        const struct allowed_attribute *allowed = &allowed_attributes[i];
        if (strcmp(allowed->name, (const char *)attr->name) == 0 &&
            (!allowed->element || strcmp(allowed->element, (const char *)node->name) == 0)) {
            return allowed;
        }
    }
    return NULL;
}

// Browsers skip blanks and control bytes inside a scheme, so they are not looked at here either.
static bool is_safe_address(const char *address, bool is_picture) {
    char scheme[16];
    size_t len = 0;
    for (const char *at = address; *at; at++) {
        unsigned char c = (unsigned char)*at;
        if (c <= ' ') {
            continue;
        }
        if (c == ':') {
            scheme[len] = '\0';
            return strcmp(scheme, "https") == 0 || strcmp(scheme, "http") == 0 ||
                   (!is_picture && (strcmp(scheme, "mailto") == 0 || strcmp(scheme, "tel") == 0));
        }
        if (c == '/' || c == '?' || c == '#') {
            return true; // relative: there can be no scheme any more
        }
        if (len == sizeof(scheme) - 1) {
            return strchr(at, ':') == NULL;
        }
        scheme[len++] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
    return true;
}

static void write_attribute(struct cleaner *cleaner, xmlNode *node, xmlAttr *attr) {
    const struct allowed_attribute *allowed = find_attribute(node, attr);
    if (!allowed) {
        cleaner->report.attributes++;
        return;
    }
    xmlChar *value = xmlNodeListGetString(node->doc, attr->children, 1);
    const char *text = value ? (const char *)value : "";
    bool is_picture = strcmp((const char *)node->name, "img") == 0;
    if (allowed->is_address && !is_safe_address(text, is_picture)) {
        cleaner->report.addresses++;
    } else {
        mx_buf_append_format(cleaner->out, " %s=\"", allowed->name);
        mx_buf_append_html(cleaner->out, text, strlen(text));
        mx_buf_append_char(cleaner->out, '"');
    }
    xmlFree(value);
}

static void open_element(struct cleaner *cleaner, xmlNode *node) {
    mx_buf_append_format(cleaner->out, "<%s", (const char *)node->name);
    for (xmlAttr *attr = node->properties; attr; attr = attr->next) {
        write_attribute(cleaner, node, attr);
    }
    if (strcmp((const char *)node->name, "a") == 0) {
        mx_buf_append_text(cleaner->out, " rel=\"nofollow noopener\"");
    }
    mx_buf_append_char(cleaner->out, '>');
}

static void clean_node(struct cleaner *cleaner, xmlNode *node, int depth) {
    if (depth > MAX_DEPTH) {
        cleaner->too_deep = true;
        return;
    }
    if (node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE) {
        const char *text = (const char *)node->content;
        mx_buf_append_html(cleaner->out, text, strlen(text));
        return;
    }
    if (node->type != XML_ELEMENT_NODE) {
        return; // comments, declarations, processing instructions
    }
    if (is_in(dropped_whole, node->name)) {
        cleaner->report.elements++;
        return;
    }
    bool allowed = is_in(allowed_elements, node->name);
    if (allowed) {
        open_element(cleaner, node);
    } else if (!is_in(frame_elements, node->name)) {
        cleaner->report.elements++;
    }
    for (xmlNode *child = node->children; child; child = child->next) {
        clean_node(cleaner, child, depth + 1);
    }
    if (allowed && !is_in(void_elements, node->name)) {
        mx_buf_append_format(cleaner->out, "</%s>", (const char *)node->name);
    }
}

static void strip_node(mx_buf *out, const xmlNode *node, int depth) {
    if (depth > MAX_DEPTH || (node->type == XML_ELEMENT_NODE && is_in(dropped_whole, node->name))) {
        return;
    }
    if (node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE) {
        mx_buf_append_text(out, (const char *)node->content);
        return;
    }
    bool is_block = node->type == XML_ELEMENT_NODE && is_in(block_elements, node->name);
    if (is_block && out->len > 0 && out->ptr[out->len - 1] != ' ') {
        mx_buf_append_char(out, ' ');
    }
    for (const xmlNode *child = node->children; child; child = child->next) {
        strip_node(out, child, depth + 1);
    }
    if (is_block && out->len > 0 && out->ptr[out->len - 1] != ' ') {
        mx_buf_append_char(out, ' ');
    }
}

// The tree of `html`, owned: xmlFreeDoc(). NULL with MX_OK when there is nothing in it.
static int parse(struct mx_slice html, xmlDoc **out, struct mx_error *err) {
    *out = NULL;
    if (html.len > MAX_HTML) {
        return mx_fail(err, MX_E_LIMIT, "the HTML is larger than 1 MiB");
    }
    if (html.len == 0) {
        return MX_OK;
    }
    mx_buf framed = {0};
    mx_buf_append_text(&framed, "<html><body><merx-root>");
    mx_buf_append_slice(&framed, html);
    mx_buf_append_text(&framed, "</merx-root></body></html>");
    *out = htmlReadMemory(framed.ptr, (int)framed.len, NULL, "UTF-8",
        HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET |
            HTML_PARSE_COMPACT);
    mx_buf_deinit(&framed);
    return MX_OK;
}

int mx_markup_clean(
    struct mx_slice html, mx_buf *out, struct mx_clean_report *report, struct mx_error *err) {
    xmlDoc *doc;
    int rc = parse(html, &doc, err);
    struct cleaner cleaner = {.out = out};
    if (rc < 0) {
        return rc;
    }
    for (xmlNode *node = doc ? doc->children : NULL; node; node = node->next) {
        clean_node(&cleaner, node, 0);
    }
    xmlFreeDoc(doc);
    if (report) {
        *report = cleaner.report;
    }
    if (cleaner.too_deep) {
        return mx_fail(err, MX_E_LIMIT, "the HTML is nested deeper than %d elements", MAX_DEPTH);
    }
    return MX_OK;
}

int mx_markup_strip(struct mx_slice html, mx_buf *out, struct mx_error *err) {
    xmlDoc *doc;
    mx_buf text = {0};
    int rc = parse(html, &doc, err);
    if (rc < 0) {
        return rc;
    }
    for (xmlNode *node = doc ? doc->children : NULL; node; node = node->next) {
        strip_node(&text, node, 0);
    }
    while (text.len > 0 && text.ptr[text.len - 1] == ' ') {
        text.len--;
    }
    mx_buf_append_slice(out, mx_buf_slice(&text));
    mx_buf_deinit(&text);
    xmlFreeDoc(doc);
    return MX_OK;
}
