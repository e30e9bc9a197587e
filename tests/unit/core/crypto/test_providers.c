// What payment providers sign and encrypt: RSA, certificates, AES-GCM, HMAC. The providers' own
// vectors are read from the folder in MERX_TEST_DATA (payments/vectors.json); without it those
// tests say that they are skipped.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "crypto/aes_gcm.h"
#include "crypto/digest.h"
#include "crypto/encode.h"
#include "crypto/rsa.h"
#include "platform/files.h"
#include "platform/slice.h"

static const int64_t now_ms = 1700000000000;
static const long day = 86400;

static mx_buf bytes_of_hex(const char *hex) {
    mx_buf out = {0};
    assert_true(mx_hex_decode(mx_slice_of(hex), &out));
    return out;
}

// Test cases 4 and 16 of McGrew and Viega's "The Galois/Counter Mode of Operation".
static void aes_gcm_as_its_authors_have_it(void **state) {
    (void)state;
    static const struct {
        const char *key, *sealed;
    } cases[] = {
        {"feffe9928665731c6d6a8f9467308308",
            "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
            "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e0915bc94fbc"
            "3221a5db94fae95ae7121a47"},
        {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
            "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece"
            "0f4e1768cddf8853bb2d551b"},
    };
    mx_buf nonce = bytes_of_hex("cafebabefacedbaddecaf888");
    mx_buf associated = bytes_of_hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    mx_buf plain = bytes_of_hex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                                "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct mx_error err;
        mx_buf key = bytes_of_hex(cases[i].key), expected = bytes_of_hex(cases[i].sealed);
        mx_buf sealed = {0}, opened = {0};
        struct mx_slice k = mx_buf_slice(&key), n = mx_buf_slice(&nonce);
        struct mx_slice a = mx_buf_slice(&associated);
        assert_int_equal(mx_aes_gcm_seal(k, n, a, mx_buf_slice(&plain), &sealed, &err), MX_OK);
        assert_true(mx_slice_equal(mx_buf_slice(&sealed), mx_buf_slice(&expected)));
        assert_int_equal(mx_aes_gcm_open(k, n, a, mx_buf_slice(&sealed), &opened, &err), MX_OK);
        assert_true(mx_slice_equal(mx_buf_slice(&opened), mx_buf_slice(&plain)));
        mx_buf_clear(&opened);
        for (size_t at = 0; at < sealed.len; at += 5) {
            sealed.ptr[at] ^= 1;
            assert_int_equal(
                mx_aes_gcm_open(k, n, a, mx_buf_slice(&sealed), &opened, &err), MX_E_INVALID);
            sealed.ptr[at] ^= 1;
        }
        assert_int_equal(mx_aes_gcm_open(k, n, MX_SLICE(""), mx_buf_slice(&sealed), &opened, &err),
            MX_E_INVALID);
        assert_int_equal(opened.len, 0);
        mx_buf_deinit(&key);
        mx_buf_deinit(&expected);
        mx_buf_deinit(&sealed);
        mx_buf_deinit(&opened);
    }
    mx_buf_deinit(&nonce);
    mx_buf_deinit(&associated);
    mx_buf_deinit(&plain);
}

static void aes_gcm_checks_its_lengths(void **state) {
    (void)state;
    struct mx_error err;
    mx_buf out = {0};
    struct mx_slice key = MX_SLICE("0123456789abcdef"), nonce = MX_SLICE("0123456789ab");
    struct mx_slice none = {NULL, 0};
    assert_int_equal(
        mx_aes_gcm_seal(MX_SLICE("short"), nonce, none, none, &out, &err), MX_E_INVALID);
    assert_int_equal(mx_aes_gcm_seal(key, MX_SLICE("x"), none, none, &out, &err), MX_E_INVALID);
    assert_int_equal(
        mx_aes_gcm_open(key, nonce, none, MX_SLICE("too short"), &out, &err), MX_E_INVALID);
    assert_int_equal(mx_aes_gcm_seal(key, nonce, none, none, &out, &err), MX_OK);
    assert_int_equal(out.len, MX_AES_GCM_TAG_SIZE);
    mx_buf_deinit(&out);
}

// ---- RSA: fresh keys, made once -----------------------------------------------------------------

static EVP_PKEY *key, *other_key;

static int make_keys(void **state) {
    (void)state;
    key = EVP_RSA_gen(2048);
    other_key = EVP_RSA_gen(2048);
    return key && other_key ? 0 : -1;
}

