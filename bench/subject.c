/* SPDX-License-Identifier: BSD-3-Clause */
#include "subject.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

#define L2_BYTES 4096u
#define L2_BITS 10u /* entries of 4 bytes */

/* ---- The host -------------------------------------------------------------------------------- */

/* Without what the kit counts for tests: that would be measured along. */
static int read_guest(void *opaque, uint64_t ipa, void *to, size_t size)
{
    const uint8_t *from = vmm_ram_at(opaque, ipa, size);

    if (!from)
        return -EFAULT;
    memcpy(to, from, size);
    return 0;
}

static int write_guest(void *opaque, uint64_t ipa, const void *from, size_t size)
{
    uint8_t *to = vmm_ram_at(opaque, ipa, size);

    if (!to)
        return -EFAULT;
    memcpy(to, from, size);
    return 0;
}

/* ---- Life ------------------------------------------------------------------------------------ */

static int build(struct vmm *vmm, const struct subject_shape *shape)
{
    const struct vgic5_config config = {.size = sizeof(config),
                                        .abi = shape->abi,
                                        .lpi_id_bits = shape->lpi_id_bits,
                                        .threads = shape->threads,
                                        .ist_l2sz = shape->two_level ? 1 : 0};
    const struct vgic5_host host = {.size = sizeof(host),
                                    .alloc = vmm_host.alloc,
                                    .free = vmm_host.free,
                                    .read_guest = read_guest,
                                    .write_guest = write_guest};

    if (!vmm_prepare(vmm, 0, shape->ram_size))
        return -ENOMEM;
    return vmm_build(
        vmm, &(struct vmm_shape){.config = &config, .host = &host, .nr_vcpus = shape->nr_pes});
}

struct vmm *subject_open(const struct subject_shape *shape)
{
    struct vmm *vmm = calloc(1, sizeof(*vmm));
    int ret = vmm ? build(vmm, shape) : -ENOMEM;

    if (ret == 0)
        return vmm;
    report_failure("no device: %s", strerror(-ret));
    subject_close(vmm);
    return NULL;
}

void subject_close(struct vmm *vmm)
{
    if (!vmm)
        return;
    vmm_drop_device(vmm);
    vmm_free_ram(vmm);
    free(vmm);
}

/* ---- The guest ------------------------------------------------------------------------------- */

void subject_enable(struct vmm *vmm)
{
    vmm_mmio_write(vmm, VGIC5_IRS_CR0, 4, 1);
    for (uint32_t n = 0; n < vmm->nr_vcpus; n++) {
        vmm_msr(vmm->vcpu[n], VGIC5_ICC_PCR, 31);
        vmm_msr(vmm->vcpu[n], VGIC5_ICC_CR0, 1);
    }
}

void subject_linear_table(struct vmm *vmm, uint32_t id_bits)
{
    vmm_mmio_write(vmm, VGIC5_IRS_IST_CFGR, 4, id_bits);
    vmm_mmio_write(vmm, VGIC5_IRS_IST_BASER, 8, VMM_RAM_BASE | 1);
}

void subject_two_level_table(struct vmm *vmm, uint32_t id_bits)
{
    vmm_mmio_write(vmm, VGIC5_IRS_IST_CFGR, 4, id_bits | 1u << 16);
    vmm_mmio_write(vmm, VGIC5_IRS_IST_BASER, 8, VMM_RAM_BASE | 1);
}

/* The L2 tables follow the room for level 1 in the order of their ids, used or not. */
void subject_map_l2(struct vmm *vmm, uint32_t id)
{
    uint32_t table = id >> L2_BITS;
    uint64_t first = VMM_RAM_BASE + (8ull << (24 - L2_BITS));
    uint64_t *entry = (uint64_t *)(void *)(vmm->ram + 8ull * table);

    if (*entry & 1)
        return;
    *entry = first + (uint64_t)table * L2_BYTES;
    vmm_mmio_write(vmm, VGIC5_IRS_MAP_L2_ISTR, 4, id);
}

uint32_t *subject_words(struct vmm *vmm)
{
    return (uint32_t *)(void *)vmm->ram;
}

void subject_fill_table(struct vmm *vmm, uint32_t nr, uint32_t word)
{
    for (uint32_t n = 0; n < nr; n++)
        subject_words(vmm)[n] = word;
}
