/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/kvm/decode.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <linux/kvm.h>

#include <vgic5/migration.h>

#include "facts/registers.h"
#include "kvmd/uapi.h"
#include "tool/kvm/fields.h"
#include "tool/kvm/names.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define MOST_IST (1u << 20) /* bytes of one buffer that are written down */

/* ---- Attributes ------------------------------------------------------------------------------ */

/* Memory of the VMM, of any size up to a bound. */
static void add_buffer(struct event *event, const char *key, uint64_t at, uint64_t size)
{
    size_t most = size < MOST_IST ? (size_t)size : MOST_IST;
    uint8_t *bytes = at && most > 0 ? malloc(most) : NULL;

    if (bytes && read_at(event, at, bytes, most))
        add_bytes(event, key, bytes, most);
    if (size > most)
        add_number(event, "cut_from", (int64_t)size);
    free(bytes);
}

static void decode_ist_payload(struct event *event, uint64_t at)
{
    struct vgic5_ist buffers;

    if (!event->ist->has_descriptor) {
        add_buffer(event, "spis", at, (uint64_t)event->ist->nr_spis * 4);
        return;
    }
    if (!read_at(event, at, &buffers, sizeof(buffers)))
        return;
    add_hex(event, "spi_at", buffers.spi_ist_addr);
    add_hex(event, "spi_size", buffers.spi_ist_size);
    add_hex(event, "lpi_at", buffers.lpi_ist_addr);
    add_hex(event, "lpi_size", buffers.lpi_ist_size);
    if (!has_payload(event) || event->seen->value < 0)
        return;
    add_buffer(event, "spis", buffers.spi_ist_addr, buffers.spi_ist_size);
    add_buffer(event, "lpis", buffers.lpi_ist_addr, buffers.lpi_ist_size);
}

static void add_value(struct event *event, uint64_t at, size_t size)
{
    uint64_t value = 0;

    if (read_at(event, at, &value, size))
        add_hex(event, "payload", value);
}

static void decode_payload(struct event *event, const struct vgic5_attr *attr)
{
    switch (attr->group) {
    case VGIC5_GRP_NR_IRQS:
        add_value(event, attr->addr, sizeof(uint32_t));
        break;
    case VGIC5_GRP_IST:
        decode_ist_payload(event, attr->addr);
        break;
    case VGIC5_GRP_ADDR:
    case VGIC5_GRP_CPU_SYSREGS:
    case VGIC5_GRP_IRS_REGS:
        add_value(event, attr->addr, sizeof(uint64_t));
        break;
    case VGIC5_GRP_CTRL:
        if (attr->attr == VGIC5_CTRL_USERSPACE_PPIS)
            add_buffer(event, "payload", attr->addr, 2 * sizeof(uint64_t));
        break;
    default:
        break;
    }
}

static void decode_attribute(struct event *event)
{
    struct vgic5_attr attr;
    const char *group;
    char name[NAME_SIZE];

    if (!read_argument(event, &attr, sizeof(attr)))
        return;
    group = strcmp(event->seen->object, "device") == 0 ? vgic5_group_name(attr.group) : NULL;
    add_name(event, "group", group, attr.group);
    add_hex(event, "attr", attr.attr);
    if (!group)
        return;
    name_of_attribute(attr.group, attr.attr, name);
    if (strncmp(name, "0x", 2) != 0)
        add_text(event, "name", name);
    if (attr.group == VGIC5_GRP_CPU_SYSREGS)
        add_hex(event, "mpidr", attr.attr >> 32);
    if (strcmp(event->seen->name, "KVM_HAS_DEVICE_ATTR") != 0 && has_payload(event))
        decode_payload(event, &attr);
}

uint32_t decode_nr_spis(const struct kvmd_seen *seen)
{
    struct event event = {.seen = seen};
    struct vgic5_attr attr;
    uint32_t nr_spis;

    if (!seen->name || strcmp(seen->object, "device") != 0 ||
        strcmp(seen->name, "KVM_SET_DEVICE_ATTR") != 0 || seen->value != 0 ||
        !read_argument(&event, &attr, sizeof(attr)) || attr.group != VGIC5_GRP_NR_IRQS ||
        !read_at(&event, attr.addr, &nr_spis, sizeof(nr_spis)))
        return 0;
    return nr_spis;
}

