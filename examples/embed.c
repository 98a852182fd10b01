/* SPDX-License-Identifier: BSD-3-Clause */
/* A VMM in miniature: an LPI is made pending on one device and acknowledged on another. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <vgic5/device.h>
#include <vgic5/migration.h>

static unsigned char ram[1 << 20]; /* the guest's memory, at guest physical address 0 */

static int read_guest(void *opaque, uint64_t ipa, void *to, size_t size)
{
    (void)opaque;
    if (ipa > sizeof(ram) || size > sizeof(ram) - ipa)
        return -EFAULT;
    memcpy(to, ram + ipa, size);
    return 0;
}

static int write_guest(void *opaque, uint64_t ipa, const void *from, size_t size)
{
    (void)opaque;
    if (ipa > sizeof(ram) || size > sizeof(ram) - ipa)
        return -EFAULT;
    memcpy(ram + ipa, from, size);
    return 0;
}

static void line_changed(void *opaque, uint32_t vcpu_id, enum vgic5_line line)
{
    (void)opaque;
    printf("vCPU %u: interrupt line %s\n", vcpu_id, line != VGIC5_LINE_NONE ? "high" : "low");
}

static struct vgic5 *create(void)
{
    const struct vgic5_host host = {.size = sizeof(host),
                                    .read_guest = read_guest,
                                    .write_guest = write_guest,
                                    .line = line_changed};
    struct vgic5 *device;

    if (vgic5_create(NULL, &host, NULL, &device) != 0)
        return NULL;
    return vgic5_add_vcpu(device, 0) == 0 ? device : NULL;
}

static int set(struct vgic5 *device, uint32_t group, uint64_t attr, const void *payload)
{
    struct vgic5_attr a = {.group = group, .attr = attr, .addr = (uintptr_t)payload};
    return vgic5_set_attr(device, &a);
}

/* What the guest does; a VMM calls these from its MMIO and system register exits. */
static void guest_writes(struct vgic5 *device, uint64_t offset, uint8_t size, uint64_t value)
{
    struct vgic5_mmio access = {.offset = offset, .size = size, .value = value, .is_write = true};
    vgic5_mmio(device, &access);
}

static void guest_msr(struct vgic5 *device, uint16_t encoding, uint64_t value)
{
    vgic5_cpu_access(vgic5_vcpu(device, 0), encoding, true, &value);
}

int main(void)
{
    const uint64_t irs = 0x8010000, lpi = VGIC5_INTID(VGIC5_LPI, 5);
    struct vgic5 *source = create(), *target = create();
    struct vgic5_error error = {0};
    struct vgic5_state *state;
    struct vgic5_port port;
    uint64_t intid = 0;

    if (!source || !target)
        return 1;
    if (set(source, VGIC5_GRP_ADDR, VGIC5_ADDR_TYPE_IRS, &irs) != 0 ||
        set(source, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, NULL) != 0)
        return 1;

    guest_writes(source, VGIC5_IRS_IST_CFGR, 4, 8); /* linear, 256 LPIs */
    guest_writes(source, VGIC5_IRS_IST_BASER, 8, 0x1000 | VGIC5_IRS_IST_BASER_VALID);
    guest_writes(source, VGIC5_IRS_CR0, 4, VGIC5_IRS_CR0_IRSEN);
    guest_msr(source, VGIC5_ICC_PCR, 31);
    guest_msr(source, VGIC5_ICC_CR0, VGIC5_ICC_CR0_EN);
    guest_msr(source, VGIC5_CDEN, lpi);
    guest_msr(source, VGIC5_CDPEND, lpi | VGIC5_CDPEND_PENDING); /* the line goes high */

    vgic5_port_model(source, &port);
    if (vgic5_save(&port, NULL, &state, &error) != 0)
        return 1;
    vgic5_destroy(source);

    /* `ram` would be sent now: it holds the LPIs' state since the save. */
    vgic5_port_model(target, &port);
    if (vgic5_restore(&port, state, NULL, &error) != 0) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    vgic5_cpu_access(vgic5_vcpu(target, 0), VGIC5_CDIA, false, &intid);
    printf("acknowledged INTID 0x%llx\n", (unsigned long long)(intid & 0xffffffff));
    vgic5_state_free(state);
    vgic5_destroy(target);
    return intid == (VGIC5_CDIA_VALID | lpi) ? 0 : 1;
}