static int free_keys(void **state) {
    (void)state;
    EVP_PKEY_free(key);
    EVP_PKEY_free(other_key);
    return 0;
}

static mx_buf text_of(BIO *bio) {
    char *text = NULL;
    long len = BIO_get_mem_data(bio, &text);
    mx_buf out = {0};
    mx_buf_append(&out, text, (size_t)len);
    BIO_free(bio);
    return out;
}

static mx_buf private_pem(EVP_PKEY *of) {
    BIO *bio = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_PrivateKey(bio, of, NULL, NULL, 0, NULL, NULL), 1);
    return text_of(bio);
}

static mx_buf private_pem_traditional(EVP_PKEY *of) {
    BIO *bio = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_PrivateKey_traditional(bio, of, NULL, NULL, 0, NULL, NULL), 1);
    return text_of(bio);
}

static mx_buf public_pem(EVP_PKEY *of) {
    BIO *bio = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_PUBKEY(bio, of), 1);
    return text_of(bio);
}

// What stands between the armour, lines and all.
static struct mx_slice bare(const mx_buf *pem) {
    const char *begin = memchr(pem->ptr, '\n', pem->len);
    const char *end = pem->ptr + pem->len - 1;
    while (end[-1] != '\n') {
        end--;
    }
    return (struct mx_slice){begin, (size_t)(end - begin)};
}

static void a_signature_is_verified_in_every_form_of_key(void **state) {
    (void)state;
    struct mx_error err;
    mx_buf pkcs8 = private_pem(key), pkcs1 = private_pem_traditional(key);
    mx_buf public_text = public_pem(key), other = public_pem(other_key);
    struct mx_slice message = MX_SLICE("a=1&b=2"), forms[4];
    forms[0] = mx_buf_slice(&pkcs8);
    forms[1] = mx_buf_slice(&pkcs1);
    forms[2] = bare(&pkcs8);
    forms[3] = bare(&pkcs1);
    for (int i = 0; i < 4; i++) {
        mx_buf signature = {0};
        if (mx_rsa_sign(forms[i], message, &signature, &err) < 0) {
            fail_msg("form %d: %s", i, err.text);
        }
        struct mx_slice signed_bytes = mx_buf_slice(&signature);
        assert_int_equal(signature.len, 256);
        assert_int_equal(
            mx_rsa_verify(mx_buf_slice(&public_text), message, signed_bytes, &err), MX_OK);
        assert_int_equal(mx_rsa_verify(bare(&public_text), message, signed_bytes, &err), MX_OK);
        assert_int_equal(
            mx_rsa_verify(mx_buf_slice(&other), message, signed_bytes, &err), MX_E_INVALID);
        assert_int_equal(
            mx_rsa_verify(mx_buf_slice(&public_text), MX_SLICE("a=1&b=3"), signed_bytes, &err),
            MX_E_INVALID);
        signature.ptr[100] ^= 1;
        assert_int_equal(
            mx_rsa_verify(mx_buf_slice(&public_text), message, signed_bytes, &err), MX_E_INVALID);
        mx_buf_deinit(&signature);
    }
    mx_buf_deinit(&pkcs8);
    mx_buf_deinit(&pkcs1);
    mx_buf_deinit(&public_text);
    mx_buf_deinit(&other);
}

static void a_weak_or_wrong_key_is_refused(void **state) {
    (void)state;
    struct mx_error err;
    mx_buf out = {0};
    EVP_PKEY *weak = EVP_RSA_gen(1024), *curve = EVP_EC_gen("P-256");
    mx_buf weak_pem = private_pem(weak), curve_pem = private_pem(curve);
    struct mx_slice message = MX_SLICE("m");
    assert_int_equal(mx_rsa_sign(mx_buf_slice(&weak_pem), message, &out, &err), MX_E_INVALID);
    assert_non_null(strstr(err.text, "2048"));
    assert_int_equal(mx_rsa_sign(mx_buf_slice(&curve_pem), message, &out, &err), MX_E_INVALID);
    assert_int_equal(mx_rsa_sign(MX_SLICE("no key"), message, &out, &err), MX_E_INVALID);
    assert_int_equal(mx_rsa_sign(MX_SLICE(""), message, &out, &err), MX_E_INVALID);
    assert_int_equal(
        mx_rsa_sign(MX_SLICE("-----BEGIN PRIVATE KEY-----\nAAAA\n"), message, &out, &err),
        MX_E_INVALID);
    assert_int_equal(mx_rsa_verify(MX_SLICE("no key"), message, MX_SLICE("x"), &err), MX_E_INVALID);
    assert_int_equal(out.len, 0);
    EVP_PKEY_free(weak);
    EVP_PKEY_free(curve);
    mx_buf_deinit(&weak_pem);
    mx_buf_deinit(&curve_pem);
    mx_buf_deinit(&out);
}

