/* SPDX-License-Identifier: BSD-3-Clause */
/* Each public function with each argument absent or wrong: it is answered as
 * the headers say, and no crash.
 */
#include "arguments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MEMORY 0x100000u

#include "facts/map.h"

static unsigned failures;
static char directory[] = "/tmp/vgic5-arguments-XXXXXX", the_path[64], the_other[64];
static uint8_t page[VGIC5_FRAME_SIZE] __attribute__((aligned(65536)));

void fail(const char *function, const char *argument, const char *expected)
{
    failures++;
    printf("# %s does not answer %s to a %s that is wrong\n", function, expected, argument);
}

const char *path(void)
{
    return the_path;
}

const char *other_path(void)
{
    return the_other;
}

static int no_memory(void *opaque, uint64_t ipa, void *to, size_t size)
{
    (void)opaque, (void)ipa, (void)to, (void)size;
    return -EFAULT;
}

static int sink_write(void *opaque, const void *bytes, size_t size)
{
    (void)opaque, (void)bytes, (void)size;
    return 0;
}

static void must(int ret)
{
    if (ret)
        fail("the scene", "good argument", "0");
}

static void set(struct scene *s, uint32_t group, uint64_t attr, const void *payload)
{
    const struct vgic5_attr access = {.group = group, .attr = attr, .addr = (uintptr_t)payload};

    must(vgic5_set_attr(s->device, &access));
}

static int one_frame(void *opaque, uint64_t offset, uint32_t size, const void **memory,
                     uint16_t *pages)
{
    (void)opaque, (void)offset, (void)size;
    *memory = page;
    *pages = 1;
    return 0;
}

static long no_bytes(void *opaque, void *to, size_t size)
{
    (void)opaque, (void)to, (void)size;
    return 0;
}

static void open_device(struct scene *s)
{
    const uint64_t base = MAP_IRS_BASE;

    s->host.size = sizeof(s->host);
    s->config.size = sizeof(s->config);
    must(vgic5_create(NULL, NULL, NULL, &s->device));
    must(vgic5_create(NULL, NULL, NULL, &s->fresh));
    must(vgic5_add_vcpu(s->device, 3));
    s->vcpu = vgic5_vcpu(s->device, 3);
    set(s, VGIC5_GRP_ADDR, VGIC5_ADDR_TYPE_IRS, &base);
    set(s, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, NULL);
    s->attr = (struct vgic5_attr){.group = VGIC5_GRP_ADDR, .attr = VGIC5_ADDR_TYPE_IRS};
    s->attr.addr = (uintptr_t)s->words;
    s->mmio = (struct vgic5_mmio){.offset = 0x80, .size = 4};
    s->why.size = sizeof(s->why);
}

static void open_migration(struct scene *s)
{
    vgic5_port_model(s->device, &s->port);
    s->step = vgic5_plan_step(VGIC5_ABI_V1, VGIC5_SAVE, 0);
    must(vgic5_save(&s->port, NULL, &s->state, NULL));
    s->reader = (struct vgic5_guest_reader){.size = sizeof(s->reader), .read = no_memory};
    s->options.size = sizeof(s->options);
    vgic5_conform_model(NULL, &s->ops);
    s->ops.create = NULL; /* a run that is not refused would take long */
    s->kvm.size = sizeof(s->kvm);
    s->calls.size = sizeof(s->calls);
}

static void open_writing(struct scene *s)
{
    s->sink = (struct vgic5_sink){.size = sizeof(s->sink), .write = sink_write};
    must(vgic5_snapshot_begin(&s->sink, "a test", &s->writer, NULL));
    s->from = (struct vgic5_memory_from){.size = sizeof(s->from), .frame = one_frame};
    s->fields = vgic5_fields_new();
    must(vgic5_fields_put_u64(s->fields, "U64", 0, 1));
    must(vgic5_fields_put_bytes(s->fields, "BYTES", 0, "12345678", 8));
    must(vgic5_fields_put_text(s->fields, "TEXT", 0, "text"));
    s->fs.size = sizeof(s->fs);
    must(vgic5_atomic_file_create(the_other, NULL, &s->file, NULL));
}

