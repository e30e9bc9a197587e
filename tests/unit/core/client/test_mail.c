// Mail: what a server gets to read, when it is talked to at all, and what it may answer.
#include <signal.h>

#include "client_fixture.h"
#include "mail_server.h"
#include "temp_folder.h"
#include "tls_server.h"

static const char message[] = "From: Shop <shop@example.com>\r\n"
                              "To: ada@example.com\r\n"
                              "Subject: Hello\r\n"
                              "\r\n"
                              "A line.\r\n"
                              ".a dot\r\n"
                              ".\r\n"
                              "The end.\r\n";

struct post {
    struct drive drive;
    struct net_server server;
    struct tls_identity identity;
    struct temp_folder folder;
};

static void mail_serve_secure(struct net_conn *conn) {
    mail_serve_with(conn, tls_begin);
}

static struct post *post_open(const char *variant, bool begins_secure, bool allow_private) {
    struct post *post = mx_alloc(sizeof(*post));
    signal(SIGPIPE, SIG_IGN); // OpenSSL writes without MSG_NOSIGNAL
    temp_folder_make(&post->folder);
    tls_identity_init(&post->identity, "IP:127.0.0.1", 30);
    const char *ca_file = temp_path(&post->folder, "ca.pem");
    tls_write_certificate(&post->identity, ca_file);
    net_init(&post->server, mail_serve_secure);
    tls_use(&post->server, &post->identity, !begins_secure);
    post->server.variant = variant;
    net_start(&post->server);
    drive_open(&post->drive,
        (struct mx_client_options){.ca_file = ca_file, .allow_private = allow_private});
    return post;
}

static void post_close(struct post *post) {
    int64_t begun = drive_now();
    drive_close(&post->drive);
    assert_in_range(drive_now() - begun, 0, 1500); // nor waits the end for an answer to QUIT
    net_stop(&post->server);
    tls_drop(&post->server);
    tls_identity_deinit(&post->identity);
    temp_folder_remove(&post->folder);
    mx_free(post);
}

static struct mx_mail_server post_server(struct post *post, enum mx_mail_security security) {
    return (struct mx_mail_server){
        .host = MX_SLICE("127.0.0.1"),
        .port = post->server.port,
        .security = security,
        .total_ms = 5000,
    };
}

static struct outcome post_send(
    struct post *post, const struct mx_mail_server *server, const char *to) {
    struct outcome outcome = {.done = 0};
    struct mx_slice addresses[] = {MX_SLICE("ada@example.com"), mx_slice_of(to)};
    struct mx_mail mail = {
        MX_SLICE("shop@example.com"), addresses, to ? 2 : 1, mx_slice_of(message)};
    struct mx_error err;
    if (mx_client_mail(post->drive.client, server, &mail, outcome_take, &outcome, &outcome.transfer,
            &err) < 0) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(outcome.done, 0);
    drive_until(&post->drive, &outcome, 1);
    return outcome;
}

// --- a mail on its way --------------------------------------------------------------------------

static void assert_taken(struct post *post, struct outcome *outcome) {
    if (outcome->status != 250) {
        fail_msg("%d: %s", outcome->status, outcome->err.text);
    }
    assert_string_equal(mx_buf_text(&outcome->body), "250 2.0.0 taken");
    assert_int_equal(post->server.requests, 1);
    assert_in_range(post->drive.longest_ms, 0, 1500); // nobody waited for an answer to QUIT
    outcome_clear(outcome);
}

static void a_plain_mail_to_this_machine_arrives(void **state) {
    (void)state;
    struct post *post = post_open(NULL, false, false);
    struct mx_mail_server server = post_server(post, MX_MAIL_PLAIN);
    server.name = MX_SLICE("shop.example.com");
    struct outcome outcome = post_send(post, &server, "eve@example.com");
    assert_taken(post, &outcome);
    assert_true(net_log_has(&post->server, "EHLO shop.example.com\r\n"));
    assert_true(net_log_has(&post->server, "MAIL FROM:<shop@example.com>"));
    assert_true(net_log_has(&post->server, "RCPT TO:<ada@example.com>\r\n"));
    assert_true(net_log_has(&post->server, "RCPT TO:<eve@example.com>\r\n"));
    assert_true(net_log_has(&post->server, "Subject: Hello\r\n\r\nA line.\r\n..a dot\r\n..\r\nThe "
                                           "end.\r\n.\r\n"));
    assert_false(net_log_has(&post->server, "STARTTLS")); // plain is what was asked for
    post_close(post);
}

