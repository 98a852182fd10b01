/* SPDX-License-Identifier: BSD-3-Clause */
#include "ram/behind.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int behind_open(void)
{
    return open("/proc/self/mem", O_RDWR | O_CLOEXEC);
}

static int put(int memory, const struct ram_range *range, uint64_t offset, const uint8_t *from,
               size_t size)
{
    if (range->alias) {
        memcpy(range->alias + offset, from, size);
        return 0;
    }
    while (size > 0) {
        ssize_t done = pwrite(memory, from, size, (off_t)(uintptr_t)(range->host + offset));

        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return done < 0 ? -errno : -EIO;
        offset += (uint64_t)done;
        from += done;
        size -= (size_t)done;
    }
    return 0;
}

bool behind_works(int memory, const struct ram_range *range)
{
    const uint8_t zero = 0;

    return range->alias || (memory >= 0 && put(memory, range, 0, &zero, 1) == 0);
}

static bool is_zero(const uint8_t *page)
{
    return page[0] == 0 && memcmp(page, page + 1, RAM_PAGE - 1) == 0;
}

int behind_put(int memory, const struct ram_range *range, uint64_t frame, const uint8_t *content)
{
    uint64_t offset = (frame - range->first) * RAM_FRAME;
    uint32_t size = ram_frame_size(range, frame);
    int ret = 0;

    for (uint32_t page = 0, end; page < size && ret == 0; page = end) {
        end = page;
        while (end < size && !is_zero(content + end))
            end += RAM_PAGE;
        if (end > page)
            ret = put(memory, range, offset + page, content + page, end - page);
        else
            end += RAM_PAGE;
    }
    return ret;
}
