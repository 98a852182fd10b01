/* SPDX-License-Identifier: BSD-3-Clause */
/* To be preloaded: a Unicorn that aborts when it executes a CRC32X; or, if ABORTS says so, when it
 * translates what comes next. */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef int generate_function(void *context, void *block);

uint64_t helper_crc32_64_aarch64(uint64_t sum, uint64_t value, uint32_t bytes);
generate_function tcg_gen_code_aarch64;

static bool armed;

uint64_t helper_crc32_64_aarch64(uint64_t sum, uint64_t value, uint32_t bytes)
{
    const char *when = getenv("ABORTS");

    (void)sum, (void)value, (void)bytes;
    if (!when || strcmp(when, "translating") != 0)
        abort();
    armed = true;
    return 0;
}

int tcg_gen_code_aarch64(void *context, void *block)
{
    generate_function *original;

    if (armed) {
        armed = false; /* once: a new instance works */
        abort();
    }
    *(void **)&original = dlsym(RTLD_NEXT, "tcg_gen_code_aarch64");
    return original(context, block);
}
