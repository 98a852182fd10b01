/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Inputs from files, or from a seed, without libFuzzer:
 *
 *     fuzz_device [FILE...] [--random NUMBER SEED]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#define MOST 4096u

static unsigned failures;

void fuzz_failed(void)
{
    failures++;
}

static void replay_file(const char *path)
{
    static uint8_t bytes[1 << 16];
    FILE *file = fopen(path, "rb");
    unsigned before = failures;
    size_t size;

    if (!file) {
        perror(path);
        failures++;
        return;
    }
    size = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    LLVMFuzzerTestOneInput(bytes, size);
    if (failures > before)
        printf("# %s\n", path);
}

static uint64_t next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void replay_random(unsigned long number, uint64_t seed)
{
    uint64_t state = seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
    uint8_t bytes[MOST];

    printf("# %lu random inputs, seed %llu\n", number, (unsigned long long)seed);
    for (unsigned long n = 0; n < number; n++) {
        size_t size = 64 + next(&state) % (MOST - 64);
        unsigned before = failures;

        for (size_t at = 0; at < size; at++)
            bytes[at] = (uint8_t)(next(&state) >> 32);
        LLVMFuzzerTestOneInput(bytes, size);
        if (failures > before)
            printf("# random input %lu of seed %llu\n", n, (unsigned long long)seed);
    }
}

int main(int argc, char **argv)
{
    for (int n = 1; n < argc; n++) {
        if (strcmp(argv[n], "--random") == 0 && n + 2 < argc) {
            replay_random(strtoul(argv[n + 1], NULL, 0), strtoull(argv[n + 2], NULL, 0));
            n += 2;
        } else {
            replay_file(argv[n]);
        }
    }
    printf("%sok 1 - no property is violated\n", failures ? "not " : "");
    return failures != 0;
}
