/* SPDX-License-Identifier: BSD-3-Clause */
#include "ram.h"

#include <stdio.h>
#include <sys/mman.h>

/* With a page at each end that keeps the host from joining it with what is beside it. */
uint8_t *ram_new(void)
{
    uint8_t *around = mmap(NULL, RAM_SIZE + 2 * RAM_PAGE, PROT_NONE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    assert_ptr_not_equal(around, MAP_FAILED);
    assert_int_equal(mprotect(around + RAM_PAGE, RAM_SIZE, PROT_READ | PROT_WRITE), 0);
    return around + RAM_PAGE;
}

struct ram_range ram_whole(uint8_t *ram)
{
    struct ram_range range = {.size = RAM_SIZE, .host = ram};

    ram_number_frames(&range, 1);
    return range;
}

void ram_free(uint8_t *ram)
{
    munmap(ram - RAM_PAGE, RAM_SIZE + 2 * RAM_PAGE);
}

void ram_store(uint8_t *ram, uint64_t page, uint8_t value)
{
    *(volatile uint8_t *)(ram + page * RAM_PAGE + page % RAM_PAGE) = value;
}

uint64_t ram_noise(uint64_t *seed)
{
    *seed ^= *seed >> 12;
    *seed ^= *seed << 25;
    *seed ^= *seed >> 27;
    return *seed * UINT64_C(0x2545f4914f6cdd1d);
}

unsigned ram_mappings(const uint8_t *ram)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[512];
    unsigned n = 0;

    assert_non_null(maps);
    while (fgets(line, sizeof(line), maps) != NULL) {
        unsigned long long first, end;

        if (sscanf(line, "%llx-%llx", &first, &end) == 2)
            n += first < (uintptr_t)ram + RAM_SIZE && end > (uintptr_t)ram;
    }
    fclose(maps);
    return n;
}
