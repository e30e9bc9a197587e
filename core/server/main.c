// The program's entry. For the server room to extend: so far it only runs tools, merx NAME ARGS… →
// SHARE/lua/cli/NAME.lua, with the share folder from MERX_SHARE or the source tree, and no database.
#include <stdio.h>
#include <stdlib.h>

#include "script/host.h"

static int fail(const struct mx_error *err) {
    fprintf(stderr, "merx: %s\n", err->text);
    return err->code == MX_E_MISSING ? 2 : 1;
}

int main(int argc, char **argv) {
    const char *share = getenv("MERX_SHARE");
    struct mx_script_options options = {
        .role = MX_ROLE_TOOL,
        .share = share ? share : MX_SOURCE_DIR,
        .version = MX_VERSION,
    };
    mx_script *script = NULL;
    struct mx_error err;
    int exit_code = 0;
    if (argc < 2) {
        fputs("usage: merx COMMAND [ARGUMENTS]\n", stderr);
        return 2;
    }
    if (mx_script_create(&options, &script, &err) < 0
        || mx_script_tool(script, argv[1], argc - 2, argv + 2, &exit_code, &err) < 0) {
        exit_code = fail(&err);
    }
    mx_script_destroy(script);
    return exit_code;
}
