// Cuts the power at many moments of a recording, and looks at what the disk would hold.
//
//   replay count LOG                          how many records there are
//   replay states LOG OPTIONS…                checks many states; 0 when every one of them is sound
//   replay build LOG OPTIONS… --out FOLDER    makes one, to look at it or to record its recovery
//
//   --base FOLDER     the folder as it was before the recording; else empty
//   --promises FILE   what was promised before the recording (see check/invariants.h)
//   --seed N          decides which moments and which sectors
//   --states N        how many (states)
//   --work FOLDER     where states are made, one after the other (states)
//   --final FOLDER    the folder as it is now: the model must agree in every byte (states)
//   --at N            after so many records (build)
//   --cut drop|tear|keep   what became of writes that were not synced (build)
//   --kept FILE       receives the promises given by then (build)
#define _XOPEN_SOURCE 700 // nftw()
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check/invariants.h"
#include "content.h"
#include "disk.h"
#include "names.h"

struct recording {
    const uint8_t *bytes; // mapped
    size_t len;
    size_t *starts; // of each record
    size_t count;
    size_t room;
};

struct options {
    const char *log;
    const char *base;
    const char *promises;
    const char *work;
    const char *final;
    const char *out;
    const char *kept;
    const char *cut;
    uint64_t seed;
    uint64_t states;
    uint64_t at;
};

struct tally {
    size_t by_cut[3];
    size_t unsynced;   // states in which the cut mattered
    size_t unpromised; // before anything was promised
    size_t bad;
    uint64_t kept; // promises found, over all states
};

static const char *const cut_names[] = {"drop", "tear", "keep"};

// --- the recording ----------------------------------------------------------------------------

static struct mx_record_head head_at(const struct recording *log, size_t index) {
    struct mx_record_head head;
    memcpy(&head, log->bytes + log->starts[index], sizeof(head));
    return head;
}

static void read_recording(const char *path, struct recording *out) {
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info) < 0) {
        die("cannot read", path);
    }
    *out = (struct recording){.len = (size_t)info.st_size};
    if (out->len > 0) {
        out->bytes = mmap(NULL, out->len, PROT_READ, MAP_PRIVATE, fd, 0);
        if (out->bytes == MAP_FAILED) {
            die("cannot map", path);
        }
    }
    close(fd);
    for (size_t at = 0; at < out->len;) {
        struct mx_record_head head;
        size_t left = out->len - at;
        memcpy(&head, out->bytes + at, left < sizeof(head) ? left : sizeof(head));
        if (left < sizeof(head) || head.magic != MX_RECORD_MAGIC || head.path_len >= PATH_MAX ||
            head.length > left - sizeof(head) - head.path_len) {
            fprintf(stderr, "%s is broken at byte %zu\n", path, at);
            exit(2);
        }
        out->starts = grow(out->starts, &out->room, out->count + 1, sizeof(*out->starts));
        out->starts[out->count++] = at;
        at += sizeof(head) + head.path_len + (size_t)head.length;
    }
}

static void play(
    const struct recording *log, size_t index, mx_disk *disk, struct mx_promises *promises) {
    struct mx_record_head head = head_at(log, index);
    const uint8_t *path_bytes = log->bytes + log->starts[index] + sizeof(head);
    const uint8_t *data = path_bytes + head.path_len;
    char path[PATH_MAX];
    memcpy(path, path_bytes, head.path_len);
    path[head.path_len] = '\0';
    mx_disk_apply(disk, &head, path, data);
    if (head.kind == MX_RECORD_ACK) {
        mx_promises_add(promises, (const char *)data, (size_t)head.length);
    }
}

// --- where to cut -----------------------------------------------------------------------------

static bool is_delicate(uint16_t kind) {
    return kind != MX_RECORD_WRITE && kind != MX_RECORD_OPEN;
}

static int compare_sizes(const void *a, const void *b) {
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return (x > y) - (x < y);
}

