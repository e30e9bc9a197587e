// One stemmer a language and thread would be kept if searches were hot; making one costs 2 µs.
#include "text/stem.h"

#include <libstemmer.h>

int mx_stem(struct mx_slice language, struct mx_slice word, mx_buf *out, struct mx_error *err) {
    char code[8];
    if (language.len == 0 || language.len >= sizeof(code) || word.len > 1000) {
        return mx_fail(err, MX_E_MISSING, "there is no stemmer for this language or word");
    }
    memcpy(code, language.ptr, language.len);
    code[language.len] = '\0';
    struct sb_stemmer *stemmer = sb_stemmer_new(code, "UTF_8");
    if (!stemmer) {
        return mx_fail(err, MX_E_MISSING, "there is no stemmer for the language \"%s\"", code);
    }
    const sb_symbol *stem = sb_stemmer_stem(stemmer, (const sb_symbol *)word.ptr, (int)word.len);
    if (stem) {
        mx_buf_append(out, (const char *)stem, (size_t)sb_stemmer_length(stemmer));
    }
    sb_stemmer_delete(stemmer);
    return MX_OK;
}
