// SMTP: what a mail may look like, and how libcurl is told. Dots at the beginnings of lines are
// doubled by libcurl.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "client/internal.h"

enum { PORT_MAX = 65535, RECIPIENTS_MAX = 100, CREDENTIAL_MAX = 1024 };

// --- checks -------------------------------------------------------------------------------------

static bool is_printable(struct mx_slice text) {
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c < ' ' || c == 0x7f) {
            return false;
        }
    }
    return true;
}

static bool is_address(struct mx_slice address) {
    struct mx_slice domain = address;
    if (address.len > MX_CLIENT_ADDRESS_MAX || !is_printable(address)) {
        return false;
    }
    for (size_t i = 0; i < address.len; i++) {
        if (strchr(" <>,;\"\\()[]", address.ptr[i])) {
            return false;
        }
    }
    struct mx_slice local = mx_slice_cut(&domain, '@');
    return local.len > 0 && domain.len > 0 && domain.ptr[0] != '-' &&
           !memchr(domain.ptr, '@', domain.len);
}

static int check_address(struct mx_slice address, struct mx_error *err) {
    int shown = address.len < 100 ? (int)address.len : 100;
    return is_address(address)
               ? MX_OK
               : mx_fail(err, MX_E_INVALID,
                     "'%.*s' is no address that mail can be sent to: write name@example.com, "
                     "without name, brackets and spaces",
                     is_printable(address) ? shown : 0, address.ptr ? address.ptr : "");
}

static int check_addresses(const struct mx_mail *mail, struct mx_error *err) {
    int rc = check_address(mail->from, err);
    if (rc == MX_OK && (mail->to_count == 0 || mail->to_count > RECIPIENTS_MAX)) {
        rc = mx_fail(err, MX_E_INVALID, "a mail goes to 1 to %d addresses", RECIPIENTS_MAX);
    }
    for (size_t i = 0; i < mail->to_count && rc == MX_OK; i++) {
        rc = check_address(mail->to[i], err);
    }
    return rc;
}

static int check_line(struct mx_slice line, size_t number, struct mx_error *err) {
    if (memchr(line.ptr, '\r', line.len) || memchr(line.ptr, '\0', line.len)) {
        return mx_fail(err, MX_E_INVALID, "line %zu of the mail has a stray CR or NUL", number);
    }
    if (line.len > MX_CLIENT_LINE_MAX) {
        return mx_fail(err, MX_E_INVALID,
            "line %zu of the mail is longer than %d bytes: break it, or encode the text", number,
            MX_CLIENT_LINE_MAX);
    }
    return MX_OK;
}

// Fields that a mail has once: a second one was slipped in.
static const char *const unique[] = {"from", "sender", "reply-to", "to", "cc", "subject", "date",
    "message-id", "mime-version", "content-type", "content-transfer-encoding"};

static int check_unique(struct mx_slice name, size_t number, unsigned *seen, struct mx_error *err) {
    for (unsigned i = 0; i < sizeof(unique) / sizeof(unique[0]); i++) {
        if (!mx_slice_equal_nocase(name, mx_slice_of(unique[i]))) {
            continue;
        }
        if (*seen & (1U << i)) {
            return mx_fail(err, MX_E_INVALID,
                "the mail has the field '%s' twice (line %zu): a line break came in with a value",
                unique[i], number);
        }
        *seen |= 1U << i;
    }
    return MX_OK;
}

static int check_head_line(
    struct mx_slice line, size_t number, unsigned *seen, struct mx_error *err) {
    struct mx_slice rest = line;
    bool goes_on = line.ptr[0] == ' ' || line.ptr[0] == '\t';
    struct mx_slice name = mx_slice_cut(&rest, ':');
    bool is_field =
        rest.ptr && name.len > 0 && is_printable(name) && !memchr(name.ptr, ' ', name.len);
    if (goes_on ? number == 1 : !is_field) {
        return mx_fail(err, MX_E_INVALID,
            "line %zu of the mail is no header field: write Name: value, and an empty line before "
            "the text",
            number);
    }
    if (goes_on) {
        return MX_OK;
    }
    if (mx_slice_equal_nocase(name, MX_SLICE("bcc"))) {
        return mx_fail(
            err, MX_E_INVALID, "leave Bcc out of the mail: whom it goes to is said apart");
    }
    return check_unique(name, number, seen, err);
}