static void tls_from_the_first_byte(void **state) {
    (void)state;
    struct post *post = post_open(NULL, true, false);
    struct mx_mail_server server = post_server(post, MX_MAIL_TLS);
    server.user = MX_SLICE("shop");
    server.password = MX_SLICE("s3cret");
    struct outcome outcome = post_send(post, &server, NULL);
    assert_taken(post, &outcome);
    assert_true(net_log_has(&post->server, "AUTH "));
    post_close(post);
}

static void starttls_before_anything_is_said(void **state) {
    (void)state;
    struct post *post = post_open(NULL, false, false);
    struct mx_mail_server server = post_server(post, MX_MAIL_STARTTLS);
    server.user = MX_SLICE("shop");
    server.password = MX_SLICE("s3cret");
    struct outcome outcome = post_send(post, &server, NULL);
    assert_taken(post, &outcome);
    const char *log = mx_buf_text(&post->server.log);
    assert_non_null(strstr(log, "STARTTLS"));
    assert_true(strstr(log, "STARTTLS") < strstr(log, "AUTH"));
    post_close(post);
}

static void an_old_server_is_greeted_the_old_way(void **state) {
    (void)state;
    struct post *post = post_open("old", false, false);
    struct mx_mail_server server = post_server(post, MX_MAIL_PLAIN);
    struct outcome outcome = post_send(post, &server, NULL);
    assert_taken(post, &outcome);
    post_close(post);
}

static void several_mails_are_under_way_at_once(void **state) {
    (void)state;
    struct post *post = post_open(NULL, false, false);
    struct outcome outcomes[20] = {{.done = 0}};
    struct mx_slice to = MX_SLICE("ada@example.com");
    struct mx_mail mail = {MX_SLICE("shop@example.com"), &to, 1, mx_slice_of(message)};
    struct mx_mail_server server = post_server(post, MX_MAIL_PLAIN);
    struct mx_error err;
    for (int i = 0; i < 20; i++) {
        assert_int_equal(mx_client_mail(post->drive.client, &server, &mail, outcome_take,
                             &outcomes[i], &outcomes[i].transfer, &err),
            MX_OK);
    }
    drive_until(&post->drive, outcomes, 20);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(outcomes[i].status, 250);
        outcome_clear(&outcomes[i]);
    }
    assert_int_equal(post->server.requests, 20);
    assert_in_range(post->drive.longest_ms, 0, 1500);
    post_close(post);
}

// --- a server that refuses ----------------------------------------------------------------------

