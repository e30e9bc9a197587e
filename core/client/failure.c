// What libcurl says, in our words: what happened and what to do about it.
#include "client/internal.h"

static enum mx_code code_of(CURLcode code) {
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT: return MX_E_BUSY;
    case CURLE_FILESIZE_EXCEEDED: return MX_E_LIMIT;
    case CURLE_URL_MALFORMAT: return MX_E_INVALID;
    default: return MX_E_SYSTEM;
    }
}

// A sentence about `code`; the host's name comes in front, libcurl's words behind.
static const char *advice_for(CURLcode code) {
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        return "took longer than it may: try again later, or allow it more time";
    case CURLE_COULDNT_RESOLVE_HOST:
        return "has no address: check its name, and the DNS of this machine";
    case CURLE_COULDNT_CONNECT: return "cannot be connected to: check that it runs, and the port";
    case CURLE_PEER_FAILED_VERIFICATION:
        return "shows a certificate that cannot be trusted: it must be valid, for this name and "
               "from a known authority";
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
        return "has another key than the pinned one: ask its operator, then change the pin";
    case CURLE_SSL_CONNECT_ERROR: return "speaks no TLS that is good enough: 1.2 is the least";
    case CURLE_USE_SSL_FAILED:
        return "offers no encryption there: choose TLS from the first byte, or another port";
    case CURLE_LOGIN_DENIED: return "refuses the login: check user name and password";
    case CURLE_GOT_NOTHING: return "closed the connection without an answer: try again later";
    case CURLE_PARTIAL_FILE: return "broke off in the middle of its answer: try again later";
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
        return "answers in a way that is not HTTP or SMTP: check the port";
    case CURLE_BAD_CONTENT_ENCODING: return "sent an answer that cannot be unpacked";
    default: return "could not be talked to";
    }
}

void mx_failure_tell(const mx_transfer *transfer, CURLcode code, struct mx_error *err) {
    if (transfer->fault.code != MX_OK) {
        *err = transfer->fault;
        return;
    }
    const char *trouble = transfer->trouble[0] ? transfer->trouble : curl_easy_strerror(code);
    mx_fail(err, code_of(code), "%.100s %s (%.70s)", transfer->host, advice_for(code), trouble);
}