static int check_message(struct mx_slice message, struct mx_error *err) {
    struct mx_slice rest = message;
    unsigned seen = 0;
    bool in_head = true;
    for (size_t number = 1; rest.len > 0; number++) {
        struct mx_slice line = mx_slice_cut(&rest, '\n');
        if (!rest.ptr || line.len == 0 || line.ptr[line.len - 1] != '\r') {
            return mx_fail(err, MX_E_INVALID, "line %zu of the mail does not end in CR LF", number);
        }
        line.len--;
        int rc = check_line(line, number, err);
        in_head = in_head && line.len > 0;
        if (rc == MX_OK && in_head) {
            rc = check_head_line(line, number, &seen, err);
        }
        if (rc < 0) {
            return rc;
        }
    }
    if (!(seen & 1U)) {
        return mx_fail(err, MX_E_INVALID, "the mail has no field From");
    }
    return in_head
               ? mx_fail(err, MX_E_INVALID, "the mail has no empty line behind its header fields")
               : MX_OK;
}

static int check_server(const struct mx_mail_server *server, struct mx_error *err) {
    if (server->port == 0 || server->port > PORT_MAX) {
        return mx_fail(err, MX_E_INVALID,
            "the mail server's port must be from 1 to %d (465 or 587)", PORT_MAX);
    }
    if (server->user.len > CREDENTIAL_MAX || server->password.len > CREDENTIAL_MAX ||
        !is_printable(server->user) || !is_printable(server->password)) {
        return mx_fail(err, MX_E_INVALID,
            "user name and password of the mail server must be one line each, of at most %d bytes",
            CREDENTIAL_MAX);
    }
    if (server->name.len > 0 && !mx_host_is_name(server->name)) {
        return mx_fail(err, MX_E_INVALID, "the name to greet the mail server with is no host name");
    }
    if (server->total_ms == 0) {
        return mx_fail(err, MX_E_INVALID, "say how long it may take: total_ms is missing");
    }
    return MX_OK;
}

// --- making it ----------------------------------------------------------------------------------

static size_t on_message_wanted(char *out, size_t size, size_t count, void *ctx) {
    struct mx_letter_out *mail = &((mx_transfer *)ctx)->mail;
    size_t left = mail->message.len - mail->sent;
    size_t room = size * count;
    size_t taken = left < room ? left : room;
    memcpy(out, mail->message.ptr + mail->sent, taken);
    mail->sent += taken;
    return taken;
}

// smtp://host:port/name, as libcurl wants to have it.
static int set_url(
    mx_transfer *transfer, const struct mx_mail_server *server, struct mx_error *err) {
    mx_buf text = {0};
    bool is_name = mx_host_is_name(server->host);
    bool is_bare = memchr(server->host.ptr ? server->host.ptr : "", ':', server->host.len) != NULL;
    mx_buf_append_text(&text, server->security == MX_MAIL_TLS ? "smtps://" : "smtp://");
    mx_buf_append_format(&text, is_bare && server->host.ptr[0] != '[' ? "[%.*s]:%u/" : "%.*s:%u/",
        (int)(server->host.len < MX_CLIENT_HOST_MAX ? server->host.len : MX_CLIENT_HOST_MAX),
        server->host.ptr ? server->host.ptr : "", server->port);
    mx_buf_append_slice(&text, server->name);
    transfer->mail.url = curl_url();
    CURLUcode rc = is_name || is_bare
                       ? curl_url_set(transfer->mail.url, CURLUPART_URL, mx_buf_text(&text), 0)
                       : CURLUE_BAD_HOSTNAME;
    mx_buf_deinit(&text);
    if (rc != CURLUE_OK) {
        return mx_fail(err, MX_E_INVALID, "'%.*s' is no mail server: write mail.example.com",
            server->host.len < 100 && is_printable(server->host) ? (int)server->host.len : 0,
            server->host.ptr ? server->host.ptr : "");
    }
    return MX_OK;
}

static const char *copy(mx_transfer *transfer, struct mx_slice text) {
    return mx_arena_copy(transfer->arena, text).ptr;
}