static void open_reading(struct scene *s)
{
    s->source = (struct vgic5_source){.size = sizeof(s->source), .read = no_bytes};
    s->open.size = sizeof(s->open);
    s->progress.size = sizeof(s->progress);
    must(vgic5_snapshot_open_file(the_path, &s->snapshot, NULL));
    must(vgic5_chain_open(the_path, NULL, &s->chain, NULL));
    must(vgic5_pages_open(s->chain, &s->pages, NULL));
    s->memory = vgic5_snapshot_find(s->snapshot, "memory", MEMORY);
    s->known[0] = "test";
    s->page = page;
}

static void open_ram(struct scene *s)
{
    s->range = (struct vgic5_ram_range){.base = MEMORY, .size = sizeof(page), .host = page};
    s->ram_options.size = sizeof(s->ram_options);
    must(vgic5_ram_create(&s->range, 1, NULL, &s->ram, NULL));
    s->request = (struct vgic5_save_request){
        .size = sizeof(s->request), .path = the_other, .producer = "a test", .guest_waits = true};
    s->result.size = sizeof(s->result);
}

struct vgic5_saver *open_saver(struct scene *s)
{
    must(vgic5_saver_start(s->ram, &s->request, &s->saver, NULL));
    return s->saver;
}

void open_scene(struct scene *s)
{
    memset(s, 0, sizeof(*s));
    open_device(s);
    open_migration(s);
    open_writing(s);
    open_reading(s);
    open_ram(s);
}

static void close_reading(struct scene *s)
{
    vgic5_pages_close(s->pages);
    vgic5_pages_close(s->made_pages);
    vgic5_chain_close(s->chain);
    vgic5_chain_close(s->made_chain);
    vgic5_snapshot_close(s->snapshot);
    vgic5_snapshot_close(s->made_snapshot);
}

static void close_writing(struct scene *s)
{
    vgic5_atomic_file_abandon(s->file);
    vgic5_atomic_file_abandon(s->made_file);
    vgic5_fields_free(s->fields);
    vgic5_snapshot_abort(s->writer);
    vgic5_snapshot_abort(s->made_writer);
}

static void close_ram(struct scene *s)
{
    if (s->saver)
        vgic5_saver_finish(s->saver, NULL, NULL);
    if (s->made_saver)
        vgic5_saver_finish(s->made_saver, NULL, NULL);
    vgic5_ram_destroy(s->ram);
    vgic5_ram_destroy(s->made_ram);
}

void close_scene(struct scene *s)
{
    close_ram(s);
    close_reading(s);
    close_writing(s);
    vgic5_state_free(s->made_state);
    vgic5_state_free(s->state);
    vgic5_destroy(s->made);
    vgic5_destroy(s->fresh);
    vgic5_destroy(s->device);
}

static void make_snapshot(void)
{
    struct vgic5_snapshot_writer *writer;
    struct vgic5_atomic_file *file;

    must(mkdtemp(directory) ? 0 : -errno);
    snprintf(the_path, sizeof(the_path), "%s/snapshot", directory);
    snprintf(the_other, sizeof(the_other), "%s/other", directory);
    page[0] = 1;
    must(vgic5_atomic_file_create(the_path, NULL, &file, NULL));
    must(vgic5_snapshot_begin(vgic5_atomic_file_sink(file), "a test", &writer, NULL));
    must(vgic5_snapshot_put_memory(writer, MEMORY, page, sizeof(page), NULL));
    must(vgic5_snapshot_end(writer, NULL));
    must(vgic5_atomic_file_commit(file, NULL));
}

int main(void)
{
    unsigned calls;

    make_snapshot();
    calls = call_each();
    unlink(the_path);
    unlink(the_other);
    must(rmdir(directory)); /* nothing else has been left there */
    printf("%sok 1 - each argument absent or wrong (%u calls)\n1..1\n",
           failures || calls < 300 ? "not " : "", calls);
    return failures || calls < 300;
}
