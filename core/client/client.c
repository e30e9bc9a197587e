// Life of clients and transfers, and the loop: libcurl says what to watch and when to wake it, and
// whatever has ended is collected afterwards, so that callbacks may start new transfers.
#include <assert.h>
#include <pthread.h>
#include <sys/socket.h>

#include "client/internal.h"
#include "platform/alloc.h"
#include "platform/world.h"

enum { IDLE_CONNECTIONS = 32 };

static const struct mx_client_pool mail_pool = {
    {"\0mail", 5}, MX_CLIENT_MAIL_AT_ONCE, MX_CLIENT_MAIL_AT_ONCE};

static pthread_once_t library_once = PTHREAD_ONCE_INIT;
static CURLcode library_state = CURLE_FAILED_INIT;

static void open_library(void) {
    library_state = curl_global_init(CURL_GLOBAL_DEFAULT);
}

static uint64_t now_ms(void) {
    return mx_mono_ns(mx_world_real()) / 1000000;
}

// --- the loop's timer ---------------------------------------------------------------------------

static void arm(mx_client *client) {
    const struct mx_client_loop *loop = &client->options.loop;
    uint64_t due = client->curl_due;
    if (client->waiting > 0 && client->queue_due < due) {
        due = client->queue_due;
    }
    if (due == UINT64_MAX) {
        loop->set_timer(loop->ctx, -1);
        return;
    }
    uint64_t now = now_ms();
    loop->set_timer(loop->ctx, due > now ? (long)(due - now) : 0);
}

static int on_timer_wanted(CURLM *multi, long ms, void *ctx) {
    (void)multi;
    mx_client *client = ctx;
    client->curl_due = ms < 0 ? UINT64_MAX : now_ms() + (uint64_t)ms;
    arm(client);
    return 0;
}

static int on_watch_wanted(CURL *easy, curl_socket_t fd, int what, void *ctx, void *fd_ctx) {
    (void)easy;
    (void)fd_ctx;
    const struct mx_client_loop *loop = &((mx_client *)ctx)->options.loop;
    loop->watch(loop->ctx, fd, what == CURL_POLL_IN || what == CURL_POLL_INOUT,
        what == CURL_POLL_OUT || what == CURL_POLL_INOUT);
    return 0;
}

// --- what libcurl asks while it works -----------------------------------------------------------

static bool may_reach(const mx_transfer *transfer, const struct sockaddr *address) {
    const mx_client *client = transfer->client;
    const struct mx_client_fake *fake = client->options.fake;
    if (client->options.allow_private) {
        return true;
    }
    if (transfer->kind ==
        MX_KIND_MAIL) { // the operator's choice, but no open text past this machine
        return transfer->mail.security != MX_MAIL_PLAIN || mx_reach_is_loopback(address);
    }
    return (fake && fake->is_public && fake->is_public(fake->ctx, address)) ||
           !mx_reach_refusal(address);
}

static void tell_refusal(mx_transfer *transfer, const struct sockaddr *address) {
    char text[MX_REACH_TEXT];
    mx_reach_format(address, text);
    if (transfer->kind == MX_KIND_MAIL) {
        mx_fail(&transfer->fault, MX_E_INVALID,
            "%.100s (%s) is another machine: mail goes there with TLS or STARTTLS only",
            transfer->host, text);
        return;
    }
    const char *kind = mx_reach_refusal(address);
    mx_fail(&transfer->fault, MX_E_INVALID,
        "%.100s has the address %s (%s): only public addresses may be reached", transfer->host,
        text, kind ? kind : "not public");
}

// The one place where connections come from: whatever name, redirect or DNS led here, this is the
// address that would be spoken to.
static curl_socket_t on_socket_wanted(
    void *ctx, curlsocktype purpose, struct curl_sockaddr *address) {
    mx_transfer *transfer = ctx;
    if (purpose != CURLSOCKTYPE_IPCXN || !may_reach(transfer, &address->addr)) {
        tell_refusal(transfer, &address->addr);
        return CURL_SOCKET_BAD;
    }
    transfer->fault.code = MX_OK; // another address of the name will do
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    transfer->mail.sockets[transfer->mail.socket_count++ % MX_CLIENT_TRIES] = fd;
    return fd;
}