static void a_key_with_a_passphrase_asks_nobody(void **state) {
    (void)state;
    struct mx_error err;
    mx_buf out = {0};
    BIO *bio = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_PrivateKey(bio, key, EVP_aes_256_cbc(),
                         (const unsigned char *)"secret", 6, NULL, NULL),
        1);
    mx_buf pem = text_of(bio);
    assert_int_equal(mx_rsa_sign(mx_buf_slice(&pem), MX_SLICE("m"), &out, &err), MX_E_INVALID);
    assert_non_null(strstr(err.text, "without passphrase"));
    mx_buf_deinit(&pem);
    mx_buf_deinit(&out);
}

// ---- certificates -------------------------------------------------------------------------------

static void set_name(X509 *certificate, const char *subject, const char *issuer) {
    X509_NAME *name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)subject, -1, -1, 0);
    X509_NAME *by = X509_NAME_new();
    X509_NAME_add_entry_by_txt(by, "CN", MBSTRING_ASC, (const unsigned char *)issuer, -1, -1, 0);
    X509_set_issuer_name(certificate, by);
    X509_NAME_free(by);
}

// A certificate as PEM, ten days around now_ms.
static mx_buf certificate_pem(EVP_PKEY *of, const char *subject, EVP_PKEY *by, const char *issuer) {
    X509 *certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), 0xF5765756002FDD77);
    set_name(certificate, subject, issuer);
    time_t now = now_ms / 1000;
    ASN1_TIME_set(X509_getm_notBefore(certificate), now - 5 * day);
    ASN1_TIME_set(X509_getm_notAfter(certificate), now + 5 * day);
    X509_set_pubkey(certificate, of);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints,
        strcmp(subject, issuer) == 0 ? "critical,CA:TRUE" : "critical,CA:FALSE");
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    assert_true(X509_sign(certificate, by, EVP_sha256()) > 0);
    BIO *bio = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_X509(bio, certificate), 1);
    X509_free(certificate);
    return text_of(bio);
}

static void a_certificate_tells_its_key_number_and_time(void **state) {
    (void)state;
    struct mx_error err;
    struct mx_certificate info;
    mx_buf pem = certificate_pem(key, "shop", key, "shop"), expected = public_pem(key), out = {0};
    assert_int_equal(mx_certificate_read(mx_buf_slice(&pem), &out, &info, &err), MX_OK);
    assert_true(mx_slice_equal(mx_buf_slice(&out), mx_buf_slice(&expected)));
    assert_string_equal(info.serial, "F5765756002FDD77");
    assert_true(info.not_before_ms == now_ms - 5 * day * 1000);
    assert_true(info.not_after_ms == now_ms + 5 * day * 1000);
    assert_int_equal(mx_certificate_read(MX_SLICE("none"), NULL, NULL, &err), MX_E_INVALID);

    mx_buf private_text = private_pem(key), signature = {0}; // it verifies, too
    assert_int_equal(
        mx_rsa_sign(mx_buf_slice(&private_text), MX_SLICE("m"), &signature, &err), MX_OK);
    assert_int_equal(
        mx_rsa_verify(mx_buf_slice(&pem), MX_SLICE("m"), mx_buf_slice(&signature), &err), MX_OK);
    mx_buf_deinit(&pem);
    mx_buf_deinit(&expected);
    mx_buf_deinit(&out);
    mx_buf_deinit(&private_text);
    mx_buf_deinit(&signature);
}

