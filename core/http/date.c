// Calendar arithmetic on the proleptic Gregorian calendar, counted in eras of 400 years (146,097
// days) that begin on 1 March, so that leap days come last.
#include "http/date.h"

static const char day_names[] = "SunMonTueWedThuFriSat";
static const char month_names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
static const char *const long_days[] = {
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

struct civil {
    int64_t year;
    unsigned month; // 1 to 12
    unsigned day;   // 1 to 31
};

static int64_t days_of(struct civil date) {
    int64_t year = date.year - (date.month <= 2);
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t month = (date.month + 9) % 12; // March is 0
    int64_t day_of_year = (153 * month + 2) / 5 + date.day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static struct civil civil_of(int64_t days) {
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153; // March is 0
    struct civil date = {
        .year = year_of_era + era * 400 + (month >= 10),
        .month = (unsigned)(month < 10 ? month + 3 : month - 9),
        .day = (unsigned)(day_of_year - (153 * month + 2) / 5 + 1),
    };
    return date;
}

static void write_digits(char *out, int64_t value, int count) {
    for (int i = count - 1; i >= 0; i--) {
        out[i] = (char)('0' + value % 10);
        value /= 10;
    }
}

void mx_date_format(int64_t seconds, char out[MX_DATE_LEN]) {
    int64_t days = seconds / 86400;
    int64_t rest = seconds % 86400;
    if (rest < 0) {
        rest += 86400;
        days--;
    }
    struct civil date = civil_of(days);
    int64_t weekday = ((days + 4) % 7 + 7) % 7; // 1 January 1970 was a Thursday
    memcpy(out, "Xxx, 00 Xxx 0000 00:00:00 GMT", MX_DATE_LEN);
    memcpy(out, day_names + weekday * 3, 3);
    write_digits(out + 5, date.day, 2);
    memcpy(out + 8, month_names + (size_t)(date.month - 1) * 3, 3);
    write_digits(out + 12, date.year, 4);
    write_digits(out + 17, rest / 3600, 2);
    write_digits(out + 20, rest / 60 % 60, 2);
    write_digits(out + 23, rest % 60, 2);
}

// The number of the three-letter name at `ptr`, or -1.
static int find_name(const char *names, int count, const char *ptr) {
    for (int i = 0; i < count; i++) {
        if (memcmp(names + (size_t)i * 3, ptr, 3) == 0) {
            return i;
        }
    }
    return -1;
}

// A date as it was written.
struct reading {
    struct civil date;
    int64_t hour, minute, second;
};

static bool read_number(const char *ptr, size_t len, int64_t *out) {
    *out = 0;
    for (size_t i = 0; i < len; i++) {
        if (ptr[i] < '0' || ptr[i] > '9') {
            return false;
        }
        *out = *out * 10 + (ptr[i] - '0');
    }
    return true;
}

static bool read_time(const char *ptr, struct reading *out) {
    return read_number(ptr, 2, &out->hour) && ptr[2] == ':' &&
           read_number(ptr + 3, 2, &out->minute) && ptr[5] == ':' &&
           read_number(ptr + 6, 2, &out->second);
}

static bool read_day(const char *ptr, struct reading *out) {
    int64_t day;
    bool ok = ptr[0] == ' ' ? read_number(ptr + 1, 1, &day) : read_number(ptr, 2, &day);
    out->date.day = ok ? (unsigned)day : 0;
    return ok;
}

static bool read_month(const char *ptr, struct reading *out) {
    out->date.month = (unsigned)(find_name(month_names, 12, ptr) + 1);
    return out->date.month > 0;
}

// "Sun, 06 Nov 1994 08:49:37 GMT"
static bool read_fixed(struct mx_slice text, struct reading *out) {
    const char *p = text.ptr;
    return text.len == MX_DATE_LEN && find_name(day_names, 7, p) >= 0 &&
           memcmp(p + 3, ", ", 2) == 0 && p[5] != ' ' && read_day(p + 5, out) && p[7] == ' ' &&
           read_month(p + 8, out) && p[11] == ' ' && read_number(p + 12, 4, &out->date.year) &&
           p[16] == ' ' && read_time(p + 17, out) && memcmp(p + 25, " GMT", 4) == 0;
}

// "Sunday, 06-Nov-94 08:49:37 GMT"
static bool read_rfc850(struct mx_slice text, int64_t now, struct reading *out) {
    size_t len = 0;
    for (int i = 0; i < 7 && len == 0; i++) {
        size_t name_len = strlen(long_days[i]);
        if (text.len == name_len + 24 && memcmp(text.ptr, long_days[i], name_len) == 0) {
            len = name_len;
        }
    }
    const char *p = text.ptr + len;
    bool ok = len > 0 && memcmp(p, ", ", 2) == 0 && p[2] != ' ' && read_day(p + 2, out) &&
              p[4] == '-' && read_month(p + 5, out) && p[8] == '-' &&
              read_number(p + 9, 2, &out->date.year) && p[11] == ' ' && read_time(p + 12, out) &&
              memcmp(p + 20, " GMT", 4) == 0;
    if (ok) {
        int64_t year = civil_of(now / 86400).year;
        out->date.year += year / 100 * 100;
        if (out->date.year > year + 50) {
            out->date.year -= 100;
        }
    }
    return ok;
}

// "Sun Nov  6 08:49:37 1994"
static bool read_asctime(struct mx_slice text, struct reading *out) {
    const char *p = text.ptr;
    return text.len == 24 && find_name(day_names, 7, p) >= 0 && p[3] == ' ' &&
           read_month(p + 4, out) && p[7] == ' ' && read_day(p + 8, out) && p[10] == ' ' &&
           read_time(p + 11, out) && p[19] == ' ' && read_number(p + 20, 4, &out->date.year);
}

bool mx_date_parse(struct mx_slice text, int64_t now, int64_t *seconds) {
    struct reading r = {0};
    if (!read_fixed(text, &r) && !read_rfc850(text, now, &r) && !read_asctime(text, &r)) {
        return false;
    }
    if (r.date.year < 1 || r.hour > 23 || r.minute > 59 || r.second > 60) {
        return false;
    }
    int64_t days = days_of(r.date);
    struct civil back = civil_of(days); // differs when there is no such day
    if (back.day != r.date.day || back.month != r.date.month) {
        return false;
    }
    int64_t second = r.second == 60 ? 59 : r.second; // a leap second
    *seconds = days * 86400 + r.hour * 3600 + r.minute * 60 + second;
    return true;
}