static size_t on_head_line(char *bytes, size_t size, size_t count, void *ctx) {
    mx_transfer *transfer = ctx;
    struct mx_slice line = {bytes, size * count};
    if (transfer->kind == MX_KIND_REQUEST) {
        return mx_answer_add_line(&transfer->answer, line, &transfer->fault) < 0 ? 0 : line.len;
    }
    if (mx_answer_add_mail_line(&transfer->answer, line, &transfer->fault) < 0) {
        return 0;
    }
    mx_mail_look(transfer);
    return line.len;
}

static size_t on_body_read(char *bytes, size_t size, size_t count, void *ctx) {
    mx_transfer *transfer = ctx;
    struct mx_slice piece = {bytes, size * count};
    return mx_answer_add_body(&transfer->answer, piece, &transfer->fault) < 0 ? 0 : piece.len;
}

// Bytes as sent: a body that unpacks to nothing must end, too.
static int on_progress(
    void *ctx, curl_off_t total, curl_off_t now, curl_off_t up_total, curl_off_t up_now) {
    (void)total;
    (void)up_total;
    (void)up_now;
    mx_transfer *transfer = ctx;
    if (transfer->kind == MX_KIND_MAIL || (uint64_t)now <= transfer->answer.body_max) {
        return 0;
    }
    mx_answer_fail_long(&transfer->answer, &transfer->fault);
    return 1;
}

// --- transfers ----------------------------------------------------------------------------------

