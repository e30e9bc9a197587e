// check DATABASE [PROMISES]: whether a shop's database keeps all laws, and every promise of a file.
// Prints one line; 0 when all is well.
#include <stdio.h>

#include "invariants.h"

int main(int argc, char **argv) {
    struct mx_promises promises = {0};
    struct mx_findings found;
    if (argc < 2 || argc > 3) {
        fputs("usage: check DATABASE [PROMISES]\n", stderr);
        return 2;
    }
    if (argc == 3) {
        mx_promises_read(&promises, argv[2]);
    }
    bool is_well = mx_check_database(argv[1], &promises, promises.count, &found);
    printf("%zu orders, %zu of %zu promises kept, %zu problems%s%s\n", found.orders, found.kept,
        promises.count, found.count, is_well ? "" : "; first: ", found.first);
    mx_promises_deinit(&promises);
    return is_well ? 0 : 1;
}
