/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/kvm/decode.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <linux/kvm.h>

#include <vgic5/migration.h>

#include "facts/registers.h"
#include "kvmd/uapi.h"
#include "tool/json.h"
#include "tool/kvm/names.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define MOST_IST (1u << 20) /* bytes of one buffer that are written down */

struct event {
    const struct kvmd_seen *seen;
    const struct decode_ist *ist;
    json_t *line;
};

/* ---- Adding to a line ------------------------------------------------------------------------ */

static void add_hex(struct event *event, const char *key, uint64_t value)
{
    json_object_set_new(event->line, key, json_hex(value));
}

static void add_number(struct event *event, const char *key, int64_t value)
{
    json_object_set_new(event->line, key, json_integer(value));
}

static void add_text(struct event *event, const char *key, const char *text)
{
    json_object_set_new(event->line, key, json_string(text));
}

static void add_bytes(struct event *event, const char *key, const uint8_t *bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    char *text = malloc(size * 2 + 1);

    if (!text)
        return;
    for (size_t n = 0; n < size; n++) {
        text[2 * n] = digits[bytes[n] >> 4];
        text[2 * n + 1] = digits[bytes[n] & 15];
    }
    text[size * 2] = '\0';
    add_text(event, key, text);
    free(text);
}

static bool read_at(const struct event *event, uint64_t at, void *to, size_t size)
{
    const struct kvmd_client *client = event->seen->client;

    return client->read(client->opaque, at, to, size) == 0;
}

static bool read_argument(const struct event *event, void *to, size_t size)
{
    return read_at(event, event->seen->argument, to, size);
}

static bool is_set(const struct event *event)
{
    return strstr(event->seen->name, "_SET_") != NULL;
}

/* Is there something behind the pointer: what was set, or what was got? */
static bool has_payload(const struct event *event)
{
    return is_set(event) || event->seen->value >= 0;
}

/* ---- System and VM --------------------------------------------------------------------------- */

static void decode_extension(struct event *event)
{
    const char *name = name_of_capability(event->seen->argument);

    if (name)
        add_text(event, "capability", name);
    else
        add_number(event, "capability", (int64_t)event->seen->argument);
}

static void decode_vm(struct event *event)
{
    add_number(event, "ipa_bits", (int64_t)event->seen->argument);
}

static void decode_vcpu(struct event *event)
{
    add_number(event, "id", (int64_t)event->seen->argument);
}

static void decode_region(struct event *event)
{
    struct kvm_userspace_memory_region region;

    if (!read_argument(event, &region, sizeof(region)))
        return;
    add_number(event, "slot", region.slot);
    add_hex(event, "flags", region.flags);
    add_hex(event, "guest", region.guest_phys_addr);
    add_hex(event, "size", region.memory_size);
    add_hex(event, "at", region.userspace_addr);
}

static void decode_line(struct event *event)
{
    struct kvm_irq_level line;

    if (!read_argument(event, &line, sizeof(line)))
        return;
    add_hex(event, "irq", line.irq);
    add_number(event, "level", line.level);
}

static void decode_irqfd(struct event *event)
{
    struct kvm_irqfd irqfd;

    if (!read_argument(event, &irqfd, sizeof(irqfd)))
        return;
    add_number(event, "fd", irqfd.fd);
    add_number(event, "gsi", irqfd.gsi);
    add_hex(event, "flags", irqfd.flags);
}

static void decode_ioeventfd(struct event *event)
{
    struct kvm_ioeventfd ioeventfd;

    if (!read_argument(event, &ioeventfd, sizeof(ioeventfd)))
        return;
    add_number(event, "fd", ioeventfd.fd);
    add_hex(event, "guest", ioeventfd.addr);
    add_number(event, "size", ioeventfd.len);
    add_hex(event, "flags", ioeventfd.flags);
    add_hex(event, "datamatch", ioeventfd.datamatch);
}

static void decode_enable(struct event *event)
{
    struct kvm_enable_cap enable;
    const char *name;

    if (!read_argument(event, &enable, sizeof(enable)))
        return;
    name = name_of_capability(enable.cap);
    if (name)
        add_text(event, "capability", name);
    else
        add_number(event, "capability", enable.cap);
    add_hex(event, "flags", enable.flags);
    add_hex(event, "argument", enable.args[0]);
}

