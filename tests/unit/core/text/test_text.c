// Unicode, markup, stems and CSV, each by what a person would expect of it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "text/csv.h"
#include "text/markup.h"
#include "text/stem.h"
#include "text/unicode.h"

static mx_buf out;

static int reset_out(void **state) {
    (void)state;
    mx_buf_clear(&out);
    return 0;
}

static int free_out(void **state) {
    (void)state;
    mx_buf_deinit(&out);
    return 0;
}

static const char *form(void (*fn)(struct mx_slice, mx_buf *), const char *text) {
    mx_buf_clear(&out);
    fn(mx_slice_of(text), &out);
    return mx_buf_text(&out);
}

static void text_counts_in_code_points(void **state) {
    (void)state;
    assert_int_equal(mx_text_len(MX_SLICE("Größe 茶")), 7);
    assert_true(mx_slice_equal(mx_text_sub(MX_SLICE("Größe"), 3, 4), MX_SLICE("öß")));
    assert_true(mx_slice_equal(mx_text_sub(MX_SLICE("Größe"), -2, -1), MX_SLICE("ße")));
    assert_int_equal(mx_text_sub(MX_SLICE("abc"), 3, 2).len, 0);
    assert_int_equal(mx_text_sub(MX_SLICE("abc"), 9, 12).len, 0);
    assert_true(mx_text_valid(MX_SLICE("茶 and tea")));
    assert_false(mx_text_valid(MX_SLICE("\xc3(")));
    assert_false(mx_text_valid(MX_SLICE("\xed\xa0\x80")));
    assert_false(mx_text_valid(MX_SLICE("\xc0\xaf")));
    assert_int_equal(mx_text_len(MX_SLICE("a\xff"
                                          "b")),
        3);
}

static void text_is_folded_for_comparing(void **state) {
    (void)state;
    assert_string_equal(form(mx_text_lower, "ÄPFEL"), "äpfel");
    assert_string_equal(form(mx_text_upper, "straße"), "STRASSE");
    assert_string_equal(form(mx_text_fold, "Café CRÈME ＡＢＣ１２"), "cafe creme abc12");
    assert_string_equal(form(mx_text_nfkc, "１２３ ﬁ"), "123 fi");
    assert_string_equal(form(mx_text_fold, "a\xff"), "a\xef\xbf\xbd");
}

static void what_is_typed_into_a_line_is_tidied(void **state) {
    (void)state;
    assert_string_equal(
        form(mx_text_tidy, "  Hafen \t\r\n straße\xc2\xa0\xe3\x80\x80１２ "), "Hafen straße 12");
    assert_string_equal(form(mx_text_tidy, "a b"), "a b");
    assert_string_equal(form(mx_text_tidy, " \n"), "");
    assert_string_equal(form(mx_text_tidy, ""), "");
}

static void handles_are_readable(void **state) {
    (void)state;
    assert_string_equal(form(mx_text_slug, "  Potter's Mug — 350 ml! "), "potters-mug-350-ml");
    assert_string_equal(form(mx_text_slug, "Crème brûlée"), "creme-brulee");
    assert_string_equal(form(mx_text_slug, "青瓷 茶杯"), "青瓷-茶杯");
    assert_string_equal(form(mx_text_slug, "!!!"), "");
}

static const char *clean(const char *html, struct mx_clean_report *report) {
    struct mx_error err;
    mx_buf_clear(&out);
    assert_int_equal(mx_markup_clean(mx_slice_of(html), &out, report, &err), MX_OK);
    return mx_buf_text(&out);
}