// One half evenly over the recording, each anywhere in its stretch; the other half just behind
// syncs, truncations, changes of names and promises. Sorted; owned.
static size_t *choose_moments(const struct recording *log, size_t wanted, uint64_t *seed) {
    size_t room = 0, delicate_room = 0, delicate_count = 0;
    size_t *moments = grow(NULL, &room, wanted + 1, sizeof(*moments));
    size_t *delicate = grow(NULL, &delicate_room, log->count + 1, sizeof(*delicate));
    for (size_t i = 0; i < log->count; i++) {
        if (is_delicate(head_at(log, i).kind)) {
            delicate[delicate_count++] = i + 1;
        }
    }
    for (size_t i = 0; i < wanted; i++) {
        size_t from = log->count * i / wanted, to = log->count * (i + 1) / wanted;
        moments[i] = from + (size_t)(draw(seed) % (to - from + 1));
        if (i % 2 == 1 && delicate_count > 0) {
            moments[i] = delicate[draw(seed) % delicate_count];
        }
    }
    free(delicate);
    qsort(moments, wanted, sizeof(*moments), compare_sizes);
    return moments;
}

// Torn states are the nastiest: every second one.
static enum mx_cut choose_cut(size_t number) {
    static const enum mx_cut order[] = {MX_CUT_TEAR, MX_CUT_DROP, MX_CUT_TEAR, MX_CUT_KEEP};
    return order[number % 4];
}

// --- commands ---------------------------------------------------------------------------------

static int on_entry_found(const char *path, const struct stat *info, int kind, struct FTW *where) {
    (void)info;
    (void)kind;
    (void)where;
    return remove(path);
}

static void remove_folder(const char *folder) {
    if (nftw(folder, on_entry_found, 16, FTW_DEPTH | FTW_PHYS) != 0) {
        die("cannot remove", folder);
    }
}

static void report(const struct options *options, size_t moment, enum mx_cut cut, uint64_t seed,
    const struct mx_findings *found) {
    printf("after record %zu (%s, seed %llu): %zu problems; %s\n", moment, cut_names[cut],
        (unsigned long long)seed, found->count, found->first);
    printf("  make it again: replay build %s%s%s --at %zu --cut %s --seed %llu --out FOLDER\n",
        options->log, options->base ? " --base " : "", options->base ? options->base : "", moment,
        cut_names[cut], (unsigned long long)seed);
}

static void check_state(const struct options *options, const mx_disk *disk, size_t moment,
    enum mx_cut cut, uint64_t seed, const struct mx_promises *promises, struct tally *tally) {
    char folder[PATH_MAX], database[PATH_MAX];
    struct mx_findings found = {0};
    path_join(options->work, "state", folder);
    path_join(folder, "shop.db", database);
    mx_disk_write(disk, cut, seed, folder);
    tally->by_cut[cut]++;
    tally->unsynced += mx_disk_unsynced(disk) > 0;
    tally->unpromised += promises->count == 0;
    // Before the first promise there may be no shop at all; then nothing can be missing.
    if (promises->count > 0 || options->base) {
        if (!mx_check_database(database, promises, promises->count, &found)) {
            tally->bad++;
            report(options, moment, cut, seed, &found);
        }
        tally->kept += found.kept;
    }
    remove_folder(folder);
}

static int check_states(const struct options *options, const struct recording *log) {
    uint64_t seed = options->seed;
    struct mx_promises promises = {0};
    struct tally tally = {0};
    size_t *moments = choose_moments(log, options->states, &seed);
    mx_disk *disk = mx_disk_create(options->base);
    size_t next = 0;
    if (options->promises) {
        mx_promises_read(&promises, options->promises);
    }
    for (size_t i = 0; i <= log->count; i++) {
        for (; next < options->states && moments[next] == i; next++) {
            check_state(options, disk, i, choose_cut(next), draw(&seed), &promises, &tally);
        }
        if (i < log->count) {
            play(log, i, disk, &promises);
        }
    }
    bool is_whole = !options->final || mx_disk_matches(disk, options->final);
    printf("%zu states of %zu records: %zu drop, %zu tear, %zu keep what was not synced; something "
           "was not "
           "in %zu; %zu promises, looked for %llu times; %zu states bad%s\n",
        (size_t)options->states, log->count, tally.by_cut[MX_CUT_DROP], tally.by_cut[MX_CUT_TEAR],
        tally.by_cut[MX_CUT_KEEP], tally.unsynced, promises.count, (unsigned long long)(tally.kept),
        tally.bad,
        !options->final ? ""
        : is_whole      ? "; the recording is complete"
                        : "; THE RECORDING IS NOT COMPLETE");
    mx_disk_destroy(disk);
    mx_promises_deinit(&promises);
    free(moments);
    return tally.bad == 0 && is_whole ? 0 : 1;
}

