#include "http/mime.h"

struct extension {
    struct mx_slice name; // lower case
    struct mx_slice type;
};

static const struct extension extensions[] = {
    {MX_SLICE("avif"), MX_SLICE("image/avif")},
    {MX_SLICE("bmp"), MX_SLICE("image/bmp")},
    {MX_SLICE("br"), MX_SLICE("application/x-brotli")},
    {MX_SLICE("css"), MX_SLICE("text/css; charset=utf-8")},
    {MX_SLICE("csv"), MX_SLICE("text/csv; charset=utf-8")},
    {MX_SLICE("doc"), MX_SLICE("application/msword")},
    {MX_SLICE("docx"),
        MX_SLICE("application/vnd.openxmlformats-officedocument.wordprocessingml.document")},
    {MX_SLICE("epub"), MX_SLICE("application/epub+zip")},
    {MX_SLICE("flac"), MX_SLICE("audio/flac")},
    {MX_SLICE("gif"), MX_SLICE("image/gif")},
    {MX_SLICE("gz"), MX_SLICE("application/gzip")},
    {MX_SLICE("heic"), MX_SLICE("image/heic")},
    {MX_SLICE("htm"), MX_SLICE("text/html; charset=utf-8")},
    {MX_SLICE("html"), MX_SLICE("text/html; charset=utf-8")},
    {MX_SLICE("ico"), MX_SLICE("image/x-icon")},
    {MX_SLICE("ics"), MX_SLICE("text/calendar; charset=utf-8")},
    {MX_SLICE("jpeg"), MX_SLICE("image/jpeg")},
    {MX_SLICE("jpg"), MX_SLICE("image/jpeg")},
    {MX_SLICE("js"), MX_SLICE("text/javascript; charset=utf-8")},
    {MX_SLICE("json"), MX_SLICE("application/json")},
    {MX_SLICE("m4a"), MX_SLICE("audio/mp4")},
    {MX_SLICE("map"), MX_SLICE("application/json")},
    {MX_SLICE("md"), MX_SLICE("text/markdown; charset=utf-8")},
    {MX_SLICE("mjs"), MX_SLICE("text/javascript; charset=utf-8")},
    {MX_SLICE("mov"), MX_SLICE("video/quicktime")},
    {MX_SLICE("mp3"), MX_SLICE("audio/mpeg")},
    {MX_SLICE("mp4"), MX_SLICE("video/mp4")},
    {MX_SLICE("oga"), MX_SLICE("audio/ogg")},
    {MX_SLICE("ogg"), MX_SLICE("audio/ogg")},
    {MX_SLICE("ogv"), MX_SLICE("video/ogg")},
    {MX_SLICE("otf"), MX_SLICE("font/otf")},
    {MX_SLICE("pdf"), MX_SLICE("application/pdf")},
    {MX_SLICE("png"), MX_SLICE("image/png")},
    {MX_SLICE("rtf"), MX_SLICE("application/rtf")},
    {MX_SLICE("svg"), MX_SLICE("image/svg+xml")},
    {MX_SLICE("tar"), MX_SLICE("application/x-tar")},
    {MX_SLICE("tif"), MX_SLICE("image/tiff")},
    {MX_SLICE("tiff"), MX_SLICE("image/tiff")},
    {MX_SLICE("ttf"), MX_SLICE("font/ttf")},
    {MX_SLICE("txt"), MX_SLICE("text/plain; charset=utf-8")},
    {MX_SLICE("vtt"), MX_SLICE("text/vtt; charset=utf-8")},
    {MX_SLICE("wasm"), MX_SLICE("application/wasm")},
    {MX_SLICE("wav"), MX_SLICE("audio/wav")},
    {MX_SLICE("webm"), MX_SLICE("video/webm")},
    {MX_SLICE("webmanifest"), MX_SLICE("application/manifest+json")},
    {MX_SLICE("webp"), MX_SLICE("image/webp")},
    {MX_SLICE("woff"), MX_SLICE("font/woff")},
    {MX_SLICE("woff2"), MX_SLICE("font/woff2")},
    {MX_SLICE("xls"), MX_SLICE("application/vnd.ms-excel")},
    {MX_SLICE("xlsx"),
        MX_SLICE("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")},
    {MX_SLICE("xml"), MX_SLICE("application/xml")},
    {MX_SLICE("zip"), MX_SLICE("application/zip")},
};

struct mx_slice mx_mime_of(struct mx_slice filename) {
    size_t at = filename.len;
    while (at > 0 && filename.ptr[at - 1] != '.' && filename.ptr[at - 1] != '/') {
        at--;
    }
    struct mx_slice name = {filename.ptr + at, filename.len - at};
    bool has_dot = at > 0 && filename.ptr[at - 1] == '.';
    for (size_t i = 0; has_dot && i < sizeof(extensions) / sizeof(extensions[0]); i++) {
        if (mx_slice_equal_nocase(extensions[i].name, name)) {
            return extensions[i].type;
        }
    }
    return MX_SLICE("application/octet-stream");
}

bool mx_mime_is_passive(struct mx_slice type) {
    static const struct mx_slice families[] = {
        MX_SLICE("image/"), MX_SLICE("audio/"), MX_SLICE("video/"), MX_SLICE("font/")};
    type = mx_slice_trim(mx_slice_cut(&type, ';'));
    if (mx_slice_equal_nocase(type, MX_SLICE("text/plain"))) {
        return true;
    }
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        size_t len = families[i].len;
        if (type.len > len &&
            mx_slice_equal_nocase((struct mx_slice){type.ptr, len}, families[i])) {
            const char *plus = memchr(type.ptr, '+', type.len); // "+xml" may run scripts
            return !plus;
        }
    }
    return false;
}
