/* replay.c - runs a fuzz target over its seeds, and over damaged copies of them, without libFuzzer.
 *
 * The ordinary test run has no fuzzer, but every input that once broke something must keep working: each file of
 * the folder is given to the target whole, cut short at every eighth byte, and with single bits flipped. */
#define _POSIX_C_SOURCE 200809L

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEED_MAX = 1 << 20, CUTS = 64, FLIPS = 256 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* The exact length on the heap, so that the sanitizer sees one byte too many. */
static void run_copy(const uint8_t *data, size_t len, size_t flip_bit)
{
    uint8_t *copy = malloc(len ? len : 1);

    if (!copy)
        abort();
    memcpy(copy, data, len);
    if (flip_bit < len * 8)
        copy[flip_bit / 8] ^= (uint8_t)(1u << flip_bit % 8);
    LLVMFuzzerTestOneInput(copy, len);
    free(copy);
}

static void run_seed(const uint8_t *data, size_t len)
{
    uint32_t random = 1;

    run_copy(data, len, SIZE_MAX);
    for (size_t i = 0; i < CUTS; i++)
        run_copy(data, len * i / CUTS, SIZE_MAX);
    for (size_t i = 0; i < FLIPS && len; i++) {
        random = random * 1664525u + 1013904223u;
        run_copy(data, len, random % (len * 8));
    }
}

static int run_folder(const char *folder)
{
    DIR *d = opendir(folder);
    struct dirent *entry;
    uint8_t *data = malloc(SEED_MAX);
    int seeds = 0;

    run_seed((const uint8_t *)"", 0);
    while (d && data && (entry = readdir(d))) {
        char path[4096];
        FILE *f;

        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        f = fopen(path, "rb");
        if (!f)
            continue;
        run_seed(data, fread(data, 1, SEED_MAX, f));
        fclose(f);
        seeds++;
    }
    if (d)
        closedir(d);
    free(data);
    return seeds;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s SEED_FOLDER\n", argv[0]);
        return 2;
    }
    printf("%d seeds replayed\n", run_folder(argv[1]));
    return 0;
}
