/* SPDX-License-Identifier: BSD-3-Clause */
/* The VGICv5 of a VM: its host is the VM, and its attributes' payloads are the VMM's memory. */
#include <errno.h>
#include <string.h>

#include "kvmd/internal.h"

/* Whose memory vgic5_attr.addr points into: known only while an ioctl is carried out. */
static _Thread_local const struct kvmd_client *the_client;

void device_enter_call(const struct kvmd_client *client)
{
    the_client = client;
}

static int read_caller(void *opaque, void *to, uint64_t at, size_t size)
{
    (void)opaque;
    return the_client ? the_client->read(the_client->opaque, at, to, size) : -EFAULT;
}

static int write_caller(void *opaque, uint64_t at, const void *from, size_t size)
{
    (void)opaque;
    return the_client ? the_client->write(the_client->opaque, at, from, size) : -EFAULT;
}

static int read_guest(void *opaque, uint64_t ipa, void *to, size_t size)
{
    struct kvmd_vm *vm = opaque;

    return slots_read(&vm->slots, ipa, to, size);
}

static int write_guest(void *opaque, uint64_t ipa, const void *from, size_t size)
{
    struct kvmd_vm *vm = opaque;

    return slots_write(&vm->slots, ipa, from, size);
}

static void log_line(void *opaque, const char *message)
{
    struct kvmd_vm *vm = opaque;

    kvmd_log(vm->kvmd, "%s", message);
}

static void spi_deactivated(void *opaque, uint32_t spi)
{
    irqfds_deactivated(opaque, spi);
}

int device_create(struct kvmd_vm *vm, uint8_t ipa_bits, struct vgic5 **gic)
{
    const struct vgic5_host host = {.size = sizeof(host),
                                    .read_guest = read_guest,
                                    .write_guest = write_guest,
                                    .read_caller = read_caller,
                                    .write_caller = write_caller,
                                    .line = vcpu_line_changed,
                                    .log = log_line,
                                    .spi_deactivated = spi_deactivated};
    struct vgic5_config config = vm->kvmd->config.gic;

    config.size = sizeof(config);
    config.abi = vm->kvmd->config.profile == KVMD_V1 ? VGIC5_ABI_V1 : VGIC5_ABI_7_4;
    config.ipa_bits = ipa_bits;
    config.threads = 1;
    return vgic5_create(&config, &host, vm, gic);
}

/* ---- Attributes ------------------------------------------------------------------------------ */

/* Linux 7.1 to 7.3 know GRP_CTRL alone. */
static bool is_there(const struct kvmd_vm *vm, const struct vgic5_attr *attr)
{
    return vm->kvmd->config.profile != KVMD_7_1 || attr->group == VGIC5_GRP_CTRL;
}

typedef int attribute_function(struct vgic5 *device, const struct vgic5_attr *attr);

static int64_t attribute(struct kvmd_call *call, attribute_function *function,
                         struct vgic5_attr *attr)
{
    int ret = call_read(call, attr, sizeof(*attr));

    if (ret)
        return ret;
    return is_there(call->vm, attr) ? function(call->vm->gic, attr) : -ENXIO;
}

int64_t kvmd_has_device_attr(struct kvmd_call *call)
{
    struct vgic5_attr attr;

    return attribute(call, vgic5_has_attr, &attr);
}

int64_t kvmd_get_device_attr(struct kvmd_call *call)
{
    struct vgic5_attr attr;

    return attribute(call, vgic5_get_attr, &attr);
}

/* ---- The IRS's place ------------------------------------------------------------------------- */

static int own_read(void *opaque, uint64_t at, void *to, size_t size)
{
    (void)opaque;
    memcpy(to, (const void *)(uintptr_t)at, size);
    return 0;
}

static int own_write(void *opaque, uint64_t at, const void *from, size_t size)
{
    (void)opaque;
    memcpy((void *)(uintptr_t)at, from, size);
    return 0;
}

/* An attribute whose payload is `value`, in this process. */
static int own_attribute(struct kvmd_call *call, attribute_function *function, uint64_t *value)
{
    const struct kvmd_client own = {.read = own_read, .write = own_write};
    const struct vgic5_attr attr = {
        .group = VGIC5_GRP_ADDR, .attr = VGIC5_ADDR_TYPE_IRS, .addr = (uintptr_t)value};
    int ret;

    device_enter_call(&own);
    ret = function(call->vm->gic, &attr);
    device_enter_call(call->client);
    return ret;
}

/* Linux 7.1 has no ADDR, and its guests do without an IRS: it lies where no access goes. */
static int hide_irs(struct kvmd_call *call)
{
    uint64_t base = (UINT64_C(1) << call->vm->ipa_bits) - VGIC5_IRS_REGION_SIZE;
    int ret = own_attribute(call, vgic5_set_attr, &base);

    return ret == -EEXIST ? 0 : ret;
}

int64_t kvmd_set_device_attr(struct kvmd_call *call)
{
    struct vgic5_attr attr;
    int64_t ret;

    if (call->vm->kvmd->config.profile == KVMD_7_1) {
        ret = hide_irs(call);
        return ret ? ret : attribute(call, vgic5_set_attr, &attr);
    }
    ret = attribute(call, vgic5_set_attr, &attr);
    if (ret == 0 && attr.group == VGIC5_GRP_ADDR)
        own_attribute(call, vgic5_get_attr, &call->vm->irs_base);
    return ret;
}