static void a_certificate_is_trusted_through_its_root_and_in_its_time(void **state) {
    (void)state;
    struct mx_error err;
    mx_buf root = certificate_pem(other_key, "root", other_key, "root");
    mx_buf fake = certificate_pem(key, "root", key, "root");
    mx_buf leaf = certificate_pem(key, "shop", other_key, "root");
    struct mx_slice none = {NULL, 0}, of_leaf = mx_buf_slice(&leaf);
    int64_t days = day * 1000;
    assert_int_equal(mx_certificate_check(of_leaf, none, mx_buf_slice(&root), now_ms, &err), MX_OK);
    assert_int_equal(
        mx_certificate_check(of_leaf, none, mx_buf_slice(&fake), now_ms, &err), MX_E_INVALID);
    assert_int_equal(mx_certificate_check(of_leaf, none, none, now_ms, &err), MX_E_INVALID);
    assert_int_equal( // the chain is not trusted by itself
        mx_certificate_check(of_leaf, mx_buf_slice(&root), none, now_ms, &err), MX_E_INVALID);
    assert_int_equal(
        mx_certificate_check(of_leaf, none, mx_buf_slice(&root), now_ms + 6 * days, &err),
        MX_E_INVALID);
    assert_int_equal(
        mx_certificate_check(of_leaf, none, mx_buf_slice(&root), now_ms - 6 * days, &err),
        MX_E_INVALID);
    mx_buf_deinit(&root);
    mx_buf_deinit(&fake);
    mx_buf_deinit(&leaf);
}

// ---- the providers' vectors ---------------------------------------------------------------------

static mx_buf vectors;

static int read_vectors(void **state) {
    (void)state;
    char path[512];
    struct mx_error err;
    const char *data = getenv("MERX_TEST_DATA");
    if (!data) {
        return 0;
    }
    snprintf(path, sizeof(path), "%s/payments/vectors.json", data);
    int rc = mx_file_read(path, 1 << 20, &vectors, &err);
    if (rc < 0) {
        print_message("%s\n", err.text);
    }
    return rc < 0 && rc != MX_E_MISSING ? -1 : 0;
}

static int free_vectors(void **state) {
    (void)state;
    mx_buf_deinit(&vectors);
    return 0;
}

static void need_vectors(void) {
    if (vectors.len == 0) {
        print_message(
            "skipped: MERX_TEST_DATA does not name the folder with payments/vectors.json\n");
        skip();
    }
}

// The object of one vector: from its id to the next.
static struct mx_slice vector(const char *id, int which) {
    char head[80];
    snprintf(head, sizeof(head), "\"id\": \"%s\"", id);
    const char *at = mx_buf_text(&vectors);
    for (int i = 0; i <= which; i++) {
        at = strstr(i == 0 ? at : at + 1, head);
        if (!at) {
            fail_msg("no vector %s number %d", id, which);
        }
    }
    const char *end = strstr(at + 1, "\"id\": ");
    return (struct mx_slice){at, end ? (size_t)(end - at) : strlen(at)};
}

// The character after "\u" as UTF-8, surrogate pairs included; moves `at` behind it.
static void append_escape(mx_buf *out, const char **at) {
    unsigned long c = strtoul((char[]){(*at)[1], (*at)[2], (*at)[3], (*at)[4], '\0'}, NULL, 16);
    *at += 5;
    if (c >= 0xd800 && c < 0xdc00 && (*at)[0] == '\\') {
        const char *low = *at + 2;
        unsigned long d = strtoul((char[]){low[0], low[1], low[2], low[3], '\0'}, NULL, 16);
        c = 0x10000 + ((c - 0xd800) << 10) + (d - 0xdc00);
        *at += 6;
    }
    if (c < 0x80) {
        mx_buf_append_char(out, (char)c);
    } else if (c < 0x800) {
        mx_buf_append_char(out, (char)(0xc0 | c >> 6));
        mx_buf_append_char(out, (char)(0x80 | (c & 63)));
    } else if (c < 0x10000) {
        mx_buf_append_char(out, (char)(0xe0 | c >> 12));
        mx_buf_append_char(out, (char)(0x80 | (c >> 6 & 63)));
        mx_buf_append_char(out, (char)(0x80 | (c & 63)));
    } else {
        mx_buf_append_char(out, (char)(0xf0 | c >> 18));
        mx_buf_append_char(out, (char)(0x80 | (c >> 12 & 63)));
        mx_buf_append_char(out, (char)(0x80 | (c >> 6 & 63)));
        mx_buf_append_char(out, (char)(0x80 | (c & 63)));
    }
}

