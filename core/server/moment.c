#include "server/moment.h"

#include <stdio.h>
#include <string.h>

#include "http/date.h"

static const int64_t longest_step_s = INT64_C(400) * 366 * 86400;
static const int64_t last_ms = 253402300799999; // of the year 9999

static int64_t seconds_of(char unit) {
    switch (unit) {
    case 'd': return 86400;
    case 'h': return 3600;
    case 'm': return 60;
    case 's': return 1;
    default: return 0;
    }
}

// "1h30m"
static bool read_step(struct mx_slice text, int64_t *seconds) {
    *seconds = 0;
    while (text.len > 0) {
        size_t digits = 0;
        uint64_t number;
        while (digits < text.len && text.ptr[digits] >= '0' && text.ptr[digits] <= '9') {
            digits++;
        }
        int64_t unit = digits < text.len ? seconds_of(text.ptr[digits]) : 0;
        if (unit == 0 || !mx_slice_to_u64((struct mx_slice){text.ptr, digits},
                             (uint64_t)longest_step_s, &number)) {
            return false;
        }
        *seconds += (int64_t)number * unit;
        if (*seconds > longest_step_s) {
            return false;
        }
        text = (struct mx_slice){text.ptr + digits + 1, text.len - digits - 1};
    }
    return true;
}

// True when `text` has the form of `like`, in which 0 stands for any digit.
static bool is_like(struct mx_slice text, const char *like) {
    for (size_t i = 0; i < text.len; i++) {
        bool is_digit = text.ptr[i] >= '0' && text.ptr[i] <= '9';
        if (like[i] == '\0' || (like[i] == '0' ? !is_digit : text.ptr[i] != like[i])) {
            return false;
        }
    }
    return text.len == strlen(like);
}

// A day, or a moment of one, in the form of HTTP, whose reader knows the calendar.
static bool read_date(struct mx_slice text, int64_t *seconds) {
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char fixed[MX_DATE_LEN + 1];
    char month[3] = {0};
    if (text.len > 10 && text.ptr[text.len - 1] == 'Z') {
        text.len--;
    }
    bool is_day = is_like(text, "0000-00-00");
    bool has_seconds = is_like(text, "0000-00-00T00:00:00");
    if (!is_day && !has_seconds && !is_like(text, "0000-00-00T00:00")) {
        return false;
    }
    memcpy(month, text.ptr + 5, 2);
    int number = (month[0] - '0') * 10 + month[1] - '0';
    if (number < 1 || number > 12) {
        return false;
    }
    snprintf(fixed, sizeof(fixed), "Mon, %.2s %.3s %.4s %.5s:%.2s GMT", text.ptr + 8,
        months + (size_t)(number - 1) * 3, text.ptr, is_day ? "00:00" : text.ptr + 11,
        has_seconds ? text.ptr + 17 : "00");
    return mx_date_parse(mx_slice_of(fixed), 0, seconds);
}

bool mx_moment_parse(struct mx_slice text, int64_t now_ms, int64_t *out_ms) {
    uint64_t ms;
    int64_t seconds;
    if (text.len > 1 && (text.ptr[0] == '+' || text.ptr[0] == '-')) {
        bool is_back = text.ptr[0] == '-';
        bool is_step = read_step((struct mx_slice){text.ptr + 1, text.len - 1}, &seconds);
        *out_ms = is_step ? now_ms + (is_back ? -seconds : seconds) * 1000 : 0;
        return is_step && *out_ms >= 0 && *out_ms <= last_ms;
    }
    if (mx_slice_to_u64(text, (uint64_t)last_ms, &ms)) {
        *out_ms = (int64_t)ms;
        return true;
    }
    bool is_date = read_date(text, &seconds);
    *out_ms = is_date ? seconds * 1000 : 0;
    return is_date && *out_ms >= 0;
}
