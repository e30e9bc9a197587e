// Files: /assets/<theme>/… from the folder `assets` of a theme, /assets/plugins/<id>/… from that of
// a plugin (what is not found there Lua may know), /media/… from the data folder. Small ones are
// kept with the pages, head, compressed forms and all; large ones are read piece by piece in the
// pool.
#include "server/exchange.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http/etag.h"
#include "http/mime.h"
#include "http/ranges.h"
#include "loop/offload.h"
#include "platform/alloc.h"
#include "platform/log.h"

enum { PATH_SIZE = 1024, LOOK_EVERY_MS = 1000 };

static const struct mx_slice assets_prefix = MX_SLICE("/assets/");
static const struct mx_slice media_prefix = MX_SLICE("/media/");

// --- which file -------------------------------------------------------------------------------

// Hidden files and folders are nobody's business; ".." has gone when the path was normalised.
static bool is_decent(struct mx_slice path) {
    if (path.len == 0 || path.ptr[path.len - 1] == '/') {
        return false;
    }
    for (size_t i = 0; i < path.len; i++) {
        if (path.ptr[i] == '\0' || (path.ptr[i] == '.' && (i == 0 || path.ptr[i - 1] == '/'))) {
            return false;
        }
    }
    return true;
}

static int open_below(const char *root, const char *folder, struct mx_slice owner,
    const char *inner, struct mx_slice rest) {
    char path[PATH_SIZE];
    int len = snprintf(path, sizeof(path), "%s/%s%.*s%s%.*s", root, folder, (int)owner.len,
        owner.len > 0 ? owner.ptr : "", inner, (int)rest.len, rest.ptr);
    if (len < 0 || (size_t)len >= sizeof(path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
}

// Files of the data folder win over those that come with Merx.
static int open_asset(const struct mx_shared *shared, struct mx_slice rest) {
    const char *folder = "themes/";
    struct mx_slice plugins = MX_SLICE("plugins/");
    if (mx_slice_starts_with(rest, plugins)) {
        folder = "plugins/";
        rest = (struct mx_slice){rest.ptr + plugins.len, rest.len - plugins.len};
    }
    struct mx_slice owner = mx_slice_cut(&rest, '/');
    if (!rest.ptr || owner.len == 0 || !is_decent(rest) || !is_decent(owner)) {
        errno = ENOENT;
        return -1;
    }
    int fd = open_below(shared->data, folder, owner, "/assets/", rest);
    return fd >= 0 ? fd : open_below(shared->share, folder, owner, "/assets/", rest);
}

static int open_media(const struct mx_shared *shared, struct mx_slice rest) {
    if (!is_decent(rest)) {
        errno = ENOENT;
        return -1;
    }
    return open_below(shared->data, "media/", (struct mx_slice){0}, "", rest);
}

static int open_file(mx_exchange *exchange, bool is_media, struct stat *info) {
    const struct mx_shared *shared = exchange->worker->lane.shared;
    struct mx_slice path = exchange->request->path;
    size_t skip = is_media ? media_prefix.len : assets_prefix.len;
    struct mx_slice rest = {path.ptr + skip, path.len - skip};
    int fd = is_media ? open_media(shared, rest) : open_asset(shared, rest);
    if (fd >= 0 && (fstat(fd, info) < 0 || !S_ISREG(info->st_mode))) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static uint64_t version_of(const struct stat *info) {
    uint64_t parts[4] = {(uint64_t)info->st_mtim.tv_sec, (uint64_t)info->st_mtim.tv_nsec,
        (uint64_t)info->st_size, (uint64_t)info->st_ino};
    return mx_slice_hash((struct mx_slice){(const char *)parts, sizeof(parts)});
}

// --- how it is sent ---------------------------------------------------------------------------

struct manner {
    struct mx_slice type;
    struct mx_reply_field fields[6];
    size_t count;
};

static void add_field(struct manner *manner, struct mx_slice name, struct mx_slice value) {
    manner->fields[manner->count++] = (struct mx_reply_field){name, value};
}

// What people upload never runs in a page of ours: pictures may be shown, SVG only in a sandbox,
// everything else is a download.
static void choose_manner(const mx_exchange *exchange, bool is_media, struct manner *out) {
    struct mx_slice path = exchange->request->path;
    bool is_named = mx_slice_starts_with(exchange->request->query, MX_SLICE("v="));
    *out = (struct manner){.type = mx_mime_of(path)};
    bool is_svg = mx_slice_starts_with(out->type, MX_SLICE("image/svg"));
    add_field(out, MX_SLICE("Cache-Control"),
        is_media || is_named
            ? MX_SLICE("public, max-age=31536000, immutable") // the name changes with the content
            : MX_SLICE("public, max-age=300"));
    add_field(out, MX_SLICE("X-Content-Type-Options"), MX_SLICE("nosniff"));
    add_field(out, MX_SLICE("Accept-Ranges"), MX_SLICE("bytes"));
    if (is_svg) {
        add_field(out, MX_SLICE("Content-Security-Policy"),
            MX_SLICE("default-src 'none'; style-src 'unsafe-inline'; sandbox"));
    } else if (is_media && !mx_mime_is_passive(out->type)) {
        add_field(out, MX_SLICE("Content-Disposition"), MX_SLICE("attachment"));
        add_field(
            out, MX_SLICE("Content-Security-Policy"), MX_SLICE("default-src 'none'; sandbox"));
    }
}

// --- small files ------------------------------------------------------------------------------

static bool read_whole(int fd, size_t size, mx_buf *out) {
    char *at = mx_buf_reserve(out, size + 1);
    while (out->len < size) {
        ssize_t got = pread(fd, at + out->len, size - out->len, (off_t)out->len);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return false; // it shrank, or the disk failed
        }
        out->len += (size_t)got;
    }
    return true;
}

static void send_small(mx_exchange *exchange, int fd, const struct stat *info,
    const struct manner *manner, struct mx_slice key) {
    struct mx_cache_deps deps = {
        .until_ms = INT64_MAX,
        .seq = mx_stamps_seq(exchange->worker->lane.shared->stamps),
    };
    struct mx_page page = {
        .key = key,
        .deps = &deps,
        .content_type = manner->type,
        .fields = manner->fields,
        .field_count = manner->count,
        .version = version_of(info),
    };
    mx_buf content = {0};
    struct mx_cache_entry *entry = NULL;
    struct mx_error err;
    if (!read_whole(fd, (size_t)info->st_size, &content)) {
        mx_answer_error(exchange, 503, NULL);
    } else {
        page.body = mx_buf_slice(&content);
        int rc = mx_page_store(exchange, &page, &entry, &err);
        assert(rc == MX_OK && "the fields are our own");
        (void)rc;
        mx_page_send(exchange, entry);
    }
    mx_buf_deinit(&content);
}

// --- large files ------------------------------------------------------------------------------

struct mx_sending {
    mx_exchange *exchange;
    int fd;
    uint64_t at;
    uint64_t end;
    uint64_t sent;
    int status;
    bool is_reading; // the pool has it
    ssize_t got;
    char *piece;
};

static void sending_destroy(struct mx_sending *sending) {
    close(sending->fd);
    mx_free(sending->piece);
    mx_free(sending);
}

static void on_piece_wanted(void *ctx) {
    struct mx_sending *sending = ctx;
    uint64_t left = sending->end - sending->at;
    size_t size = left < MX_LIMIT_PIECE_BYTES ? (size_t)left : MX_LIMIT_PIECE_BYTES;
    do {
        sending->got = pread(sending->fd, sending->piece, size, (off_t)sending->at);
    } while (sending->got < 0 && errno == EINTR);
}

static void finish(struct mx_sending *sending, bool is_whole) {
    mx_exchange *exchange = sending->exchange;
    int status = sending->status;
    uint64_t sent = sending->sent;
    exchange->file = NULL;
    sending_destroy(sending);
    exchange->keep_alive = exchange->keep_alive && is_whole;
    mx_exchange_end(exchange, status, sent);
    mx_exchange_unhold(exchange);
}

static void on_piece_read(void *ctx) {
    struct mx_sending *sending = ctx;
    mx_exchange *exchange = sending->exchange;
    exchange->worker->lane.waits--;
    sending->is_reading = false;
    if (!exchange->stream || sending->got <= 0) {
        if (sending->got <= 0) {
            mx_log_warn("a file became shorter while it was sent");
        }
        finish(sending, false);
        return;
    }
    struct mx_slice piece = {sending->piece, (size_t)sending->got};
    sending->at += piece.len;
    sending->sent += piece.len;
    bool go_on = mx_stream_write(exchange->stream, &piece, 1, NULL);
    mx_exchange_set_patience(exchange, MX_LIMIT_SEND_MS + piece.len);
    if (sending->at == sending->end) {
        finish(sending, true);
    } else if (go_on) {
        mx_static_go_on(exchange);
    }
}

void mx_static_go_on(mx_exchange *exchange) {
    struct mx_sending *sending = exchange->file;
    if (!sending->is_reading) {
        sending->is_reading = true;
        exchange->worker->lane.waits++;
        mx_offload_start(exchange->worker->lane.loop, on_piece_wanted, on_piece_read, sending);
    }
}

void mx_static_stop(mx_exchange *exchange) {
    if (exchange->file && !exchange->file->is_reading) { // else on_piece_read() finds no stream
        finish(exchange->file, false);
    }
}

static void write_validator(const struct stat *info, char out[MX_ETAG_MAX]) {
    snprintf(out, MX_ETAG_MAX, "\"%016llx\"", (unsigned long long)version_of(info));
}

// One range at most: several are answered whole.
static int choose_range(mx_exchange *exchange, const struct mx_validators *validators,
    uint64_t size, struct mx_range *range) {
    struct mx_ranges ranges;
    *range = (struct mx_range){0, size - 1};
    if (exchange->request->method != MX_METHOD_GET) {
        return 200;
    }
    switch (mx_ranges_check(exchange->request, size, validators, &ranges)) {
    case MX_RANGE_WHOLE: return 200;
    case MX_RANGE_UNSATISFIABLE: return 416;
    case MX_RANGE_PART:
        if (ranges.count > 1) {
            return 200;
        }
        *range = ranges.ranges[0];
        return 206;
    }
    return 200;
}

// Writes the head of a reply whose body follows in pieces.
static uint64_t send_head(mx_exchange *exchange, int status, const struct manner *manner,
    struct mx_slice etag, struct mx_range range, uint64_t size) {
    struct mx_worker *worker = exchange->worker;
    struct mx_reply_field fields[9] = {
        {MX_SLICE("Content-Type"), manner->type}, {MX_SLICE("ETag"), etag}};
    bool is_refused = status == 412 || status == 416; // which says nothing of the file
    size_t count = is_refused ? 0 : 2;
    mx_buf range_text = {0};
    for (size_t i = 0; i < manner->count && !is_refused; i++) {
        fields[count++] = manner->fields[i];
    }
    if (status == 206) {
        mx_range_write(&range_text, range, size);
    } else if (status == 416) {
        mx_range_write_unsatisfied(&range_text, size);
    }
    if (range_text.len > 0) {
        fields[count++] =
            (struct mx_reply_field){MX_SLICE("Content-Range"), mx_buf_slice(&range_text)};
    }
    struct mx_reply reply = {
        .status = status,
        .fields = fields,
        .field_count = count,
        .framing = MX_REPLY_LENGTH,
        .body_len = status == 304 || is_refused ? 0 : range.last - range.first + 1,
        .close = !exchange->keep_alive || worker->is_draining,
        .keep_alive_1_0 = exchange->request->is_http_1_0 && exchange->keep_alive,
        .date = mx_answer_date(worker),
    };
    struct mx_error err;
    mx_buf_clear(&worker->head);
    int rc = mx_reply_write_head(&worker->head, &reply, &err);
    assert(rc == MX_OK && "the fields are our own");
    (void)rc;
    struct mx_slice head = mx_buf_slice(&worker->head);
    if (exchange->stream) {
        mx_stream_write(exchange->stream, &head, 1, NULL);
    }
    mx_buf_deinit(&range_text);
    return head.len;
}

// Takes `fd`.
static void send_large(
    mx_exchange *exchange, int fd, const struct stat *info, const struct manner *manner) {
    char etag_text[MX_ETAG_MAX];
    uint64_t size = (uint64_t)info->st_size;
    struct mx_range range;
    write_validator(info, etag_text);
    struct mx_validators validators = {.etag = mx_slice_of(etag_text),
        .last_modified = info->st_mtim.tv_sec,
        .now = mx_now_ms(mx_world_real()) / 1000};
    int status = choose_range(exchange, &validators, size, &range);
    enum mx_condition condition = mx_condition_check(exchange->request, &validators);
    if (condition != MX_CONDITION_SEND) {
        status = condition == MX_CONDITION_FAILED ? 412 : 304;
    }
    uint64_t sent = send_head(exchange, status, manner, validators.etag, range, size);
    bool has_body = status == 200 || status == 206;
    if (!has_body || exchange->request->method == MX_METHOD_HEAD) {
        close(fd);
        mx_exchange_end(exchange, status, sent);
        return;
    }
    struct mx_sending *sending = mx_alloc(sizeof(*sending));
    *sending = (struct mx_sending){
        .exchange = exchange,
        .fd = fd,
        .at = range.first,
        .end = range.last + 1,
        .sent = sent,
        .status = status,
        .piece = mx_alloc(MX_LIMIT_PIECE_BYTES),
    };
    exchange->file = sending;
    mx_exchange_hold(exchange);
    mx_static_go_on(exchange);
}

// --- requests ---------------------------------------------------------------------------------

static struct mx_slice make_key(mx_exchange *exchange) {
    struct mx_slice path = exchange->request->path;
    bool is_named = mx_slice_starts_with(exchange->request->query, MX_SLICE("v="));
    char *key = mx_arena_take(exchange->arena, path.len + 2);
    key[0] = 'a'; // beside pages and fragments
    key[1] = is_named ? 'v' : '-';
    memcpy(key + 2, path.ptr, path.len);
    return (struct mx_slice){key, path.len + 2};
}

// A kept file is believed for a moment without a look at the disk.
static struct mx_cache_entry *find_kept(mx_exchange *exchange, struct mx_slice key, bool is_media) {
    struct mx_lane *lane = &exchange->worker->lane;
    struct mx_cache_entry *entry = mx_cache_acquire(lane->shared->cache, key, 0);
    if (entry && mx_loop_now(lane->loop) - atomic_load(&entry->looked_at_ms) < LOOK_EVERY_MS) {
        return entry;
    }
    struct stat info;
    int fd = entry ? open_file(exchange, is_media, &info) : -1;
    if (fd >= 0 && version_of(&info) == entry->version) {
        atomic_store(&entry->looked_at_ms, mx_loop_now(lane->loop));
    } else {
        mx_cache_release(entry);
        entry = NULL;
    }
    if (fd >= 0) {
        close(fd);
    }
    return entry;
}

bool mx_static_answer(mx_exchange *exchange) {
    const struct mx_request *request = exchange->request;
    bool is_media = mx_slice_starts_with(request->path, media_prefix);
    if (!is_media && !mx_slice_starts_with(request->path, assets_prefix)) {
        return false;
    }
    bool may_read = request->method == MX_METHOD_GET || request->method == MX_METHOD_HEAD;
    struct mx_slice key = make_key(exchange);
    struct mx_cache_entry *entry = may_read ? find_kept(exchange, key, is_media) : NULL;
    struct stat info;
    int fd = entry ? -1 : open_file(exchange, is_media, &info);
    bool is_starved = fd < 0 && (errno == EMFILE || errno == ENFILE);
    if (!entry && fd < 0 && !is_media && !is_starved) {
        return false; // Lua may know it: a theme's bundle has no file of its own
    }
    struct manner manner;
    exchange->route = is_media ? MX_SLICE("/media/*") : MX_SLICE("/assets/*");
    choose_manner(exchange, is_media, &manner);
    if (entry) {
        mx_page_send(exchange, entry);
    } else if (fd < 0) {
        mx_answer_error(exchange, is_starved ? 503 : 404, NULL);
    } else if (!may_read) {
        close(fd);
        mx_answer_methods(exchange);
    } else if (info.st_size <= MX_LIMIT_ASSET_FILE_BYTES) {
        send_small(exchange, fd, &info, &manner, key);
        close(fd);
    } else {
        send_large(exchange, fd, &info, &manner);
    }
    return true;
}