static void html_keeps_what_formats_and_loses_what_runs(void **state) {
    (void)state;
    struct mx_clean_report report;
    assert_string_equal(clean("<p>A <b>bold</b> &amp; <i>x</i></p><p>B</p>", &report),
        "<p>A <b>bold</b> &amp; <i>x</i></p><p>B</p>");
    assert_int_equal(report.elements + report.attributes + report.addresses, 0);
    assert_string_equal(clean("plain text", NULL), "plain text");
    assert_string_equal(clean("a<script>alert(1)</script>b", &report), "ab");
    assert_int_equal(report.elements, 1);
    assert_string_equal(clean("<p onclick=\"x()\" style='a'>t</p>", &report), "<p>t</p>");
    assert_int_equal(report.attributes, 2);
    assert_string_equal(clean("<a href=\" java\tscript:alert(1)\">t</a>", &report),
        "<a rel=\"nofollow noopener\">t</a>");
    assert_int_equal(report.addresses, 1);
    assert_string_equal(clean("<a href=\"/a?b=1&amp;c=x:y\">t</a>", NULL),
        "<a href=\"/a?b=1&amp;c=x:y\" rel=\"nofollow noopener\">t</a>");
    assert_string_equal(clean("<img src=x onerror=alert(1)>", NULL), "<img src=\"x\">");
    assert_string_equal(clean("<svg><a href='javascript:1'>x</a></svg>y", NULL), "y");
    assert_string_equal(
        clean("<ul><li>one<li>two</ul></div></merx-root>tail", NULL)[0] == '<' ? "ok" : "bad",
        "ok");
    assert_non_null(strstr(mx_buf_text(&out), "<li>one</li><li>two</li></ul>"));
    assert_non_null(strstr(mx_buf_text(&out), "tail"));
    assert_string_equal(clean("<b>open", NULL), "<b>open</b>");
    assert_string_equal(clean("<img src=\"data:image/png;base64,AA\">", &report), "<img>");
    assert_string_equal(clean("&lt;script&gt;", NULL), "&lt;script&gt;");
}

static void html_that_is_nested_without_end_is_refused(void **state) {
    (void)state;
    struct mx_error err;
    mx_buf html = {0};
    for (int i = 0; i < 240; i++) {
        mx_buf_append_text(&html, "<div>");
    }
    assert_int_equal(mx_markup_clean(mx_buf_slice(&html), &out, NULL, &err), MX_E_LIMIT);
    mx_buf_deinit(&html);
}

static void html_is_stripped_to_its_words(void **state) {
    (void)state;
    struct mx_error err;
    mx_markup_strip(
        MX_SLICE("<p>A&nbsp;cup</p><ul><li>one</li><li>two</li></ul><style>x</style>"), &out, &err);
    assert_string_equal(mx_buf_text(&out), "A\xc2\xa0"
                                           "cup one two");
}

static void markdown_cannot_carry_html(void **state) {
    (void)state;
    struct mx_error err;
    mx_markup_from_markdown(MX_SLICE("# Hi\n\n**b** [x](javascript:1) <script>"), &out, &err);
    const char *html = mx_buf_text(&out);
    assert_non_null(strstr(html, "<h1>Hi</h1>"));
    assert_non_null(strstr(html, "<strong>b</strong>"));
    assert_null(strstr(html, "javascript"));
    assert_null(strstr(html, "<script"));
}

static void words_have_stems(void **state) {
    (void)state;
    struct mx_error err;
    assert_int_equal(mx_stem(MX_SLICE("en"), MX_SLICE("candles"), &out, &err), MX_OK);
    assert_string_equal(mx_buf_text(&out), "candl");
    assert_int_equal(mx_stem(MX_SLICE("tlh"), MX_SLICE("x"), &out, &err), MX_E_MISSING);
}

static mx_csv *open_csv(struct mx_slice bytes) {
    struct mx_error err;
    mx_csv *csv = NULL;
    assert_int_equal(mx_csv_open(bytes, NULL, &csv, &err), MX_OK);
    return csv;
}

// The fields of the next record joined with "|".
static const char *next_record(mx_csv *csv) {
    struct mx_error err;
    int count = mx_csv_next(csv, &err);
    mx_buf_clear(&out);
    if (count < 0) {
        mx_buf_append_text(&out, err.text);
    }
    for (int i = 0; i < count; i++) {
        mx_buf_append_text(&out, i > 0 ? "|" : "");
        mx_buf_append_slice(&out, mx_csv_field(csv, i));
    }
    return mx_buf_text(&out);
}