static void write_promises(const struct mx_promises *promises, const char *path) {
    FILE *file = fopen(path, "w");
    if (!file) {
        die("cannot write", path);
    }
    for (size_t i = 0; i < promises->count; i++) {
        fprintf(file, "%s\n", promises->lines[i]);
    }
    if (fclose(file) != 0) {
        die("cannot write", path);
    }
}

static int build_state(const struct options *options, const struct recording *log) {
    struct mx_promises promises = {0};
    enum mx_cut cut = MX_CUT_DROP;
    while (strcmp(cut_names[cut], options->cut) != 0) {
        cut++;
        if (cut > MX_CUT_KEEP) {
            fprintf(stderr, "--cut is drop, tear or keep, not %s\n", options->cut);
            return 2;
        }
    }
    mx_disk *disk = mx_disk_create(options->base);
    if (options->promises) {
        mx_promises_read(&promises, options->promises);
    }
    for (size_t i = 0; i < options->at && i < log->count; i++) {
        play(log, i, disk, &promises);
    }
    mx_disk_write(disk, cut, options->seed, options->out);
    if (options->kept) {
        write_promises(&promises, options->kept);
    }
    mx_promises_deinit(&promises);
    mx_disk_destroy(disk);
    return 0;
}

// --- arguments --------------------------------------------------------------------------------

static int fail_usage(const char *what) {
    fprintf(stderr, "replay: %s; see the head of replay.c\n", what);
    return 2;
}

static const char **find_text(struct options *options, const char *name) {
    const struct {
        const char *name;
        const char **value;
    } texts[] = {
        {"--base", &options->base},
        {"--promises", &options->promises},
        {"--work", &options->work},
        {"--final", &options->final},
        {"--out", &options->out},
        {"--kept", &options->kept},
        {"--cut", &options->cut},
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        if (strcmp(texts[i].name, name) == 0) {
            return texts[i].value;
        }
    }
    return NULL;
}

static uint64_t *find_number(struct options *options, const char *name) {
    return strcmp(name, "--seed") == 0     ? &options->seed
           : strcmp(name, "--states") == 0 ? &options->states
           : strcmp(name, "--at") == 0     ? &options->at
                                           : NULL;
}

static bool read_options(int argc, char **argv, struct options *out) {
    for (int i = 0; i + 1 < argc; i += 2) {
        const char **text = find_text(out, argv[i]);
        uint64_t *number = find_number(out, argv[i]);
        if (text) {
            *text = argv[i + 1];
        } else if (number) {
            *number = strtoull(argv[i + 1], NULL, 10);
        } else {
            return false;
        }
    }
    return argc % 2 == 0;
}

int main(int argc, char **argv) {
    struct options options = {.cut = "keep", .seed = 1, .states = 300};
    struct recording log;
    if (argc < 3 || !read_options(argc - 3, argv + 3, &options)) {
        return fail_usage("wrong arguments");
    }
    options.log = argv[2];
    read_recording(options.log, &log);
    if (strcmp(argv[1], "count") == 0) {
        printf("%zu\n", log.count);
        return 0;
    }
    if (strcmp(argv[1], "states") == 0 && options.work && options.states > 0) {
        return check_states(&options, &log);
    }
    if (strcmp(argv[1], "build") == 0 && options.out) {
        return build_state(&options, &log);
    }
    return fail_usage("wrong command, or an option is missing");
}