static void decode_device(struct event *event)
{
    struct kvm_create_device device;

    if (!read_argument(event, &device, sizeof(device)))
        return;
    if (device.type == VGIC5_DEV_TYPE)
        add_text(event, "type", "ARM_VGIC_V5");
    else
        add_number(event, "type", device.type);
    add_hex(event, "flags", device.flags);
}

static void decode_dirty(struct event *event)
{
    struct kvm_dirty_log log;

    if (read_argument(event, &log, sizeof(log)))
        add_number(event, "slot", log.slot);
}

static void decode_clear(struct event *event)
{
    struct kvm_clear_dirty_log log;

    if (!read_argument(event, &log, sizeof(log)))
        return;
    add_number(event, "slot", log.slot);
    add_hex(event, "first", log.first_page);
    add_number(event, "pages", log.num_pages);
}

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
    if (group)
        add_text(event, "group", group);
    else
        add_number(event, "group", attr.group);
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

static void decode_mp_state(struct event *event)
{
    static const char *const names[] = {
        [KVM_MP_STATE_RUNNABLE] = "RUNNABLE", [KVM_MP_STATE_STOPPED] = "STOPPED"};
    struct kvm_mp_state state;

    if (!has_payload(event) || !read_argument(event, &state, sizeof(state)))
        return;
    if (state.mp_state < COUNT(names) && names[state.mp_state])
        add_text(event, "state", names[state.mp_state]);
    else
        add_number(event, "state", state.mp_state);
}

static void decode_init(struct event *event)
{
    struct kvmd_vcpu_init init;

    if (!read_argument(event, &init, sizeof(init)))
        return;
    add_number(event, "target", init.target);
    add_hex(event, "features", init.features[0]);
}

static void decode_list(struct event *event)
{
    uint64_t room;

    if (read_argument(event, &room, sizeof(room)))
        add_number(event, "room", (int64_t)room);
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

static void decode_run(struct event *event)
{
    const struct kvm_run *run = event->seen->run;
    const char *name;

    if (!run || event->seen->value < 0)
        return;
    name = name_of_exit(run->exit_reason);
    if (name)
        add_text(event, "exit", name);
    else
        add_number(event, "exit", run->exit_reason);
    if (run->exit_reason == KVM_EXIT_MMIO)
        decode_mmio(event, run);
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
    {"KVM_CHECK_EXTENSION", decode_extension},
    {"KVM_CREATE_VM", decode_vm},
    {"KVM_CREATE_VCPU", decode_vcpu},
    {"KVM_SET_USER_MEMORY_REGION", decode_region},
    {"KVM_SET_USER_MEMORY_REGION2", decode_region},
    {"KVM_IRQ_LINE", decode_line},
    {"KVM_IRQFD", decode_irqfd},
    {"KVM_IOEVENTFD", decode_ioeventfd},
    {"KVM_ENABLE_CAP", decode_enable},
    {"KVM_CREATE_DEVICE", decode_device},
    {"KVM_GET_DIRTY_LOG", decode_dirty},
    {"KVM_CLEAR_DIRTY_LOG", decode_clear},
    {"KVM_HAS_DEVICE_ATTR", decode_attribute},
    {"KVM_GET_DEVICE_ATTR", decode_attribute},
    {"KVM_SET_DEVICE_ATTR", decode_attribute},
    {"KVM_GET_ONE_REG", decode_register},
    {"KVM_SET_ONE_REG", decode_register},
    {"KVM_GET_MP_STATE", decode_mp_state},
    {"KVM_SET_MP_STATE", decode_mp_state},
    {"KVM_ARM_VCPU_INIT", decode_init},
    {"KVM_GET_REG_LIST", decode_list},
    {"KVM_RUN", decode_run},
};

static void decode_body(struct event *event)
{
    for (size_t n = 0; n < COUNT(decoders); n++) {
        if (strcmp(decoders[n].name, event->seen->name) != 0)
            continue;
        decoders[n].decode(event);
        return;
    }
    if (event->seen->argument)
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