/* ---- vCPUs ----------------------------------------------------------------------------------- */

static void decode_register(struct event *event)
{
    struct kvm_one_reg reg;
    uint8_t value[16];
    char name[NAME_SIZE];
    size_t size;

    if (!read_argument(event, &reg, sizeof(reg)))
        return;
    name_of_register(reg.id, name);
    add_hex(event, "id", reg.id);
    add_text(event, "name", name);
    size = KVMD_REG_SIZE(reg.id);
    if (!has_payload(event) || size > sizeof(value) || !read_at(event, reg.addr, value, size))
        return;
    if (size <= sizeof(uint64_t)) {
        uint64_t number = 0;

        memcpy(&number, value, size);
        add_hex(event, "payload", number);
    } else {
        add_bytes(event, "payload", value, size);
    }
}

static void decode_mmio(struct event *event, const struct kvm_run *run)
{
    uint32_t size = run->mmio.len;
    uint64_t value = 0;

    add_hex(event, "guest", run->mmio.phys_addr);
    add_number(event, "size", size);
    add_text(event, "access", run->mmio.is_write ? "write" : "read");
    if (!run->mmio.is_write || size > sizeof(value))
        return;
    memcpy(&value, run->mmio.data, size);
    add_hex(event, "payload", value);
}

static void decode_nisv(struct event *event, const struct kvm_run *run)
{
    add_hex(event, "guest", run->arm_nisv.fault_ipa);
    add_hex(event, "iss", run->arm_nisv.esr_iss);
}

static void decode_run(struct event *event)
{
    const struct kvm_run *run = event->seen->run;

    if (!run || event->seen->value < 0)
        return;
    add_name(event, "exit", name_of_exit(run->exit_reason), run->exit_reason);
    if (run->exit_reason == KVM_EXIT_MMIO)
        decode_mmio(event, run);
    else if (run->exit_reason == KVM_EXIT_ARM_NISV)
        decode_nisv(event, run);
    else if (run->exit_reason == KVM_EXIT_SYSTEM_EVENT)
        add_text(event, "event",
                 run->system_event.type == KVM_SYSTEM_EVENT_SHUTDOWN ? "SHUTDOWN"
                 : run->system_event.type == KVM_SYSTEM_EVENT_RESET  ? "RESET"
                                                                     : "other");
}

/* ---- A line ---------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    void (*decode)(struct event *event);
} decoders[] = {
    {"KVM_HAS_DEVICE_ATTR", decode_attribute}, {"KVM_GET_DEVICE_ATTR", decode_attribute},
    {"KVM_SET_DEVICE_ATTR", decode_attribute}, {"KVM_GET_ONE_REG", decode_register},
    {"KVM_SET_ONE_REG", decode_register},      {"KVM_RUN", decode_run},
};

static void decode_body(struct event *event)
{
    for (size_t n = 0; n < COUNT(decoders); n++) {
        if (strcmp(decoders[n].name, event->seen->name) != 0)
            continue;
        decoders[n].decode(event);
        return;
    }
    if (!fields_add(event) && event->seen->argument)
        add_hex(event, "argument", event->seen->argument);
}

static void add_answer(struct event *event)
{
    const char *name = name_of_errno((int)-event->seen->value);

    if (name)
        add_text(event, "error", name);
    else
        add_number(event, "value", event->seen->value);
}

json_t *decode_ioctl(const struct kvmd_seen *seen, const struct decode_ist *ist)
{
    struct event event = {.seen = seen, .ist = ist, .line = json_object()};

    if (!event.line)
        return NULL;
    if (seen->vm)
        add_number(&event, "vm", seen->vm);
    add_text(&event, "object", seen->object);
    if (seen->vcpu >= 0)
        add_number(&event, "vcpu", seen->vcpu);
    if (seen->name) {
        add_text(&event, "ioctl", seen->name);
        decode_body(&event);
    } else {
        add_hex(&event, "unknown", seen->request);
        add_hex(&event, "argument", seen->argument);
    }
    add_answer(&event);
    return event.line;
}