static void csv_reads_quotes_breaks_and_empty_fields(void **state) {
    (void)state;
    mx_csv *csv = open_csv(MX_SLICE("a,b,c\r\n\"x \"\"y\"\"\",\"two\r\nlines\",\r\n\r\n,,z"));
    assert_string_equal(next_record(csv), "a|b|c");
    assert_string_equal(next_record(csv), "x \"y\"|two\nlines|");
    assert_int_equal(mx_csv_line(csv), 2);
    assert_string_equal(next_record(csv), "||z");
    assert_int_equal(mx_csv_line(csv), 5);
    assert_string_equal(next_record(csv), "");
    mx_csv_close(csv);
    mx_csv_close(NULL);
}

static void csv_finds_delimiter_and_encoding(void **state) {
    (void)state;
    mx_csv *csv = open_csv(MX_SLICE("\xef\xbb\xbf"
                                    "name;\"a;b\";price\n"));
    assert_int_equal(mx_csv_delimiter(csv), ';');
    assert_string_equal(next_record(csv), "name|a;b|price");
    mx_csv_close(csv);
    csv = open_csv(MX_SLICE("name\tcaf\xe9\n"));
    assert_string_equal(mx_csv_encoding(csv), "WINDOWS-1252");
    assert_string_equal(next_record(csv), "name|café");
    mx_csv_close(csv);
    csv = open_csv(MX_SLICE("\xc7\xe0\xb4\xc9,\xb2\xe8\xb1\xad\n")); // 青瓷,茶杯
    assert_string_equal(mx_csv_encoding(csv), "GB18030");
    assert_string_equal(next_record(csv), "青瓷|茶杯");
    mx_csv_close(csv);
    csv = open_csv(MX_SLICE("\xff\xfe"
                            "a\0,\0\x36\x83\n\0"));
    assert_string_equal(next_record(csv), "a|茶");
    mx_csv_close(csv);
}

static void csv_names_each_mistake(void **state) {
    (void)state;
    struct mx_error err;
    mx_csv *csv = open_csv(MX_SLICE("a,b\n1,\"x\"y,2\nok,3\nz,\"never\nclosed"));
    next_record(csv);
    assert_int_equal(mx_csv_next(csv, &err), MX_E_INVALID);
    assert_int_equal(mx_csv_line(csv), 2);
    assert_int_equal(mx_csv_column(csv), 6);
    assert_string_equal(next_record(csv), "ok|3");
    assert_string_equal(
        next_record(csv), "line 4, column 3: a quote is opened here and never closed");
    mx_csv_close(csv);
    struct mx_csv_options options = {.encoding = "klingon"};
    assert_int_equal(mx_csv_open(MX_SLICE("a"), &options, &csv, &err), MX_E_INVALID);
}

static void csv_writes_what_it_reads(void **state) {
    (void)state;
    struct mx_slice fields[] = {MX_SLICE("a,b"), MX_SLICE("say \"hi\""), MX_SLICE("=1+1"),
        MX_SLICE("-5.20"), MX_SLICE(" x")};
    mx_csv_write(&out, fields, 5, ',');
    assert_string_equal(mx_buf_text(&out), "\"a,b\",\"say \"\"hi\"\"\",'=1+1,-5.20,\" x\"\r\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(text_counts_in_code_points, reset_out),
        cmocka_unit_test_setup(text_is_folded_for_comparing, reset_out),
        cmocka_unit_test_setup(what_is_typed_into_a_line_is_tidied, reset_out),
        cmocka_unit_test_setup(handles_are_readable, reset_out),
        cmocka_unit_test_setup(html_keeps_what_formats_and_loses_what_runs, reset_out),
        cmocka_unit_test_setup(html_that_is_nested_without_end_is_refused, reset_out),
        cmocka_unit_test_setup(html_is_stripped_to_its_words, reset_out),
        cmocka_unit_test_setup(markdown_cannot_carry_html, reset_out),
        cmocka_unit_test_setup(words_have_stems, reset_out),
        cmocka_unit_test_setup(csv_reads_quotes_breaks_and_empty_fields, reset_out),
        cmocka_unit_test_setup(csv_finds_delimiter_and_encoding, reset_out),
        cmocka_unit_test_setup(csv_names_each_mistake, reset_out),
        cmocka_unit_test_setup(csv_writes_what_it_reads, reset_out),
    };
    return cmocka_run_group_tests(tests, NULL, free_out);
}