// The string under `name` in a vector, unescaped.
static mx_buf field(struct mx_slice object, const char *name) {
    char head[80];
    mx_buf out = {0}, copy = {0};
    mx_buf_append_slice(&copy, object);
    snprintf(head, sizeof(head), "\"%s\": \"", name);
    const char *at = strstr(mx_buf_text(&copy), head);
    if (!at) {
        fail_msg("no field %s", name);
    }
    for (at += strlen(head); *at != '"';) {
        if (*at != '\\') {
            mx_buf_append_char(&out, *at++);
        } else if (at[1] == 'u') {
            at++;
            append_escape(&out, &at);
        } else {
            mx_buf_append_char(&out, at[1] == 'n' ? '\n' : at[1] == 'r' ? '\r' : at[1]);
            at += 2;
        }
    }
    mx_buf_deinit(&copy);
    return out;
}

static void verify_rsa(const char *id, const char *key_field, const char *signature_field) {
    struct mx_error err;
    struct mx_slice object = vector(id, 0);
    mx_buf public_text = field(object, key_field), message = field(object, "message");
    mx_buf text = field(object, signature_field), signature = {0};
    assert_true(mx_base64_decode(mx_buf_slice(&text), &signature));
    if (mx_rsa_verify(mx_buf_slice(&public_text), mx_buf_slice(&message), mx_buf_slice(&signature),
            &err) < 0) {
        fail_msg("%s: %s", id, err.text);
    }
    mx_buf_append_char(&message, 'x');
    assert_int_equal(mx_rsa_verify(mx_buf_slice(&public_text), mx_buf_slice(&message),
                         mx_buf_slice(&signature), &err),
        MX_E_INVALID);
    mx_buf_deinit(&public_text);
    mx_buf_deinit(&message);
    mx_buf_deinit(&text);
    mx_buf_deinit(&signature);
}

static void signatures_of_wechat_pay_and_alipay_verify(void **state) {
    (void)state;
    need_vectors();
    verify_rsa("wechatpay-v3-verify", "public_key_pem", "signature");
    verify_rsa("alipay-rsa2-sync-response", "public_key_b64", "sign");
    verify_rsa("alipay-rsa2-async-notify", "public_key_b64", "sign");
}

static void a_callback_of_wechat_pay_opens(void **state) {
    (void)state;
    need_vectors();
    struct mx_error err;
    struct mx_slice object = vector("wechatpay-v3-aes-256-gcm", 0);
    mx_buf secret = field(object, "api_v3_key"), nonce = field(object, "nonce");
    mx_buf associated = field(object, "associated_data"), text = field(object, "ciphertext_b64");
    mx_buf expected = field(object, "plaintext"), sealed = {0}, plain = {0};
    assert_true(mx_base64_decode(mx_buf_slice(&text), &sealed));
    assert_int_equal(mx_aes_gcm_open(mx_buf_slice(&secret), mx_buf_slice(&nonce),
                         mx_buf_slice(&associated), mx_buf_slice(&sealed), &plain, &err),
        MX_OK);
    assert_true(mx_slice_equal(mx_buf_slice(&plain), mx_buf_slice(&expected)));
    mx_buf *all[] = {&secret, &nonce, &associated, &text, &expected, &sealed, &plain};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        mx_buf_deinit(all[i]);
    }
}

static void hmacs_of_stripe_and_adyen_agree(void **state) {
    (void)state;
    need_vectors();
    unsigned char mac[MX_SHA256_SIZE];
    struct mx_slice bytes = {(const char *)mac, sizeof(mac)};
    for (int i = 0; i < 3; i++) {
        struct mx_slice object = vector("stripe-hmac", i);
        mx_buf secret = field(object, "secret"), payload = field(object, "payload");
        mx_buf expected = field(object, "hmac_sha256_hex"), hex = {0};
        mx_hmac_sha256(mx_buf_slice(&secret), mx_buf_slice(&payload), mac);
        mx_hex_encode(bytes, &hex);
        assert_true(mx_slice_equal(mx_buf_slice(&hex), mx_buf_slice(&expected)));
        mx_buf *all[] = {&secret, &payload, &expected, &hex};
        for (size_t at = 0; at < sizeof(all) / sizeof(all[0]); at++) {
            mx_buf_deinit(all[at]);
        }
    }
    for (int i = 0; i < 2; i++) {
        struct mx_slice object = vector("adyen-hmac", i);
        mx_buf key_hex = field(object, "key_hex"), data = field(object, "data");
        mx_buf expected = field(object, "hmac_b64"), secret = {0}, text = {0};
        assert_true(mx_hex_decode(mx_buf_slice(&key_hex), &secret));
        mx_hmac_sha256(mx_buf_slice(&secret), mx_buf_slice(&data), mac);
        mx_base64_encode(bytes, &text);
        assert_true(mx_slice_equal(mx_buf_slice(&text), mx_buf_slice(&expected)));
        mx_buf *all[] = {&key_hex, &data, &expected, &secret, &text};
        for (size_t at = 0; at < sizeof(all) / sizeof(all[0]); at++) {
            mx_buf_deinit(all[at]);
        }
    }
}

