/* SPDX-License-Identifier: BSD-3-Clause */
#include "watch.h"

#include <malloc.h>
#include <string.h>

struct alloc_watch watch;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
char *__real_strdup(const char *text);
void __real_free(void *memory);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_reallocarray(void *memory, size_t count, size_t size);
char *__wrap_strdup(const char *text);
void __wrap_free(void *memory);

static bool refused(void)
{
    if (!watch.on)
        return false;
    watch.calls++;
    return watch.fail_at &&
           (watch.calls == watch.fail_at || (watch.for_ever && watch.calls > watch.fail_at));
}

static void *came(void *memory)
{
    if (memory) {
        watch.live += malloc_usable_size(memory);
        watch.nr_live++;
        if (watch.live > watch.peak)
            watch.peak = watch.live;
    }
    return memory;
}

static void went(void *memory)
{
    if (memory) {
        watch.live -= malloc_usable_size(memory);
        watch.nr_live--;
    }
}

void *__wrap_malloc(size_t size)
{
    return refused() ? NULL : came(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
    return refused() ? NULL : came(__real_calloc(count, size));
}

void *__wrap_realloc(void *memory, size_t size)
{
    void *grown = refused() ? NULL : came(__real_malloc(size)); /* both live for a moment */

    if (grown && memory) {
        size_t old = malloc_usable_size(memory);

        memcpy(grown, memory, old < size ? old : size);
        __wrap_free(memory);
    }
    return grown;
}

void *__wrap_reallocarray(void *memory, size_t count, size_t size)
{
    return __wrap_realloc(memory, count * size);
}

char *__wrap_strdup(const char *text)
{
    return refused() ? NULL : came(__real_strdup(text));
}

void __wrap_free(void *memory)
{
    went(memory);
    __real_free(memory);
}

void watch_from(unsigned int fail_at, bool for_ever)
{
    watch.calls = 0;
    watch.fail_at = fail_at;
    watch.for_ever = for_ever;
    watch.peak = watch.live;
    watch.on = true;
}
