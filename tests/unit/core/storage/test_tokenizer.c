// The tokens of texts in many scripts, and what a search for parts of them finds.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "platform/buf.h"
#include "storage/stmt.h"
#include "storage/tokenizer.h"

// "token token" with "+" before one that shares the position of the one before.
static int collect(void *ctx, struct mx_slice token, int begin, int end, bool same_position) {
    mx_buf *out = ctx;
    assert_true(begin < end);
    if (out->len > 0) {
        mx_buf_append_char(out, ' ');
    }
    if (same_position) {
        mx_buf_append_char(out, '+');
    }
    mx_buf_append_slice(out, token);
    return 0;
}

static void expect(const char *text, bool is_query, const char *tokens) {
    mx_buf out = {0};
    assert_int_equal(mx_tokenizer_run(mx_slice_of(text), is_query, collect, &out), 0);
    if (strcmp(mx_buf_text(&out), tokens) != 0) {
        fail_msg("\"%s\" gave \"%s\", not \"%s\"", text, mx_buf_text(&out), tokens);
    }
    mx_buf_deinit(&out);
}

static void words_are_folded(void **state) {
    (void)state;
    expect("Blue MUG, 12 oz.", false, "blue mug 12 oz");
    expect("Café Ångström naïve", false, "cafe angstrom naive");
    expect("Cafe\xcc\x81", false, "cafe"); // the accent as a mark of its own
    expect("Straße Łódź Øre Æsir", false, "strasse lodz ore aesir");
    expect("ＭＵＧ １２", false, "mug 12"); // full width
    expect("Ёлка Йод", false, "елка иод");
    expect("Αθήνα", false, "αθηνα");
    expect("ﬁne", false, "fine");
    expect("soft\xc2\xadhyphen", false, "softhyphen");
    expect("हिन्दी", false, "हिन्दी"); // vowel signs are no accents
    expect("", false, "");
    expect(" .,;!? ", true, "");
}

static void letters_and_digits_part(void **state) {
    (void)state;
    expect("MUG-SPK-01", false, "mug spk 01");
    expect("MUG-SPK-01", true, "mug spk 01");
    expect("500ml iPhone15Pro", false, "500 ml iphone 15 pro");
}

static void chinese_is_pairs_and_singles(void **state) {
    (void)state;
    expect("蓝色杯子", false, "蓝色 +蓝 色杯 +色 杯子 +杯 +子");
    expect("蓝色杯子", true, "蓝色 色杯 杯子");
    expect("杯", false, "杯");
    expect("杯", true, "杯");
    expect("手机ABC", false, "手机 +手 +机 abc");
    expect("手机ABC", true, "手机 abc");
    expect("手机，电脑", true, "手机 电脑");
}

static void japanese_and_korean_are_pairs_too(void **state) {
    (void)state;
    expect("カード", true, "カー ード");
    expect("ｶﾞｲﾄﾞ", true, "ガイ イド");    // half width, with its voicing marks
    expect("か\xe3\x82\x99", false, "が"); // the mark apart
    expect("がか", true, "がか");
    expect("커피잔", true, "커피 피잔");
}

static void offsets_point_into_the_source(void **state) {
    (void)state;
    expect("x", false, "x");
    expect("\xff\xfe"
           "ab"
           "\xc3",
        false, "ab"); // bytes that are no UTF-8 part words
}

static int stop_at_second(void *ctx, struct mx_slice token, int begin, int end, bool same) {
    (void)token;
    (void)begin;
    (void)end;
    (void)same;
    return ++*(int *)ctx == 2 ? -1 : 0;
}

static void a_listener_may_stop(void **state) {
    (void)state;
    int calls = 0;
    assert_true(mx_tokenizer_run(MX_SLICE("a b c d"), false, stop_at_second, &calls) < 0);
    assert_int_equal(calls, 2);
}

static void a_word_without_end_is_cut(void **state) {
    (void)state;
    mx_buf text = {0}, out = {0};
    for (int i = 0; i < 1000; i++) {
        mx_buf_append_char(&text, 'a');
    }
    assert_int_equal(mx_tokenizer_run(mx_buf_slice(&text), false, collect, &out), 0);
    assert_int_equal(out.len, 1000 + 3);
    mx_buf_deinit(&text);
    mx_buf_deinit(&out);
}

// ---- in a table ---------------------------------------------------------------------------------

static mx_db *db;