static void a_standard_webhook_agrees(void **state) {
    (void)state;
    need_vectors();
    unsigned char mac[MX_SHA256_SIZE];
    struct mx_slice object = vector("standard-webhooks", 0);
    mx_buf secret = field(object, "secret"), id = field(object, "msg_id");
    mx_buf payload = field(object, "payload"), expected = field(object, "signature");
    mx_buf signing_key = {0}, message = {0}, text = {0};
    struct mx_slice tail = {secret.ptr + 6, secret.len - 6}; // behind "whsec_"
    assert_true(mx_base64_decode(tail, &signing_key));
    mx_buf_append_format(&message, "%s.1614265330.%s", mx_buf_text(&id), mx_buf_text(&payload));
    mx_hmac_sha256(mx_buf_slice(&signing_key), mx_buf_slice(&message), mac);
    mx_buf_append_text(&text, "v1,");
    mx_base64_encode((struct mx_slice){(const char *)mac, sizeof(mac)}, &text);
    assert_string_equal(mx_buf_text(&text), mx_buf_text(&expected));
    mx_buf *all[] = {&secret, &id, &payload, &expected, &signing_key, &message, &text};
    for (size_t at = 0; at < sizeof(all) / sizeof(all[0]); at++) {
        mx_buf_deinit(all[at]);
    }
}

// UnionPay signs the hexadecimal SHA-256 of the text; the certificate comes inside the text.
static void a_message_of_unionpay_verifies_with_its_own_certificate(void **state) {
    (void)state;
    need_vectors();
    struct mx_error err;
    unsigned char digest[MX_SHA256_SIZE];
    struct mx_slice object = vector("unionpay-5.1.0-async", 0);
    mx_buf message = field(object, "message"), text = field(object, "sign");
    mx_buf signature = {0}, hex = {0};
    const char *begin = strstr(mx_buf_text(&message), "-----BEGIN CERTIFICATE-----");
    assert_non_null(begin);
    const char *end = strstr(begin, "-----END CERTIFICATE-----");
    assert_non_null(end);
    struct mx_slice certificate = {begin, (size_t)(end - begin) + 25};
    mx_sha256(mx_buf_slice(&message), digest);
    mx_hex_encode((struct mx_slice){(const char *)digest, sizeof(digest)}, &hex);
    assert_true(mx_base64_decode(mx_buf_slice(&text), &signature));
    if (mx_rsa_verify(certificate, mx_buf_slice(&hex), mx_buf_slice(&signature), &err) < 0) {
        fail_msg("%s", err.text);
    }
    mx_buf_deinit(&message);
    mx_buf_deinit(&text);
    mx_buf_deinit(&signature);
    mx_buf_deinit(&hex);
}

static int make_all(void **state) {
    return make_keys(state) < 0 ? -1 : read_vectors(state);
}

static int free_all(void **state) {
    free_keys(state);
    return free_vectors(state);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aes_gcm_as_its_authors_have_it),
        cmocka_unit_test(aes_gcm_checks_its_lengths),
        cmocka_unit_test(a_signature_is_verified_in_every_form_of_key),
        cmocka_unit_test(a_weak_or_wrong_key_is_refused),
        cmocka_unit_test(a_key_with_a_passphrase_asks_nobody),
        cmocka_unit_test(a_certificate_tells_its_key_number_and_time),
        cmocka_unit_test(a_certificate_is_trusted_through_its_root_and_in_its_time),
        cmocka_unit_test(signatures_of_wechat_pay_and_alipay_verify),
        cmocka_unit_test(a_callback_of_wechat_pay_opens),
        cmocka_unit_test(hmacs_of_stripe_and_adyen_agree),
        cmocka_unit_test(a_standard_webhook_agrees),
        cmocka_unit_test(a_message_of_unionpay_verifies_with_its_own_certificate),
    };
    return cmocka_run_group_tests(tests, make_all, free_all);
}