static void a_refusal_is_a_reply_with_its_status(void **state) {
    (void)state;
    static const struct {
        const char *variant;
        const char *to;
        int status;
        const char *says;
    } cases[] = {
        {NULL, "nobody@example.com", 550, "550 5.1.1 no such user"},
        {"spam", NULL, 554, "554 5.7.1 looks like spam"},
        {"busy", NULL, 451, "451 4.3.0 later ?[31m"}, // no colours for the log
        {"stranger", NULL, 535, "535 5.7.8 who are you?"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct post *post = post_open(cases[i].variant, true, false);
        struct mx_mail_server server = post_server(post, MX_MAIL_TLS);
        server.user = MX_SLICE("shop");
        server.password = MX_SLICE("s3cret");
        struct outcome outcome = post_send(post, &server, cases[i].to);
        assert_int_equal(outcome.status, cases[i].status);
        assert_string_equal(mx_buf_text(&outcome.body), cases[i].says);
        assert_in_range(post->drive.longest_ms, 0, 1500); // nobody waited for an answer to QUIT
        outcome_clear(&outcome);
        post_close(post);
    }
}

static void one_refused_address_sends_to_nobody(void **state) {
    (void)state;
    struct post *post = post_open(NULL, false, false);
    struct mx_mail_server server = post_server(post, MX_MAIL_PLAIN);
    struct outcome outcome = post_send(post, &server, "nobody@example.com");
    assert_int_equal(outcome.status, 550);
    assert_int_equal(post->server.requests, 0);
    outcome_clear(&outcome);
    post_close(post);
}

// --- no talk without protection -----------------------------------------------------------------

static void a_server_without_starttls_is_told_nothing(void **state) {
    (void)state;
    struct post *post = post_open("open", false, false);
    struct mx_mail_server server = post_server(post, MX_MAIL_STARTTLS);
    server.user = MX_SLICE("shop");
    server.password = MX_SLICE("s3cret");
    struct outcome outcome = post_send(post, &server, NULL);
    assert_says(&outcome, MX_E_SYSTEM, "offers no encryption");
    assert_false(net_log_has(&post->server, "AUTH"));
    assert_false(net_log_has(&post->server, "MAIL"));
    post_close(post);
}

static void a_certificate_that_is_not_trusted_ends_it(void **state) {
    (void)state;
    struct post *post = post_open(NULL, false, false);
    drive_close(&post->drive);
    drive_open(&post->drive, (struct mx_client_options){.transfer_max = 8});
    struct mx_mail_server server = post_server(post, MX_MAIL_STARTTLS);
    struct outcome outcome = post_send(post, &server, NULL);
    assert_says(&outcome, MX_E_SYSTEM, "certificate that cannot be trusted");
    assert_false(net_log_has(&post->server, "MAIL"));
    post_close(post);
}

static void plain_mail_leaves_this_machine_only_when_that_is_allowed(void **state) {
    (void)state;
    struct post *post = post_open(NULL, false, false);
    struct mx_mail_server server = post_server(post, MX_MAIL_PLAIN);
    server.host = MX_SLICE("192.0.2.1");
    struct outcome outcome = post_send(post, &server, NULL);
    assert_says(&outcome, MX_E_INVALID, "TLS or STARTTLS only");
    post_close(post);

    post = post_open(NULL, false, true);
    server.total_ms = 50; // nobody is there; it must have been tried
    outcome = post_send(post, &server, NULL);
    assert_null(strstr(outcome.err.text, "TLS or STARTTLS only"));
    assert_int_equal(outcome.status, 0);
    post_close(post);
}

static void a_silent_server_is_left_in_time(void **state) {
    (void)state;
    struct post *post = post_open("silent", false, false);
    struct mx_mail_server server = post_server(post, MX_MAIL_PLAIN);
    server.total_ms = 100;
    struct outcome outcome = post_send(post, &server, NULL);
    assert_says(&outcome, MX_E_BUSY, "longer than it may");
    assert_in_range(post->drive.longest_ms, 0, 1500);
    post_close(post);
}

// --- what is refused before
// -----------------------------------------------------------------------

static void assert_mail_refused(struct post *post, const struct mx_mail_server *server,
    const struct mx_mail *mail, const char *says) {
    mx_transfer *transfer;
    struct mx_error err;
    int rc = mx_client_mail(post->drive.client, server, mail, outcome_take, NULL, &transfer, &err);
    if (rc != MX_E_INVALID || !strstr(err.text, says)) {
        fail_msg("%d: '%s' does not say '%s'", rc, rc < 0 ? err.text : "", says);
    }
}

static void addresses_that_are_none_are_refused(void **state) {
    (void)state;
    static const struct mx_slice cases[] = {{"", 0}, {"ada", 3}, {"@example.com", 12}, {"ada@", 4},
        {"ada@example.com>", 16}, {"<ada@example.com>", 17}, {"Ada <ada@example.com>", 21},
        {"ada@example.com\r\nRCPT TO:<eve@example.com>", 42}, {"ada@example.com\n", 16},
        {"ada@exa\0mple.com", 16}, {"ada@b@example.com", 17}, {"ada@example.com,eve@b.c", 23},
        {"\"a b\"@example.com", 17}, {"ada@-x", 6}, {"ada\x7f@example.com", 16}};
    struct post *post = post_open(NULL, false, false);
    struct mx_mail_server server = post_server(post, MX_MAIL_PLAIN);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct mx_mail mail = {MX_SLICE("shop@example.com"), &cases[i], 1, mx_slice_of(message)};
        assert_mail_refused(post, &server, &mail, "no address that mail can be sent to");
        mail = (struct mx_mail){cases[i], &mail.from, 1, mx_slice_of(message)};
        assert_mail_refused(post, &server, &mail, "no address that mail can be sent to");
    }
    struct mx_mail mail = {MX_SLICE("shop@example.com"), NULL, 0, mx_slice_of(message)};
    assert_mail_refused(post, &server, &mail, "1 to 100 addresses");
    assert_int_equal(post->server.connections, 0);
    post_close(post);
}