static void set_rules(mx_transfer *transfer) {
    static const struct {
        CURLoption option;
        long value;
    } rules[] = {
        {CURLOPT_FOLLOWLOCATION, 0}, // each redirect is judged here
        {CURLOPT_NOPROGRESS, 0},     // on_progress() counts
        {CURLOPT_NOSIGNAL, 1},
        {CURLOPT_QUICK_EXIT, 1}, // nobody waits for a DNS that hangs
        {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
        {CURLOPT_SSL_VERIFYHOST, 2},
        {CURLOPT_SSL_VERIFYPEER, 1},
        {CURLOPT_TCP_NODELAY, 1},
    };
    CURL *easy = transfer->easy;
    const char *ca_file = transfer->client->options.ca_file;
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        MX_EASY_SET(easy, rules[i].option, rules[i].value);
    }
    MX_EASY_SET(easy, CURLOPT_PROXY, ""); // and none from the environment
    MX_EASY_SET(easy, CURLOPT_NOPROXY, "*");
    if (ca_file) {
        MX_EASY_SET(easy, CURLOPT_CAINFO, ca_file);
        MX_EASY_SET(easy, CURLOPT_CAPATH, NULL);
    }
    MX_EASY_SET(easy, CURLOPT_ERRORBUFFER, transfer->trouble);
    MX_EASY_SET(easy, CURLOPT_HEADERDATA, transfer);
    MX_EASY_SET(easy, CURLOPT_HEADERFUNCTION, on_head_line);
    MX_EASY_SET(easy, CURLOPT_OPENSOCKETDATA, transfer);
    MX_EASY_SET(easy, CURLOPT_OPENSOCKETFUNCTION, on_socket_wanted);
    MX_EASY_SET(easy, CURLOPT_PRIVATE, transfer);
    MX_EASY_SET(easy, CURLOPT_WRITEDATA, transfer);
    MX_EASY_SET(easy, CURLOPT_WRITEFUNCTION, on_body_read);
    MX_EASY_SET(easy, CURLOPT_XFERINFODATA, transfer);
    MX_EASY_SET(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
}

mx_transfer *mx_transfer_create(mx_client *client, enum mx_kind kind, unsigned total_ms) {
    mx_transfer *transfer = mx_alloc(sizeof(*transfer));
    transfer->client = client;
    transfer->kind = kind;
    transfer->begun_ms = now_ms();
    transfer->total_ms = total_ms;
    transfer->arena = mx_arena_create();
    transfer->easy = curl_easy_init();
    assert(transfer->easy && "there is memory for a transfer");
    transfer->all_next = client->transfers;
    transfer->all_link = &client->transfers;
    if (transfer->all_next) {
        transfer->all_next->all_link = &transfer->all_next;
    }
    client->transfers = transfer;
    set_rules(transfer);
    return transfer;
}

void mx_transfer_destroy(mx_transfer *transfer) {
    if (!transfer) {
        return;
    }
    if (transfer->is_running) {
        curl_multi_remove_handle(transfer->client->multi, transfer->easy);
    }
    mx_pool_leave(transfer);
    *transfer->all_link = transfer->all_next;
    if (transfer->all_next) {
        transfer->all_next->all_link = transfer->all_link;
    }
    curl_easy_cleanup(transfer->easy);
    curl_slist_free_all(transfer->fields);
    curl_slist_free_all(transfer->resolved);
    curl_slist_free_all(transfer->mail.to);
    curl_url_cleanup(transfer->mail.url);
    mx_target_deinit(&transfer->http.target);
    mx_answer_deinit(&transfer->answer);
    mx_arena_destroy(transfer->arena);
    mx_free(transfer);
}

unsigned mx_transfer_elapsed(const mx_transfer *transfer) {
    uint64_t ms = now_ms() - transfer->begun_ms;
    return ms > UINT32_MAX ? UINT32_MAX : (unsigned)ms;
}

unsigned mx_transfer_left(const mx_transfer *transfer) {
    unsigned elapsed = mx_transfer_elapsed(transfer);
    return elapsed < transfer->total_ms ? transfer->total_ms - elapsed : 0;
}

void mx_list_add(struct curl_slist **list, const char *text) {
    struct curl_slist *longer = curl_slist_append(*list, text);
    assert(longer && "there is memory for a line");
    *list = longer;
}

// --- starting -----------------------------------------------------------------------------------

// Puts what a test says about DNS in its place.
static void resolve_by_fake(mx_transfer *transfer) {
    const struct mx_client_fake *fake = transfer->client->options.fake;
    const struct mx_target *target = &transfer->http.target;
    mx_buf line = {0};
    if (!fake || !fake->resolve || transfer->kind == MX_KIND_MAIL) {
        return;
    }
    curl_slist_free_all(transfer->resolved);
    transfer->resolved = NULL;
    mx_buf_append_format(&line, "%s:%u:", target->host, target->port);
    if (fake->resolve(fake->ctx, target->host, &line)) {
        mx_list_add(&transfer->resolved, mx_buf_text(&line));
    }
    mx_buf_deinit(&line);
    MX_EASY_SET(transfer->easy, CURLOPT_RESOLVE, transfer->resolved);
}

static void launch(mx_transfer *transfer) {
    CURL *easy = transfer->easy;
    unsigned left = mx_transfer_left(transfer);
    unsigned connect = transfer->http.connect_ms;
    left = left > 0 ? left : 1; // 0 would be for ever
    MX_EASY_SET(easy, CURLOPT_TIMEOUT_MS, (long)left);
    MX_EASY_SET(
        easy, CURLOPT_CONNECTTIMEOUT_MS, (long)(connect > 0 && connect < left ? connect : left));
    resolve_by_fake(transfer);
    CURLMcode rc = curl_multi_add_handle(transfer->client->multi, easy);
    assert(rc == CURLM_OK && "libcurl is not working on anything now, and has memory");
}

static void start_waiting(mx_client *client) {
    mx_transfer *transfer;
    while ((transfer = mx_pool_pick(client))) {
        launch(transfer);
    }
}

int mx_transfer_submit(mx_transfer *transfer, const struct mx_client_pool *pool, mx_client_fn fn,
    void *ctx, mx_transfer **out, struct mx_error *err) {
    mx_client *client = transfer->client;
    transfer->fn = fn;
    transfer->ctx = ctx;
    mx_pool_join(client, pool ? pool : &mail_pool, transfer);
    start_waiting(client);
    if (client->waiting > client->options.waiting_max) { // it is this one: nobody else came
        return mx_fail(err, MX_E_BUSY, "%zu requests wait for their turn already: try again later",
            client->options.waiting_max);
    }
    if (!transfer->is_running) {
        uint64_t due = transfer->begun_ms + transfer->total_ms;
        client->queue_due =
            client->waiting == 1 || due < client->queue_due ? due : client->queue_due;
        arm(client);
    }
    *out = transfer;
    return MX_OK;
}

// --- ending -------------------------------------------------------------------------------------

static void fail(mx_transfer *transfer, const struct mx_error *err) {
    mx_client_fn fn = transfer->fn;
    void *ctx = transfer->ctx;
    mx_transfer_destroy(transfer);
    fn(ctx, NULL, err);
}

static void succeed(mx_transfer *transfer, int status) {
    struct mx_client_reply reply = {.status = status, .elapsed_ms = mx_transfer_elapsed(transfer)};
    mx_answer_show(&transfer->answer, transfer->arena, &reply);
    mx_pool_leave(transfer); // before the callback: whoever waits may start meanwhile
    transfer->fn(transfer->ctx, &reply, NULL);
    mx_transfer_destroy(transfer);
}

static void end_request(mx_transfer *transfer, CURLcode code) {
    struct mx_error err;
    int next = code == CURLE_OK ? mx_request_follow(transfer) : MX_E_SYSTEM;
    if (next > 0) {
        launch(transfer);
        return;
    }
    if (next < 0) {
        mx_failure_tell(transfer, code, &err);
        fail(transfer, &err);
        return;
    }
    long status = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    succeed(transfer, (int)status);
}

static void end_mail(mx_transfer *transfer, CURLcode code) {
    struct mx_error err;
    int status = transfer->answer.mail_status;
    if (code == CURLE_OK || status >= 400) {
        mx_mail_hang_up(transfer);
        succeed(transfer, status);
    } else {
        mx_failure_tell(transfer, code, &err);
        fail(transfer, &err);
    }
}

static void collect(mx_client *client) {
    int left;
    CURLMsg *message;
    while ((message = curl_multi_info_read(client->multi, &left))) {
        CURLcode code = message->data.result; // gone with the handle
        CURL *easy = message->easy_handle;
        char *found = NULL;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, &found);
        mx_transfer *transfer = (mx_transfer *)(void *)found;
        curl_multi_remove_handle(client->multi, easy);
        if (transfer->kind == MX_KIND_MAIL) {
            end_mail(transfer, code);
        } else {
            end_request(transfer, code);
        }
    }
    start_waiting(client);
}