static void prepare(
    mx_transfer *transfer, const struct mx_mail_server *server, const struct mx_mail *mail) {
    CURL *easy = transfer->easy;
    struct mx_letter_out *out = &transfer->mail;
    long use_ssl = server->security == MX_MAIL_STARTTLS ? CURLUSESSL_ALL : CURLUSESSL_NONE;
    out->security = server->security;
    out->message = mx_arena_copy(transfer->arena, mail->message);
    for (size_t i = 0; i < mail->to_count; i++) {
        mx_list_add(&out->to, copy(transfer, mail->to[i]));
    }
    MX_EASY_SET(easy, CURLOPT_CURLU, out->url);
    MX_EASY_SET(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    MX_EASY_SET(easy, CURLOPT_USE_SSL, use_ssl);
    MX_EASY_SET(easy, CURLOPT_FRESH_CONNECT, 1L);
    MX_EASY_SET(easy, CURLOPT_UPLOAD, 1L);
    MX_EASY_SET(easy, CURLOPT_READFUNCTION, on_message_wanted);
    MX_EASY_SET(easy, CURLOPT_READDATA, transfer);
    MX_EASY_SET(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)mail->message.len);
    MX_EASY_SET(easy, CURLOPT_MAIL_FROM, copy(transfer, mail->from));
    MX_EASY_SET(easy, CURLOPT_MAIL_RCPT, out->to);
    MX_EASY_SET(easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)(server->total_ms / 1000 + 1));
    if (server->user.len > 0) {
        MX_EASY_SET(easy, CURLOPT_USERNAME, copy(transfer, server->user));
        MX_EASY_SET(easy, CURLOPT_PASSWORD, copy(transfer, server->password));
    }
}

static void name_host(mx_transfer *transfer) {
    char *host = NULL;
    char *port = NULL;
    mx_buf text = {0};
    if (curl_url_get(transfer->mail.url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
        curl_url_get(transfer->mail.url, CURLUPART_PORT, &port, 0) == CURLUE_OK) {
        mx_buf_append_format(&text, "%s:%s", host, port);
    }
    transfer->host = copy(transfer, mx_buf_slice(&text));
    mx_buf_deinit(&text);
    curl_free(host);
    curl_free(port);
}

int mx_client_mail(mx_client *client, const struct mx_mail_server *server,
    const struct mx_mail *mail, mx_client_fn fn, void *ctx, mx_transfer **out,
    struct mx_error *err) {
    int rc = check_server(server, err);
    if (rc == MX_OK) {
        rc = check_addresses(mail, err);
    }
    if (rc == MX_OK) {
        rc = check_message(mail->message, err);
    }
    if (rc < 0) {
        return rc;
    }
    mx_transfer *transfer = mx_transfer_create(client, MX_KIND_MAIL, server->total_ms);
    rc = set_url(transfer, server, err);
    if (rc < 0) {
        goto out;
    }
    name_host(transfer);
    prepare(transfer, server, mail);
    rc = mx_transfer_submit(transfer, NULL, fn, ctx, out, err);
    if (rc == MX_OK) {
        transfer = NULL; // handed over
    }
out:
    mx_transfer_destroy(transfer);
    return rc;
}

// --- hanging up ---------------------------------------------------------------------------------

static unsigned port_of(int fd) {
    struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
    struct sockaddr *any = (struct sockaddr *)(void *)&address;
    socklen_t size = sizeof(address);
    if (getsockname(fd, any, &size) != 0) {
        return 0;
    }
    in_port_t port = any->sa_family == AF_INET6
                         ? ((struct sockaddr_in6 *)(void *)&address)->sin6_port
                         : ((struct sockaddr_in *)(void *)&address)->sin_port;
    return ntohs(port);
}

// libcurl says QUIT and waits for the answer to that, blocking the thread. Nothing hangs on it any
// more when a mail is taken or refused, so the connection is cut and it does not wait. The socket
// is known by its port: those of addresses that were given up are closed, their numbers others'
// now.
void mx_mail_hang_up(mx_transfer *transfer) {
    const struct mx_letter_out *mail = &transfer->mail;
    long port = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_LOCAL_PORT, &port);
    for (unsigned i = 0; i < MX_CLIENT_TRIES && i < mail->socket_count && port > 0; i++) {
        if (port_of(mail->sockets[i]) == (unsigned)port) {
            shutdown(mail->sockets[i], SHUT_RDWR);
        }
    }
}

// Replies behind which libcurl tries nothing else: other ones make it greet or log in another way.
static bool is_final(int status) {
    return status == 421 || (status >= 450 && status < 454) || status == 535 || status >= 550;
}

void mx_mail_look(mx_transfer *transfer) {
    struct mx_slice line = mx_buf_slice(&transfer->answer.body);
    bool is_last = line.len == 3 || (line.len > 3 && line.ptr[3] == ' ');
    if (is_last && is_final(transfer->answer.mail_status)) {
        mx_mail_hang_up(transfer);
    }
}
