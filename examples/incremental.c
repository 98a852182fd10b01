/* SPDX-License-Identifier: BSD-3-Clause */
/* A buffer with a history: saved whole, written to, saved on top of that, restored and compared. */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <vgic5/ram.h>
#include <vgic5/snapshot.h>

#define SIZE (16u << 20)
#define FULL "full.vgic5"
#define INCREMENTAL "incremental.vgic5"

static struct vgic5_error why = {.size = sizeof(why)};

static int failed(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, why.message);
    return 1;
}

static struct vgic5_ram *ram_of(void *host)
{
    const struct vgic5_ram_range range = {.base = 0x40000000, .size = SIZE, .host = host};
    struct vgic5_ram *ram = NULL;

    vgic5_ram_create(&range, 1, NULL, &ram, &why);
    return ram;
}

/* A VMM puts the state of its devices in between: see vgic5_save_request.collect. */
static int save(struct vgic5_ram *ram, const char *path, const char *base,
                struct vgic5_save_result *result)
{
    const struct vgic5_save_request request = {.size = sizeof(request),
                                               .path = path,
                                               .base = base,
                                               .producer = "examples/incremental",
                                               .followed = true};
    struct vgic5_saver *saver;
    int ret = vgic5_saver_start(ram, &request, &saver, &why);

    /* The guest would run from here on. */
    result->size = sizeof(*result);
    return ret == 0 ? vgic5_saver_finish(saver, result, &why) : ret;
}

static int restore(struct vgic5_ram *ram, const char *path)
{
    struct vgic5_chain *chain;
    int ret = vgic5_chain_open(path, NULL, &chain, &why);

    if (ret != 0)
        return ret;
    ret = vgic5_chain_verify(chain, &why);
    if (ret == 0)
        ret = vgic5_ram_restore(ram, chain, &why);
    vgic5_chain_close(chain); /* the RAM has a share of its own */
    return ret;
}

int main(void)
{
    char *memory = mmap(NULL, 2 * SIZE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    char *source = memory, *target = memory + SIZE;
    struct vgic5_save_result full, incremental;
    struct vgic5_ram *from, *to;
    int same;

    if (memory == MAP_FAILED)
        return 1;
    from = ram_of(source);
    to = ram_of(target);
    if (!from || !to)
        return failed("RAM");
    for (unsigned n = 0; n < SIZE; n += 4096)
        snprintf(source + n, 4096, "page %u", n / 4096);
    if (save(from, FULL, NULL, &full) != 0)
        return failed(FULL);
    strcpy(source + 5 * 4096, "written since");
    strcpy(source + 3000 * 4096, "this one, too");
    if (save(from, INCREMENTAL, FULL, &incremental) != 0)
        return failed(INCREMENTAL);
    printf("full: %llu pages, incremental: %llu pages\n", (unsigned long long)full.pages,
           (unsigned long long)incremental.pages);
    if (restore(to, INCREMENTAL) != 0)
        return failed("restore");
    same = memcmp(source, target, SIZE) == 0; /* a frame comes when it is first touched */
    printf("the restored memory is %s\n", same ? "the same" : "another");
    vgic5_ram_destroy(to);
    vgic5_ram_destroy(from);
    unlink(FULL);
    unlink(INCREMENTAL);
    return same && incremental.pages == 2 ? 0 : 1;
}