static void messages_that_would_smuggle_are_refused(void **state) {
    (void)state;
    static const struct {
        struct mx_slice message;
        const char *says;
    } cases[] = {
        {{"", 0}, "no field From"},
        {{"From: a@b.c\r\n", 13}, "no empty line"},
        {{"To: a@b.c\r\n\r\n", 13}, "no field From"},
        {{"From: a@b.c\n\n", 13}, "line 1 of the mail does not end in CR LF"},
        {{"From: a@b.c\r\n\r\nx", 16}, "line 3 of the mail does not end in CR LF"},
        {{"From: a@b.c\r\n\r\nx\n.\r\n", 20}, "line 3 of the mail does not end in CR LF"},
        {{"From: a@b.c\r\n\r\nx\r.\r\n", 20}, "line 3 of the mail has a stray CR"},
        {{"From: a@b.c\r\n\r\nx\0\r\n", 19}, "line 3 of the mail has a stray CR or NUL"},
        {{"From: a@b.c\r\nSubject: x\r\nsubject: y\r\n\r\n", 39}, "'subject' twice (line 3)"},
        {{"From: a@b.c\r\nFrom: d@e.f\r\n\r\n", 28}, "'from' twice"},
        {{"From: a@b.c\r\nBcc: d@e.f\r\n\r\n", 27}, "leave Bcc out"},
        {{"From: a@b.c\r\nno field\r\n\r\n", 25}, "line 2 of the mail is no header field"},
        {{" From: a@b.c\r\n\r\n", 16}, "line 1 of the mail is no header field"},
        {{"From: a@b.c\r\nX Y: z\r\n\r\n", 23}, "line 2 of the mail is no header field"},
    };
    struct post *post = post_open(NULL, false, false);
    struct mx_mail_server server = post_server(post, MX_MAIL_PLAIN);
    struct mx_slice to = MX_SLICE("ada@example.com");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct mx_mail mail = {MX_SLICE("shop@example.com"), &to, 1, cases[i].message};
        assert_mail_refused(post, &server, &mail, cases[i].says);
    }
    char longest[1100] = "From: a@b.c\r\n\r\n";
    memset(longest + 15, 'x', 999);
    memcpy(longest + 15 + 999, "\r\n", 3);
    struct mx_mail mail = {MX_SLICE("shop@example.com"), &to, 1, mx_slice_of(longest)};
    assert_mail_refused(post, &server, &mail, "longer than 998 bytes");
    post_close(post);
}

static void servers_that_are_none_are_refused(void **state) {
    (void)state;
    static const char *const hosts[] = {
        "", "mail example", "mail.example/x", "a@b.example", "mail.example\r\nX", "[::1"};
    struct post *post = post_open(NULL, false, false);
    struct mx_slice to = MX_SLICE("ada@example.com");
    struct mx_mail mail = {MX_SLICE("shop@example.com"), &to, 1, mx_slice_of(message)};
    struct mx_mail_server server = post_server(post, MX_MAIL_TLS);
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        server.host = mx_slice_of(hosts[i]);
        assert_mail_refused(post, &server, &mail, "no mail server");
    }
    server = post_server(post, MX_MAIL_TLS);
    server.password = (struct mx_slice){"a\0b", 3};
    assert_mail_refused(post, &server, &mail, "one line each");
    server = post_server(post, MX_MAIL_TLS);
    server.name = MX_SLICE("x\r\nMAIL");
    assert_mail_refused(post, &server, &mail, "no host name");
    server = post_server(post, MX_MAIL_TLS);
    server.port = 70000;
    assert_mail_refused(post, &server, &mail, "from 1 to 65535");
    server = post_server(post, MX_MAIL_TLS);
    server.total_ms = 0;
    assert_mail_refused(post, &server, &mail, "total_ms is missing");
    post_close(post);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_mail_to_this_machine_arrives),
        cmocka_unit_test(tls_from_the_first_byte),
        cmocka_unit_test(starttls_before_anything_is_said),
        cmocka_unit_test(an_old_server_is_greeted_the_old_way),
        cmocka_unit_test(several_mails_are_under_way_at_once),
        cmocka_unit_test(a_refusal_is_a_reply_with_its_status),
        cmocka_unit_test(one_refused_address_sends_to_nobody),
        cmocka_unit_test(a_server_without_starttls_is_told_nothing),
        cmocka_unit_test(a_certificate_that_is_not_trusted_ends_it),
        cmocka_unit_test(plain_mail_leaves_this_machine_only_when_that_is_allowed),
        cmocka_unit_test(a_silent_server_is_left_in_time),
        cmocka_unit_test(addresses_that_are_none_are_refused),
        cmocka_unit_test(messages_that_would_smuggle_are_refused),
        cmocka_unit_test(servers_that_are_none_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
