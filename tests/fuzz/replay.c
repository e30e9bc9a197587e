// Runs a fuzz target over kept inputs, so that every build repeats what fuzzing once found. Each
// file is given whole, then cut short in up to 64 places, as a broken connection would.
#include <assert.h>
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { CUTS = 64, MAX_INPUT = 16 * 1024 * 1024, PATH_SIZE = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// A copy of exactly `size` bytes, so that the address sanitizer sees a read past the end.
static void run_copy(const uint8_t *data, size_t size) {
    uint8_t *copy = malloc(size);
    assert(copy != NULL || size == 0);
    if (size > 0) {
        memcpy(copy, data, size);
    }
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static void run_with_cuts(const uint8_t *data, size_t size) {
    size_t step = size / CUTS + 1;
    for (size_t len = 0; len < size; len += step) {
        run_copy(data, len);
    }
    run_copy(data, size);
}

static int run_file(const char *path, size_t size) {
    int rc = -1;
    uint8_t *data = malloc(size + 1);
    FILE *file = fopen(path, "rb");
    if (!data || !file || fread(data, 1, size, file) != size) {
        perror(path);
        goto out;
    }
    run_with_cuts(data, size);
    rc = 0;
out:
    if (file) {
        fclose(file);
    }
    free(data);
    return rc;
}

// Runs every regular file of `folder`; returns how many, or -1.
static int run_folder(const char *folder) {
    int count = 0;
    DIR *dir = opendir(folder);
    if (!dir) {
        perror(folder);
        return -1;
    }
    for (struct dirent *entry = readdir(dir); entry && count >= 0; entry = readdir(dir)) {
        char path[PATH_SIZE];
        struct stat info;
        int len = snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        if (len < 0 || (size_t)len >= sizeof(path) || stat(path, &info) < 0) {
            perror(entry->d_name);
            count = -1;
        } else if (S_ISREG(info.st_mode) && info.st_size <= MAX_INPUT) {
            count = run_file(path, (size_t)info.st_size) < 0 ? -1 : count + 1;
        }
    }
    closedir(dir);
    return count;
}

int main(int argc, char **argv) {
    int total = 0;
    run_copy(NULL, 0);
    for (int i = 1; i < argc; i++) {
        int count = run_folder(argv[i]);
        if (count < 0) {
            return EXIT_FAILURE;
        }
        total += count;
    }
    if (total == 0) {
        fprintf(stderr, "no input was found: give a folder with at least one file\n");
        return EXIT_FAILURE;
    }
    printf("%d inputs replayed\n", total);
    return EXIT_SUCCESS;
}
