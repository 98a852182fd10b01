/* SPDX-License-Identifier: BSD-3-Clause */
#include "ram/shared.h"

#include <inttypes.h>
#include <stdio.h>

/* True: the file has at least `n` lines, or cannot be read. */
static bool has_lines(const char *path, unsigned n)
{
    FILE *file = fopen(path, "re");
    int c = 0;

    while (file && n > 0 && (c = fgetc(file)) != EOF)
        n -= c == '\n';
    if (file)
        fclose(file);
    return !file || n == 0;
}

enum ram_sharing ram_sharing(const void *host, uint64_t size)
{
    uint64_t begin = (uintptr_t)host, end = begin + size, from, to;
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[512], permissions[5];
    bool shared = !maps;

    while (maps && !shared && fgets(line, sizeof(line), maps)) {
        if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s", &from, &to, permissions) == 3)
            shared = from < end && to > begin && permissions[3] == 's';
    }
    if (maps)
        fclose(maps);
    if (!shared)
        return RAM_PRIVATE;
    return has_lines("/proc/swaps", 2) ? RAM_SHARED_SWAPPED : RAM_SHARED; /* a heading is one */
}