static int open_index(void **state) {
    (void)state;
    struct mx_db_options options = {.mode = MX_DB_MEMORY};
    struct mx_error err;
    if (mx_db_open(&options, &db, &err) < 0 ||
        mx_db_exec(db,
            "CREATE VIRTUAL TABLE search USING fts5(body, tokenize = 'merx');"
            "INSERT INTO search (rowid, body) VALUES"
            "(1, 'Blue speckled mug MUG-SPK-01, 500ml'), (2, '蓝色马克杯，景德镇'),"
            "(3, 'Crème brûlée dish'), (4, 'マグカップ ブルー'), (5, 'iPhone15手机壳'),"
            "(6, 'Green mug MUG-GRN-02')",
            &err) < 0) {
        fail_msg("%s", err.text);
    }
    return 0;
}

static int close_index(void **state) {
    (void)state;
    mx_db_close(db);
    return 0;
}

// The rows that match `query` as a sum of powers of ten by row.
static void finds(const char *query, const char *rows) {
    struct mx_error err;
    mx_stmt *stmt = NULL;
    mx_buf out = {0};
    assert_int_equal(
        mx_stmt_prepare(db,
            MX_SLICE("SELECT rowid FROM search WHERE search MATCH ?1 ORDER BY rowid"), &stmt, &err),
        MX_OK);
    mx_stmt_bind_text(stmt, 1, mx_slice_of(query));
    int rc;
    while ((rc = mx_stmt_step(stmt, &err)) == MX_STMT_ROW) {
        mx_buf_append_int(&out, mx_stmt_column_int(stmt, 0));
    }
    if (rc < 0 || strcmp(mx_buf_text(&out), rows) != 0) {
        fail_msg("%s found \"%s\", not \"%s\"", query, mx_buf_text(&out), rows);
    }
    mx_stmt_close(stmt);
    mx_buf_deinit(&out);
}

static void a_search_finds_wholes_and_parts(void **state) {
    (void)state;
    finds("mug", "16");
    finds("\"MUG-SPK-01\"", "1");
    finds("\"mug spk\"", "1");
    finds("spk", "1");
    finds("\"01\"", "1");
    finds("\"500 ml\"", "1");
    finds("\"500ml\"", "1");
    finds("creme brulee", "3");
    finds("CRÈME", "3");
    finds("spec*", "1");
    finds("\"iPhone15手机\"", "5");
}

static void a_search_finds_chinese_words_of_any_length(void **state) {
    (void)state;
    finds("杯", "2");
    finds("蓝", "2");
    finds("镇", "2"); // the last of its run
    finds("蓝色", "2");
    finds("马克杯", "2");
    finds("景德镇", "2");
    finds("色杯", ""); // never neighbours
    finds("手机", "5");
    finds("壳", "5");
    finds("カップ", "4");
    finds("ｶｯﾌﾟ", "4");
    finds("ブルー", "4");
}

static void marks_stand_where_the_word_is(void **state) {
    (void)state;
    struct mx_error err;
    mx_stmt *stmt = NULL;
    assert_int_equal(mx_stmt_prepare(db,
                         MX_SLICE("SELECT highlight(search, 0, '<', '>') FROM search "
                                  "WHERE search MATCH '\"brulee\" OR \"马克杯\"' ORDER BY rowid"),
                         &stmt, &err),
        MX_OK);
    assert_int_equal(mx_stmt_step(stmt, &err), MX_STMT_ROW);
    assert_true(mx_slice_equal(mx_stmt_column_text(stmt, 0), MX_SLICE("蓝色<马克杯>，景德镇")));
    assert_int_equal(mx_stmt_step(stmt, &err), MX_STMT_ROW);
    assert_true(mx_slice_equal(mx_stmt_column_text(stmt, 0), MX_SLICE("Crème <brûlée> dish")));
    mx_stmt_close(stmt);
}

static void the_tokenizer_takes_no_arguments(void **state) {
    (void)state;
    struct mx_error err;
    assert_int_not_equal(
        mx_db_exec(db, "CREATE VIRTUAL TABLE x USING fts5(a, tokenize = 'merx fast')", &err),
        MX_OK);
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, open_index, close_index)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_folded),
        cmocka_unit_test(letters_and_digits_part),
        cmocka_unit_test(chinese_is_pairs_and_singles),
        cmocka_unit_test(japanese_and_korean_are_pairs_too),
        cmocka_unit_test(offsets_point_into_the_source),
        cmocka_unit_test(a_listener_may_stop),
        cmocka_unit_test(a_word_without_end_is_cut),
        CASE(a_search_finds_wholes_and_parts),
        CASE(a_search_finds_chinese_words_of_any_length),
        CASE(marks_stand_where_the_word_is),
        CASE(the_tokenizer_takes_no_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
