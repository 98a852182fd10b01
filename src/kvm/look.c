/* SPDX-License-Identifier: BSD-3-Clause */
/* Is there a VGICv5, and which? Every way in which there is none has its sentence. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "facts/error.h"
#include "facts/map.h"
#include "kvm/calls.h"
#include "kvm/numbers.h"

/* What the host lacks. */
#define missing(error, ret, ...) error_set(error, VGIC5_CAUSE_ENVIRONMENT, ret, __VA_ARGS__)

static const char *dev_kvm_fault(int ret)
{
    if (ret == -ENOENT)
        return "there is no /dev/kvm";
    return ret == -EACCES || ret == -EPERM ? "/dev/kvm may not be opened: no permission"
                                           : "/dev/kvm cannot be opened";
}

/* The host first: on another architecture nothing else matters. */
static int no_vm(const struct kvm_vm *vm, const char *where, int ret, struct vgic5_error *error)
{
    const char *machine = vm->calls.machine(vm->calls.opaque);
    bool no_dev = strcmp(where, "/dev/kvm") == 0;

    if (strcmp(machine, "aarch64") != 0)
        return missing(error, -ENODEV, "%s%sthis host is %s: a VGICv5 needs an arm64 host",
                       no_dev ? dev_kvm_fault(ret) : "", no_dev ? ", and " : "", machine);
    if (no_dev)
        return missing(error, ret, "%s", dev_kvm_fault(ret));
    if (ret == -EPROTO)
        return missing(error, ret, "/dev/kvm has another API than %d", VGIC5_KVM_API);
    if (strcmp(where, "KVM_CREATE_DEVICE") == 0 && ret == -ENODEV)
        return missing(error, ret,
                       "KVM has no VGICv5: the host has no GICv5, or its kernel is "
                       "older than 7.1");
    return missing(error, ret, "%s: %s", where, strerror(-ret));
}

static int set(const struct kvm_vm *vm, uint32_t group, uint64_t attr, const void *payload)
{
    struct vgic5_attr access = {.group = group, .attr = attr, .addr = (uintptr_t)payload};

    return kvm_vm_attr(vm, KVM_SET_DEVICE_ATTR, &access);
}

static int vm_get(void *opaque, const struct vgic5_attr *attr)
{
    return kvm_vm_attr(opaque, KVM_GET_DEVICE_ATTR, attr);
}

/* Linux 7.1 to 7.3 know the device type, and of its groups GRP_CTRL alone. */
static int look_at_device(struct kvm_vm *vm, uint32_t *abi, struct vgic5_error *error)
{
    struct vgic5_attr ist = {.group = VGIC5_GRP_IST};
    struct vgic5_port port = {.size = sizeof(port), .opaque = vm, .get_attr = vm_get};
    const uint64_t base = MAP_IRS_BASE;
    int ret = kvm_vm_add_vcpu(vm, 0);

    if (ret)
        return missing(error, ret, "a vCPU cannot be made: %s", strerror(-ret));
    if (kvm_vm_attr(vm, KVM_HAS_DEVICE_ATTR, &ist))
        return missing(error, -ENXIO,
                       "the kernel's VGICv5 has GRP_CTRL only, and so no interface to save or "
                       "restore it: Linux 7.1 to 7.3 are like that, Linux 7.4 has one");
    ret = set(vm, VGIC5_GRP_ADDR, VGIC5_ADDR_TYPE_IRS, &base);
    if (ret == 0)
        ret = set(vm, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, NULL);
    if (ret)
        return missing(error, ret, "a VGICv5 cannot be initialised: %s", strerror(-ret));
    return vgic5_probe_abi(&port, abi, error);
}

int vgic5_kvm_look(const struct vgic5_kvm_calls *calls, uint32_t *abi, struct vgic5_error *error)
{
    const char *where = "";
    struct kvm_vm vm;
    int ret;

    if (!abi)
        return error_misuse(error, "there is no place for the abi");
    ret = kvm_vm_open(&vm, calls, &where);
    if (ret)
        ret = no_vm(&vm, where, ret, error);
    else
        ret = look_at_device(&vm, abi, error);
    kvm_vm_close(&vm);
    return ret;
}
