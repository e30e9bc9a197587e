// One table, so that every subcommand ends the same way.
#include "server/exit.h"

int mx_exit_code(enum mx_code code) {
    switch (code) {
    case MX_OK: return MX_EXIT_OK;
    case MX_E_INVALID: return MX_EXIT_REFUSED;
    case MX_E_MISSING: return MX_EXIT_MISSING;
    case MX_E_CONFLICT: return MX_EXIT_CONFLICT;
    case MX_E_BUSY:
    case MX_E_LIMIT: return MX_EXIT_FAILED;
    case MX_E_SYSTEM:
    case MX_E_UNKNOWN: return MX_EXIT_SYSTEM;
    }
    return MX_EXIT_FAILED;
}
