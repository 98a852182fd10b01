/* SPDX-License-Identifier: BSD-3-Clause */
/* Good arguments of every kind, for the calls that arguments.py writes. */
#ifndef TESTS_CONTRACT_ARGUMENTS_H
#define TESTS_CONTRACT_ARGUMENTS_H

#include <errno.h>
#include <stddef.h>

#include <vgic5/arch.h>
#include <vgic5/conform.h>
#include <vgic5/kvm.h>
#include <vgic5/migration.h>
#include <vgic5/ram.h>
#include <vgic5/snapshot.h>

struct scene {
    struct vgic5 *device, *fresh, *made; /* fresh: without CTRL_INIT */
    struct vgic5_vcpu *vcpu;
    struct vgic5_attr attr;
    struct vgic5_config config;
    struct vgic5_host host;
    struct vgic5_mmio mmio;
    struct vgic5_why why;
    struct vgic5_port port;
    const struct vgic5_step *step;
    struct vgic5_state *state, *made_state;
    struct vgic5_guest_reader reader;
    struct vgic5_migration_options options;
    struct vgic5_conform_check check;
    struct vgic5_conform_ops ops;
    struct vgic5_conform_summary summary;
    struct vgic5_kvm kvm;
    struct vgic5_kvm_calls calls;
    struct vgic5_snapshot *snapshot, *made_snapshot;
    struct vgic5_snapshot_writer *writer, *made_writer;
    struct vgic5_snapshot_header header;
    const struct vgic5_section *memory;
    struct vgic5_frame frame;
    struct vgic5_memory_from from;
    struct vgic5_fields *fields;
    struct vgic5_sink sink;
    struct vgic5_source source;
    struct vgic5_open_options open;
    struct vgic5_fs fs;
    struct vgic5_atomic_file *file, *made_file;
    struct vgic5_chain *chain, *made_chain;
    struct vgic5_progress progress;
    struct vgic5_pages *pages, *made_pages;
    struct vgic5_ram *ram, *made_ram;
    struct vgic5_ram_range range;
    struct vgic5_ram_options ram_options;
    struct vgic5_saver *saver, *made_saver;
    struct vgic5_save_request request;
    struct vgic5_save_result result;
    struct vgic5_error error;
    uint64_t words[64];
    uint8_t root[VGIC5_SNAPSHOT_ROOT_SIZE];
    uint8_t *page; /* a frame of memory */
    const void *content;
    const char *text, *known[1];
    uint32_t number;
    size_t size;
    bool flag;
};

void open_scene(struct scene *scene);
void close_scene(struct scene *scene);
/* A save that is under way; one a scene. */
struct vgic5_saver *open_saver(struct scene *scene);
const char *path(void);       /* of a snapshot with a frame of memory at 0x100000 */
const char *other_path(void); /* of what calls make */
/* A function did not answer this argument as it has to. */
void fail(const char *function, const char *argument, const char *expected);
/* How many calls it has made; written by arguments.py. */
unsigned call_each(void);

#endif
