/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A stopped guest to a snapshot, and back. The order is the plan's (`vgic5 plan save --abi 7.4`):
 * libvgic5-migration walks it over the port to the device; the vCPUs' own registers are the VMM's.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "minivmm.h"

#define MOST_REGISTERS 512

static void complain(const struct vgic5_error *error)
{
    fprintf(stderr, "minivmm: %s\n", error->message);
    exit(1);
}

static void warn(void *opaque, const char *message)
{
    (void)opaque;
    fprintf(stderr, "minivmm: %s\n", message);
}

/* ---- vCPUs: every register that KVM lists, under its id -------------------------------------- */

static size_t register_size(uint64_t id)
{
    return (size_t)1 << (id >> 52 & 15);
}

static int put_vcpu(const struct vcpu *vcpu, struct vgic5_snapshot_writer *writer,
                    struct vgic5_error *error)
{
    struct {
        uint64_t n, ids[MOST_REGISTERS];
    } list = {.n = MOST_REGISTERS};
    struct vgic5_fields *fields = vgic5_fields_new();
    struct kvm_mp_state state;
    int ret = fields && ioctl(vcpu->fd, KVM_GET_REG_LIST, &list) == 0 &&
                      ioctl(vcpu->fd, KVM_GET_MP_STATE, &state) == 0
                  ? 0
                  : -errno;

    for (uint64_t n = 0; n < list.n && ret == 0; n++) {
        uint8_t value[16] = {0};
        const struct kvm_one_reg reg = {.id = list.ids[n], .addr = (uintptr_t)value};
        char name[24];

        snprintf(name, sizeof(name), "%016llx", (unsigned long long)reg.id);
        ret = ioctl(vcpu->fd, KVM_GET_ONE_REG, &reg) == 0 ? 0 : -errno;
        if (ret == 0)
            ret = vgic5_fields_put_bytes(fields, name, reg.id, value, register_size(reg.id));
    }
    if (ret == 0)
        ret = vgic5_fields_put_u64(fields, "MP_STATE", 0, state.mp_state);
    if (ret == 0)
        ret = vgic5_snapshot_put_fields(writer, "kvm-vcpu", vcpu->id, 1, true, fields, error);
    vgic5_fields_free(fields);
    return ret;
}

static void set_vcpu(const struct vcpu *vcpu, const struct vgic5_snapshot *snapshot)
{
    const struct vgic5_section *section = vgic5_snapshot_find(snapshot, "kvm-vcpu", vcpu->id);
    struct kvm_mp_state state = {0};

    if (!section || !section->fields) {
        errno = EBADMSG;
        die("the snapshot lacks a vCPU");
    }
    for (size_t n = 0; n < vgic5_fields_count(section->fields); n++) {
        const struct vgic5_field *field = vgic5_fields_at(section->fields, n);
        const struct kvm_one_reg reg = {.id = field->id, .addr = (uintptr_t)field->bytes};

        if (field->kind == VGIC5_FIELD_U64)
            state.mp_state = (uint32_t)field->u64;
        else if (ioctl(vcpu->fd, KVM_SET_ONE_REG, &reg) != 0)
            die(field->name);
    }
    if (ioctl(vcpu->fd, KVM_SET_MP_STATE, &state) != 0)
        die("KVM_SET_MP_STATE");
}

/* ---- Saving ---------------------------------------------------------------------------------- */

/* All but memory, which comes last: under v1 the device writes its LPI IST there. */
static int collect(void *opaque, struct vgic5_snapshot_writer *writer, struct vgic5_error *error)
{
    const struct vgic5_migration_options options = {.size = sizeof(options), .warn = warn};
    struct vmm *vmm = opaque;
    struct vgic5_state *state;
    struct vgic5_port port;
    int ret;

    vgic5_port_kvm(&vmm->port, &port);
    ret = vgic5_save(&port, &options, &state, error);
    if (ret)
        return ret;
    ret = vgic5_state_to_snapshot(state, writer, error);
    vgic5_state_free(state);
    for (uint32_t n = 0; n < vmm->nr_vcpus && ret == 0; n++)
        ret = put_vcpu(&vmm->vcpus[n], writer, error);
    return ret;
}

void save(struct vmm *vmm, const char *path, const char *base)
{
    const struct vgic5_save_request request = {.size = sizeof(request),
                                               .path = path,
                                               .base = base,
                                               .producer = "minivmm",
                                               .followed = true,
                                               .collect = collect,
                                               .opaque = vmm};
    struct vgic5_save_result result = {.size = sizeof(result)};
    struct vgic5_error error = {0};
    struct vgic5_saver *saver;
    int ret;

    vmm_pause(vmm);
    ret = vgic5_saver_start(vmm->history, &request, &saver, &error);
    vmm_resume(vmm); /* the guest goes on while the file is written */
    if (ret != 0 || vgic5_saver_finish(saver, &result, &error) != 0)
        complain(&error);
    fprintf(stderr, "minivmm: saved to %s: %llu bytes, the vCPUs stood still for %llu us\n", path,
            (unsigned long long)result.bytes, (unsigned long long)result.still_us);
}

/* ---- Restoring ------------------------------------------------------------------------------- */

static void load_memory(struct vmm *vmm, struct vgic5_chain *chain)
{
    struct vgic5_error error = {0};

    for (uint64_t n = 0; n < vgic5_chain_nr_frames(chain); n++) {
        uint8_t *frame = vmm->ram + n * VGIC5_FRAME_SIZE;

        if (vgic5_chain_has_frame(chain, n) && vgic5_chain_load_frame(chain, n, frame, &error) != 0)
            complain(&error);
    }
}

void restore(struct vmm *vmm, const char *path)
{
    const struct vgic5_migration_options options = {.size = sizeof(options), .warn = warn};
    struct vgic5_error error = {0};
    struct vgic5_chain *chain;
    struct vgic5_state *state;
    struct vgic5_port port;

    if (vgic5_chain_open(path, NULL, &chain, &error) != 0 ||
        vgic5_state_from_snapshot(vgic5_chain_snapshot(chain, 0), &state, &error) != 0)
        complain(&error);
    vmm_create(vmm, vgic5_state_nr_vcpus(state), vgic5_chain_memory(chain, 0, 0)->memory_size);
    load_memory(vmm, chain);
    vgic5_port_kvm(&vmm->port, &port);
    if (vgic5_restore(&port, state, &options, &error) != 0)
        complain(&error);
    for (uint32_t n = 0; n < vmm->nr_vcpus; n++)
        set_vcpu(&vmm->vcpus[n], vgic5_chain_snapshot(chain, 0));
    vgic5_state_free(state);
    vgic5_chain_close(chain);
}