// Whoever waited for a turn until the end of its time.
static void expire(mx_client *client) {
    mx_transfer *late;
    do {
        late = NULL;
        client->queue_due = UINT64_MAX;
        for (mx_transfer *each = client->transfers; each; each = each->all_next) {
            uint64_t due = each->begun_ms + each->total_ms;
            if (each->queue && !each->is_running) {
                late = mx_transfer_left(each) == 0 ? each : late;
                client->queue_due = due < client->queue_due ? due : client->queue_due;
            }
        }
        if (late) {
            struct mx_error err;
            mx_fail(&err, MX_E_BUSY,
                "%u ms were over before it was its turn to ask %.100s: allow it more time, or send "
                "fewer at once",
                late->total_ms, late->host);
            fail(late, &err);
        }
    } while (late);
}

void mx_client_ready(mx_client *client, int fd, bool readable, bool writable) {
    int running;
    int events = (readable ? CURL_CSELECT_IN : 0) | (writable ? CURL_CSELECT_OUT : 0);
    curl_multi_socket_action(client->multi, fd, events, &running);
    collect(client);
}

void mx_client_tick(mx_client *client) {
    int running;
    uint64_t now = now_ms();
    if (client->curl_due <= now) {
        client->curl_due = UINT64_MAX;
        curl_multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &running);
        collect(client);
    }
    if (client->waiting > 0 && client->queue_due <= now) {
        expire(client);
        start_waiting(client);
    }
    arm(client);
}

void mx_client_cancel(mx_client *client, mx_transfer *transfer) {
    if (transfer) {
        mx_transfer_destroy(transfer);
        start_waiting(client);
    }
}

// --- life ---------------------------------------------------------------------------------------

int mx_client_create(
    const struct mx_client_options *options, mx_client **out, struct mx_error *err) {
    pthread_once(&library_once, open_library);
    CURLM *multi = library_state == CURLE_OK ? curl_multi_init() : NULL;
    if (!multi) {
        return mx_fail(err, MX_E_SYSTEM, "libcurl cannot start: check the installed version");
    }
    mx_client *client = mx_alloc(sizeof(*client));
    client->multi = multi;
    client->options = *options;
    client->options.user_agent = mx_strdup(options->user_agent ? options->user_agent : "Merx");
    client->options.ca_file = options->ca_file ? mx_strdup(options->ca_file) : NULL;
    client->curl_due = UINT64_MAX;
    client->queue_due = UINT64_MAX;
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_watch_wanted);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, client);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer_wanted);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, client);
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)IDLE_CONNECTIONS);
    *out = client;
    return MX_OK;
}

void mx_client_destroy(mx_client *client) {
    if (!client) {
        return;
    }
    while (client->transfers) {
        mx_transfer_destroy(client->transfers);
    }
    curl_multi_cleanup(client->multi);
    mx_free((char *)(uintptr_t)client->options.user_agent);
    mx_free((char *)(uintptr_t)client->options.ca_file);
    mx_free(client);
}
