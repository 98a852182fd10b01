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

struct scene {
    struct vgic5 *device, *made;
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
    struct vgic5_snapshot *snapshot;
    struct vgic5_snapshot_writer *writer;
    struct vgic5_error error;
    uint64_t words[64];
    uint32_t number;
    size_t size;
    bool flag;
};

void open_scene(struct scene *scene);
void close_scene(struct scene *scene);
/* A function did not refuse this argument. */
void fail(const char *function, const char *argument);
/* How many calls it has made; written by arguments.py. */
unsigned call_each(void);

#endif
