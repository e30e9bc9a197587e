#include "server/settings.h"

#include "platform/alloc.h"
#include "platform/log.h"

static struct mx_slice text_of(const mx_options *options, enum mx_option option) {
    return mx_slice_of(mx_options_text(options, option));
}

int mx_settings_create(const mx_options *options, struct mx_settings **out, struct mx_error *err) {
    bool standard = mx_slice_equal(text_of(options, MX_OPT_FORWARDED), MX_SLICE("forwarded"));
    enum mx_forwarded_kind kind = standard ? MX_FORWARDED_STANDARD : MX_FORWARDED_X;
    struct mx_settings *settings = mx_alloc(sizeof(*settings));
    *settings = (struct mx_settings){
        .options = options,
        .upload_paths = text_of(options, MX_OPT_UPLOAD_PATHS),
        .cache_bytes = (size_t)mx_options_int(options, MX_OPT_CACHE_BYTES),
        .connections_max = mx_options_int(options, MX_OPT_CONNECTIONS),
        .body_max = (uint64_t)mx_options_int(options, MX_OPT_BODY_BYTES),
        .upload_max = (uint64_t)mx_options_int(options, MX_OPT_UPLOAD_BYTES),
        .head_ms = (uint64_t)mx_options_int(options, MX_OPT_HEAD_MS),
        .idle_ms = (uint64_t)mx_options_int(options, MX_OPT_IDLE_MS),
        .handler_ms = (uint64_t)mx_options_int(options, MX_OPT_HANDLER_MS),
        .drain_ms = (uint64_t)mx_options_int(options, MX_OPT_DRAIN_MS),
        .access_log = mx_options_flag(options, MX_OPT_ACCESS_LOG),
        .compress = mx_options_flag(options, MX_OPT_COMPRESS),
    };
    int rc =
        mx_proxies_parse(text_of(options, MX_OPT_TRUSTED_PROXIES), kind, &settings->proxies, err);
    if (rc == MX_OK) {
        rc = mx_proxies_parse(
            text_of(options, MX_OPT_METRICS_ALLOW), kind, &settings->metrics_allow, err);
    }
    if (rc == MX_OK) {
        *out = settings;
        settings = NULL; // handed over
    }
    mx_settings_destroy(settings);
    return rc;
}

void mx_settings_destroy(struct mx_settings *settings) {
    while (settings) {
        struct mx_settings *older = settings->older;
        mx_proxies_destroy(settings->proxies);
        mx_proxies_destroy(settings->metrics_allow);
        mx_options_destroy(settings->own);
        mx_free(settings);
        settings = older;
    }
}

int mx_settings_refresh(
    struct mx_settings *settings, struct mx_settings **out, struct mx_error *err) {
    mx_options *fresh = NULL;
    mx_buf taken = {0};
    mx_buf waiting = {0};
    *out = NULL;
    int rc = mx_options_refresh(settings->options, &fresh, &taken, &waiting, err);
    if (rc == MX_OK && taken.len > 0) {
        rc = mx_settings_create(fresh, out, err);
    }
    if (rc == MX_OK && waiting.len > 0) {
        mx_log_warn("changed, but only a restart takes it up: %s", mx_buf_text(&waiting));
    }
    if (rc == MX_OK && taken.len > 0) {
        mx_log_info("changed and taken up: %s", mx_buf_text(&taken));
        (*out)->own = fresh;
        (*out)->older = settings;
        fresh = NULL; // handed over
    }
    mx_options_destroy(fresh);
    mx_buf_deinit(&taken);
    mx_buf_deinit(&waiting);
    return rc;
}

void mx_settings_configure_log(const mx_options *options) {
    struct mx_slice format = text_of(options, MX_OPT_LOG_FORMAT);
    enum mx_log_level level = MX_LOG_INFO;
    enum mx_log_form form = mx_slice_equal(format, MX_SLICE("json"))    ? MX_LOG_JSON
                            : mx_slice_equal(format, MX_SLICE("human")) ? MX_LOG_HUMAN
                                                                        : MX_LOG_AUTO;
    mx_log_level_parse(text_of(options, MX_OPT_LOG_LEVEL), &level);
    mx_log_configure(level, form);
}
